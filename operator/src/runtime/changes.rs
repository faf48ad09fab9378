//! Which changes of our objects are more than changes of their status.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use kube::{Resource, ResourceExt};

/// What was seen last of each object: a digest of what is acted on, by a digest of its UID. There may be tens of thousands of
/// objects, and no more than this is needed of them.
#[derive(Debug, Default)]
pub(super) struct Changes(HashMap<u64, u64>);

impl Changes {
    /// Takes an object as it is now; returns whether its spec, labels, annotations or finalizers are not as they were.
    pub(super) fn note(&mut self, object: &impl Resource) -> bool {
        let acted_on = (object.meta().generation, object.labels(), object.annotations(), object.finalizers());
        let now = digest(&acted_on);
        self.0.insert(digest(&object.uid()), now) != Some(now)
    }

    /// Forgets a deleted object.
    pub(super) fn forget(&mut self, object: &impl Resource) {
        self.0.remove(&digest(&object.uid()));
    }

    /// Forgets all objects but these.
    pub(super) fn retain(&mut self, uids: &HashSet<String>) {
        let kept: HashSet<u64> = uids.iter().map(|uid| digest(&Some(uid))).collect();
        self.0.retain(|uid, _| kept.contains(uid));
    }
}

fn digest(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::apps::v1::Deployment;
    use serde_json::{Value, json};

    fn object(uid: &str, meta: Value) -> Deployment {
        let mut object: Deployment = serde_json::from_value(json!({"metadata": meta})).unwrap();
        object.metadata.uid = Some(uid.into());
        object
    }

    #[test]
    fn a_change_of_the_status_alone_is_none() {
        let mut changes = Changes::default();
        let seen = [
            (json!({"generation": 1, "resourceVersion": "1"}), true),
            (json!({"generation": 1, "resourceVersion": "2"}), false),
            (json!({"generation": 2}), true),
            (json!({"generation": 2, "annotations": {"a": "b"}}), true),
            (json!({"generation": 2, "annotations": {"a": "b"}, "labels": {"a": "b"}}), true),
            (json!({"generation": 2, "annotations": {"a": "b"}, "labels": {"a": "b"}}), false),
            (json!({"generation": 2, "finalizers": ["x"]}), true),
        ];
        for (meta, changed) in seen {
            assert_eq!(changes.note(&object("u", meta.clone())), changed, "{meta}");
        }
        assert!(changes.note(&object("v", json!({"generation": 2, "finalizers": ["x"]}))), "another object");
    }

    #[test]
    fn an_object_that_is_gone_is_new_when_it_comes_back() {
        let mut changes = Changes::default();
        let meta = json!({"generation": 1});
        let (u, v) = (object("u", meta.clone()), object("v", meta));
        let note = |changes: &mut Changes| [&u, &v].map(|object| changes.note(object));
        assert_eq!(note(&mut changes), [true, true]);
        changes.forget(&u);
        assert_eq!(note(&mut changes), [true, false]);
        changes.retain(&HashSet::from(["u".to_owned()]));
        assert_eq!(note(&mut changes), [false, true]);
    }
}
