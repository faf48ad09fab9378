//! What a controller remembers of its objects between reconciles, in memory only.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kube::{Resource, ResourceExt};

struct Slot<O> {
    failures: u32,
    written: Option<Arc<O>>,
}

impl<O> Default for Slot<O> {
    fn default() -> Self {
        Self { failures: 0, written: None }
    }
}

/// Failures in a row, and our last writes while the watch has not shown them: a status must not be computed from one that is
/// older than what we wrote. Nothing is held of an object without either, which is most of them most of the time.
pub(super) struct Slots<O> {
    by_uid: Mutex<HashMap<String, Slot<O>>>,
}

impl<O: Resource> Default for Slots<O> {
    fn default() -> Self {
        Self { by_uid: Mutex::default() }
    }
}

fn version(object: &impl Resource) -> u64 {
    object.meta().resource_version.as_ref().and_then(|v| v.parse().ok()).unwrap_or(0)
}

impl<O: Resource> Slots<O> {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Slot<O>>> {
        self.by_uid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Our own last write of this object, if it is newer than what the watch shows.
    pub(super) fn newer_than(&self, seen: &O) -> Option<Arc<O>> {
        let slots = self.lock();
        let written = slots.get(&seen.uid()?)?.written.as_ref()?;
        (version(written.as_ref()) > version(seen)).then(|| written.clone())
    }

    /// Remembers the answer to a write.
    pub(super) fn written(&self, object: O) {
        if let Some(uid) = object.uid() {
            self.lock().entry(uid).or_default().written = Some(Arc::new(object));
        }
    }

    /// Forgets a write that the watch has caught up with.
    pub(super) fn seen(&self, object: &impl Resource) {
        let Some(uid) = &object.meta().uid else { return };
        let caught_up = |written: &Arc<O>| version(written.as_ref()) <= version(object);
        self.change(uid, |slot| slot.written.take_if(|written| caught_up(written)));
    }

    /// Changes what is remembered of an object, if there is anything.
    fn change<T>(&self, uid: &str, change: impl FnOnce(&mut Slot<O>) -> T) {
        let mut slots = self.lock();
        if let Some(slot) = slots.get_mut(uid) {
            change(slot);
            if slot.failures == 0 && slot.written.is_none() {
                slots.remove(uid);
            }
        }
    }

    /// Counts a failure; returns how many there were in a row.
    pub(super) fn failed(&self, uid: &str) -> u32 {
        let mut slots = self.lock();
        let slot = slots.entry(uid.to_owned()).or_default();
        slot.failures = slot.failures.saturating_add(1);
        slot.failures
    }

    /// How many failures there were in a row.
    pub(super) fn failures(&self, uid: &str) -> u32 {
        self.lock().get(uid).map_or(0, |slot| slot.failures)
    }

    /// Ends a row of failures.
    pub(super) fn succeeded(&self, uid: &str) {
        self.change(uid, |slot| slot.failures = 0);
    }

    /// Forgets an object.
    pub(super) fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    /// Forgets all objects but these.
    pub(super) fn retain(&self, uids: &HashSet<String>) {
        self.lock().retain(|uid, _| uids.contains(uid));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;
    use serde_json::json;

    fn at(version: &str) -> ConfigMap {
        serde_json::from_value(json!({"metadata": {"uid": "u", "resourceVersion": version}})).unwrap()
    }

    #[test]
    fn an_own_write_counts_until_the_watch_has_caught_up() {
        let slots = Slots::default();
        slots.written(at("10"));
        assert!(slots.newer_than(&at("9")).is_some());
        assert!(slots.newer_than(&at("10")).is_none());
        slots.seen(&at("9"));
        assert!(slots.newer_than(&at("9")).is_some());
        slots.seen(&at("11"));
        assert!(slots.newer_than(&at("9")).is_none());
        assert!(slots.lock().is_empty());
    }

    #[test]
    fn failures_are_counted_in_a_row() {
        let slots = Slots::<ConfigMap>::default();
        assert_eq!((slots.failed("u"), slots.failed("u")), (1, 2));
        slots.succeeded("u");
        assert_eq!(slots.failed("u"), 1);
        slots.retain(&HashSet::new());
        assert_eq!(slots.failed("u"), 1);
    }
}
