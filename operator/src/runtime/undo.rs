//! Takes from a child what others added to it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kube::api::{DynamicObject, PostParams};

use super::apply::Applier;
use super::children::ChildId;
use super::desired::Undone;
use super::error::Error;
use super::foreign;

/// Repairs of one object within [`WINDOW`] after which it is left alone for the rest of the window.
const REPAIRS: u32 = 10;
const WINDOW: Duration = Duration::from_secs(60);

/// Counts how often objects are repaired, so that two writers do not fight without end.
#[derive(Debug, Default)]
pub(super) struct Disputes {
    by_uid: Mutex<HashMap<Box<str>, (u32, Instant)>>,
}

impl Disputes {
    /// Counts one repair, unless there were too many.
    pub(super) fn may_repair(&self, uid: &str) -> bool {
        let mut by_uid = self.by_uid.lock().unwrap_or_else(PoisonError::into_inner);
        by_uid.retain(|_, (_, since)| since.elapsed() < WINDOW);
        let (count, _) = by_uid.entry(uid.into()).or_insert((0, Instant::now()));
        *count += 1;
        *count <= REPAIRS
    }
}

impl<F: Fn(&ChildId) -> Option<String> + Sync> Applier<'_, F> {
    /// Removes the fields that only foreign managers own from a child, as an apply has just returned it.
    pub(super) async fn strip(
        &self,
        id: &ChildId,
        object: DynamicObject,
    ) -> Result<(DynamicObject, Option<Undone>), Error> {
        let broken = |e| Error::Bug(format!("cannot rewrite {id}: {e}"));
        let mut value = serde_json::to_value(&object).map_err(broken)?;
        let Some(stripped) = foreign::strip(&mut value, self.ctx.caches.trusted()) else {
            return Ok((object, None));
        };
        let wanted: DynamicObject = serde_json::from_value(value).map_err(broken)?;
        let params = PostParams { field_manager: Some(self.manager.to_owned()), ..Default::default() };
        let answer = self.api(&id.kind).replace(&id.name, &params, &wanted).await;
        let object = answer.map_err(|e| self.failed("remove the fields of others from", id, e))?;
        self.written(id, "stripped");
        let undone = Undone { child: id.clone(), managers: stripped.managers, fields: stripped.fields };
        Ok((object, Some(undone)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_repaired_so_often_and_no_more() {
        let disputes = Disputes::default();
        assert!((0..REPAIRS).all(|_| disputes.may_repair("a")));
        assert!(!disputes.may_repair("a"));
        assert!(disputes.may_repair("b"));
    }
}
