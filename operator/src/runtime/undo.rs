//! Brings a child back to its intent, whatever others have set on it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use csop_shared::{contains, fields};
use kube::ResourceExt;
use kube::api::{DynamicObject, PatchParams, PostParams};
use serde_json::Value;

use super::apply::Applier;
use super::body::Body;
use super::children::ChildId;
use super::desired::Undone;
use super::error::{Class, Error};
use super::foreign::{self, Foreign};
use super::live::Live;

/// Repairs of one object within [`WINDOW`] after which it is left alone for the rest of the window.
const REPAIRS: u32 = 10;
const WINDOW: Duration = Duration::from_secs(60);

/// Attempts to write an object that others write at the same time.
const ATTEMPTS: u32 = 4;

/// Counts how often objects are repaired, so that two writers do not fight without end.
#[derive(Debug, Default)]
pub(super) struct Disputes {
    by_uid: Mutex<HashMap<Box<str>, (u32, Instant)>>,
}

impl Disputes {
    /// Counts one repair.
    pub(super) fn repaired(&self, uid: &str) {
        let mut by_uid = self.by_uid.lock().unwrap_or_else(PoisonError::into_inner);
        by_uid.retain(|_, (_, since)| since.elapsed() < WINDOW);
        by_uid.entry(uid.into()).or_insert((0, Instant::now())).0 += 1;
    }

    /// Whether there were too many repairs for now.
    pub(super) fn is_hopeless(&self, uid: &str) -> bool {
        let by_uid = self.by_uid.lock().unwrap_or_else(PoisonError::into_inner);
        by_uid.get(uid).is_some_and(|(count, since)| *count >= REPAIRS && since.elapsed() < WINDOW)
    }
}

impl<F: Fn(&ChildId) -> Option<String> + Sync> Applier<'_, F> {
    /// Applies an intent to a child and takes from it what others have set; tells what that was.
    pub(super) async fn enforce(
        &self,
        id: &ChildId,
        body: &Body,
        live: &Live,
    ) -> Result<(DynamicObject, Option<Undone>), Error> {
        let params = PatchParams::apply(self.manager).force();
        let apply = || self.patch(id, "apply", &params, body.change(&live.uid));
        let object = match apply().await {
            // An apply leaves the fields of others. Of two that exclude each other the API server refuses both.
            Err(error) if error.class() == Class::Rejected && !live.foreign.is_empty() => {
                self.overwrite(id, body, live).await?;
                apply().await?
            }
            answer => answer?,
        };
        let object = self.rewrite(id, object, None).await?;
        Ok((object, undone(id, &live.foreign)))
    }

    async fn overwrite(&self, id: &ChildId, body: &Body, live: &Live) -> Result<(), Error> {
        let object = self.read_again(id, &live.uid).await?;
        self.rewrite(id, object, Some(&body.intent)).await.map(drop)
    }

    /// Removes what only foreign managers own from a child, and sets an intent by the same request if one is given.
    async fn rewrite(
        &self,
        id: &ChildId,
        mut object: DynamicObject,
        intent: Option<&Value>,
    ) -> Result<DynamicObject, Error> {
        let uid = object.uid().unwrap_or_default();
        let mut attempt = 1;
        loop {
            let Some(wanted) = self.stripped(id, &object, intent)? else { return Ok(object) };
            let params = PostParams { field_manager: Some(self.manager.to_owned()), ..Default::default() };
            let answer = self.api(&id.kind).replace(&id.name, &params, &wanted).await;
            match answer.map_err(|e| self.failed("remove the fields of others from", id, e)) {
                Ok(object) => {
                    self.written(id, "stripped");
                    return Ok(object);
                }
                Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
            object = self.read_again(id, &uid).await?;
        }
    }

    fn stripped(
        &self,
        id: &ChildId,
        object: &DynamicObject,
        intent: Option<&Value>,
    ) -> Result<Option<DynamicObject>, Error> {
        let broken = |e| Error::Bug(format!("cannot rewrite {id}: {e}"));
        let mut value = serde_json::to_value(object).map_err(broken)?;
        let changed = foreign::strip(&mut value, self.ctx.caches.trusted());
        if let Some(intent) = intent {
            value = contains::merged(&value, intent);
        } else if !changed {
            return Ok(None);
        }
        serde_json::from_value(value).map(Some).map_err(broken)
    }

    async fn read_again(&self, id: &ChildId, uid: &str) -> Result<DynamicObject, Error> {
        let object = self.api(&id.kind).get(&id.name).await.map_err(|e| self.failed("read", id, e))?;
        if object.uid().as_deref() == Some(uid) {
            return Ok(object);
        }
        let message = format!("{id} was replaced by another object while it was changed");
        Err(Error::Waiting { message, retry: Duration::from_secs(1) })
    }
}

fn undone(id: &ChildId, foreign: &[Foreign]) -> Option<Undone> {
    let mut all = fields::Fields::new();
    foreign.iter().filter_map(|f| f.fields.as_object()).for_each(|set| fields::add(&mut all, set));
    let mut managers: Vec<String> = foreign.iter().map(|f| f.manager.to_string()).collect();
    managers.sort();
    managers.dedup();
    (!managers.is_empty()).then(|| Undone { child: id.clone(), managers, fields: fields::paths(&all) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_repaired_so_often_and_no_more() {
        let disputes = Disputes::default();
        for _ in 0..REPAIRS {
            assert!(!disputes.is_hopeless("a"));
            disputes.repaired("a");
        }
        assert!(disputes.is_hopeless("a"));
        assert!(!disputes.is_hopeless("b"));
    }
}
