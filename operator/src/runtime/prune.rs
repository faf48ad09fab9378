//! Deletes children that are no longer wanted.

use std::collections::HashSet;

use kube::api::{DeleteParams, Preconditions, PropagationPolicy};

use super::apply::Applier;
use super::children::{Child, ChildId, ChildKind};
use super::desired::{Applied, Desired};
use super::error::Error;
use super::live::Live;

impl<F: Fn(&ChildId) -> Option<String> + Sync> Applier<'_, F> {
    /// Deletes what this object controls – by UID, not by label – of these kinds and neither wants nor keeps.
    pub(super) async fn prune(
        &self,
        desired: &Desired,
        kinds: impl Iterator<Item = &ChildKind> + Send,
        applied: &mut Applied,
    ) -> Result<(), Error> {
        let wanted: HashSet<ChildId> =
            desired.children.iter().map(Child::id).chain(desired.keep.iter().cloned()).collect();
        for kind in kinds {
            let owned = self.ctx.caches.children(kind)?.under(&self.parent.namespace, &self.parent.uid);
            for live in owned.iter().filter(|live| !live.deleting) {
                let id = ChildId { kind: kind.clone(), name: live.name.to_string() };
                if !wanted.contains(&id) {
                    self.delete(&id, live).await?;
                    applied.changed = true;
                }
            }
        }
        Ok(())
    }

    async fn delete(&self, id: &ChildId, live: &Live) -> Result<(), Error> {
        let params = DeleteParams {
            preconditions: Some(Preconditions { uid: Some(live.uid.to_string()), resource_version: None }),
            propagation_policy: Some(PropagationPolicy::Background),
            ..Default::default()
        };
        let cache = self.ctx.caches.children(&id.kind)?;
        match self.api(&id.kind).delete(&id.name, &params).await.map_err(|e| self.failed("delete", id, e)) {
            // A finalizer keeps the object for a while.
            Ok(answer) if answer.as_ref().left().is_some_and(|o| o.metadata.deletion_timestamp.is_some()) => {
                answer.map_left(|object| cache.written(object));
                self.written(id, "deleted");
            }
            Ok(_) => {
                cache.removed(live);
                self.written(id, "deleted");
            }
            // It is gone already, or its name belongs to another object by now.
            Err(error) if error.is_not_found() || error.is_conflict() => cache.removed(live),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
