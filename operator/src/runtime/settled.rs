//! What an apply cannot change: values that the API server stores in another form than they were sent in.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use super::live::Live;

/// Above this many, all are forgotten; each then costs one more apply that changes nothing.
const MOST: usize = 10_000;

/// Objects that were applied without any effect, so that this is not repeated while they stay as they are.
#[derive(Debug, Default)]
pub(super) struct Settled {
    by_uid: Mutex<HashMap<Box<str>, u64>>,
}

impl Settled {
    /// Notes that an apply has just left an object as it was.
    pub(super) fn note(&self, live: &Live) {
        let mut by_uid = self.by_uid.lock().unwrap_or_else(PoisonError::into_inner);
        if by_uid.len() >= MOST {
            by_uid.clear();
        }
        by_uid.insert(live.uid.clone(), digest(live));
    }

    /// Whether an apply has left an object as it still is. The hash of the intent is among its annotations.
    pub(super) fn knows(&self, live: &Live) -> bool {
        let by_uid = self.by_uid.lock().unwrap_or_else(PoisonError::into_inner);
        by_uid.get(&live.uid).is_some_and(|noted| *noted == digest(live))
    }
}

/// A digest of what appliers set; status and bookkeeping are not part of it.
fn digest(live: &Live) -> u64 {
    let mut content = live.value();
    if let Some(fields) = content.as_object_mut() {
        fields.remove("status");
    }
    if let Some(meta) = content["metadata"].as_object_mut() {
        meta.retain(|key, _| matches!(key.as_str(), "labels" | "annotations" | "ownerReferences"));
        // The deployment controller counts its ReplicaSets here.
        if let Some(annotations) = meta.get_mut("annotations").and_then(serde_json::Value::as_object_mut) {
            annotations.remove("deployment.kubernetes.io/revision");
        }
    }
    let mut hasher = DefaultHasher::new();
    content.to_string().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn live(version: u32, image: &str) -> Live {
        let object = json!({
            "metadata": {"uid": "u", "resourceVersion": version.to_string(), "annotations": {"csop.dev/intent": "x"}},
            "spec": {"image": image},
            "status": {"replicas": version},
        });
        Live::new(object, |_| {})
    }

    #[test]
    fn an_object_is_known_while_its_content_is_the_same() {
        let settled = Settled::default();
        assert!(!settled.knows(&live(1, "a")));
        settled.note(&live(1, "a"));
        assert!(settled.knows(&live(2, "a")), "only its status has moved");
        assert!(!settled.knows(&live(2, "b")));
    }
}
