//! The bodies of our server-side applies.

use csop_shared::names::{MANAGED_BY_VALUE, annotations, labels, short_hash};
use jiff::Timestamp;
use kube::Resource;
use serde_json::{Map, Value, json};

use super::children::Child;
use super::error::Error;

/// Digits of the intent's hash: enough to tell intents of one object apart.
const HASH_DIGITS: usize = 16;

/// A resource version that no object has: storage counts from 1, and has counted on when the first object is written.
const OF_NO_OBJECT: &str = "1";

/// The custom resource that owns children.
#[derive(Clone, Debug)]
pub(super) struct Parent {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) created: Option<Timestamp>,
}

impl Parent {
    pub(super) fn of<K: Resource<DynamicType = ()>>(object: &K) -> Result<Self, Error> {
        let meta = object.meta();
        let kind = K::kind(&()).into_owned();
        let missing = |what| Error::Bug(format!("a {kind} of the watch has no {what}"));
        Ok(Self {
            api_version: K::api_version(&()).into_owned(),
            namespace: meta.namespace.clone().ok_or_else(|| missing("namespace"))?,
            name: meta.name.clone().ok_or_else(|| missing("name"))?,
            uid: meta.uid.clone().ok_or_else(|| missing("uid"))?,
            created: meta.creation_timestamp.as_ref().map(|t| t.0),
            kind,
        })
    }

    fn reference(&self) -> Value {
        json!({
            "apiVersion": self.api_version,
            "kind": self.kind,
            "name": self.name,
            "uid": self.uid,
            "controller": true,
            "blockOwnerDeletion": true,
        })
    }
}

/// The full intent of one child.
pub(super) struct Body {
    /// What is applied, and what the live object must contain.
    pub(super) intent: Value,
    /// Its hash, also among its annotations.
    pub(super) hash: String,
}

impl Body {
    pub(super) fn of(child: &Child, parent: &Parent) -> Self {
        let mut intent = child.intent.clone();
        drop_nulls(&mut intent);
        intent["apiVersion"] = json!(child.kind.api_version());
        intent["kind"] = json!(child.kind.kind);
        let meta = &mut intent["metadata"];
        meta["name"] = json!(child.name);
        meta["namespace"] = json!(parent.namespace);
        meta["ownerReferences"] = json!([parent.reference()]);
        meta["labels"][labels::MANAGED_BY] = json!(MANAGED_BY_VALUE);
        let hash = hash(&intent);
        intent["metadata"]["annotations"][annotations::INTENT] = json!(hash);
        Self { intent, hash }
    }

    /// The body that makes the object.
    pub(super) fn birth(&self, child: &Child) -> Value {
        let mut body = self.intent.clone();
        if let Some(fields) = &child.at_birth {
            merge(&mut body, fields);
        }
        body
    }

    /// The body that makes the object, and changes none should it be there: what exists has another version, whoever made it.
    pub(super) fn birth_of_new(&self, child: &Child) -> Value {
        let mut body = self.birth(child);
        body["metadata"]["resourceVersion"] = json!(OF_NO_OBJECT);
        body
    }

    /// The body that changes the object of this UID, and makes none should it be gone.
    pub(super) fn change(&self, uid: &str) -> Value {
        let mut body = self.intent.clone();
        body["metadata"]["uid"] = json!(uid);
        body
    }

    pub(super) fn sets_replicas(&self) -> bool {
        self.intent.pointer("/spec/replicas").is_some()
    }
}

/// A null in an apply would own a field that does not exist.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, v| !v.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn merge(into: &mut Value, fields: &Value) {
    match (into, fields) {
        (Value::Object(into), Value::Object(fields)) => {
            for (key, value) in fields {
                merge(into.entry(key).or_insert_with(|| Value::Object(Map::new())), value);
            }
        }
        (into, fields) => *into = fields.clone(),
    }
}

fn hash(intent: &Value) -> String {
    let mut text = String::new();
    canonical(intent, &mut text);
    short_hash(text.as_bytes(), HASH_DIGITS)
}

/// JSON with sorted keys, whatever order the map type keeps.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (key, value) in entries {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for value in list {
                canonical(value, out);
                out.push(',');
            }
            out.push(']');
        }
        _ => out.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::apps::v1::Deployment;

    fn parent() -> Parent {
        Parent {
            api_version: "csop.dev/v1alpha1".into(),
            kind: "CashService".into(),
            namespace: "n".into(),
            name: "shop".into(),
            uid: "u".into(),
            created: None,
        }
    }

    fn child(intent: Value) -> Child {
        Child { intent, ..Child::apply(&Deployment::default()) }
    }

    #[test]
    fn a_body_has_its_owner_and_its_hash() {
        let body = Body::of(&child(json!({"spec": {"paused": null}})), &parent());
        assert_eq!(body.intent["metadata"]["ownerReferences"][0]["uid"], "u");
        assert_eq!(body.intent["metadata"]["annotations"]["csop.dev/intent"], json!(body.hash));
        assert_eq!(body.intent["spec"], json!({}));
        assert!(!body.sets_replicas());
    }

    #[test]
    fn fields_of_birth_are_not_part_of_the_hash() {
        let plain = child(json!({"spec": {"a": 1}}));
        let born = plain.clone().at_birth(json!({"spec": {"replicas": 4}}));
        let (one, two) = (Body::of(&plain, &parent()), Body::of(&born, &parent()));
        assert_eq!(one.hash, two.hash);
        assert_eq!(two.birth(&born)["spec"], json!({"a": 1, "replicas": 4}));
        assert_ne!(one.hash, Body::of(&child(json!({"spec": {"a": 2}})), &parent()).hash);
    }
}
