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
/// older than what we wrote.
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
        if let Some(slot) = self.lock().get_mut(uid)
            && slot.written.as_ref().is_some_and(|w| version(w.as_ref()) <= version(object))
        {
            slot.written = None;
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
        if let Some(slot) = self.lock().get_mut(uid) {
            slot.failures = 0;
        }
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
