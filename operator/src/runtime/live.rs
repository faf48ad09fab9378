//! A live object as the caches keep it: small, and parsed only when somebody asks.

use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use csop_shared::names::annotations;

use super::foreign::{self, Foreign, Ownership, Trusted};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The controller of an object, from its owner references.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// API group of the controller.
    pub group: Box<str>,
    /// Kind of the controller.
    pub kind: Box<str>,
    /// Name of the controller.
    pub name: Box<str>,
    /// UID of the controller.
    pub uid: Box<str>,
}

/// A live object without its managed fields; of a child, what others own of it is kept in `foreign`.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// The namespace.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
    /// The UID.
    pub uid: Box<str>,
    /// The resource version as a number; 0 when the server does not count.
    pub version: u64,
    /// The controller.
    pub owner: Option<Box<Owner>>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Hash of the intent that was applied last.
    pub intent: Option<Box<str>>,
    /// What others own of it, and we would not have.
    pub foreign: Box<[Foreign]>,
    /// Whether one of our managers other than the scale manager owns `spec.replicas`.
    pub intent_owns_replicas: bool,
    json: Box<str>,
}

impl Live {
    /// Takes an object as the API server shows it, and cuts it by `slim`. Nothing is kept of who owns its fields.
    pub fn new(mut object: Value, slim: impl FnOnce(&mut Value)) -> Self {
        take_managed_fields(&mut object);
        Self::of(object, slim, Ownership::default())
    }

    /// As `new`, for a child: with what others own of it, but for field managers whose fields are left alone.
    pub fn of_child(mut object: Value, slim: impl FnOnce(&mut Value), trusted: &Trusted) -> Self {
        let managed = take_managed_fields(&mut object);
        Self::of(object, slim, foreign::ownership(&managed, trusted))
    }

    fn of(mut object: Value, slim: impl FnOnce(&mut Value), ownership: Ownership) -> Self {
        let meta = &object["metadata"];
        let mut live = Self {
            namespace: text(meta, "namespace").into(),
            name: text(meta, "name").into(),
            uid: text(meta, "uid").into(),
            version: meta["resourceVersion"].as_str().and_then(|v| v.parse().ok()).unwrap_or(0),
            owner: controller_of(meta).map(Box::new),
            created: meta["creationTimestamp"].as_str().and_then(|t| t.parse().ok()),
            deleting: meta["deletionTimestamp"].is_string(),
            intent: meta["annotations"][annotations::INTENT].as_str().map(Into::into),
            foreign: ownership.foreign.into(),
            intent_owns_replicas: ownership.intent_owns_replicas,
            json: Box::default(),
        };
        slim(&mut object);
        live.json = object.to_string().into();
        live
    }

    /// The object as a Rust type.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.json)
    }

    /// The object as JSON.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.json).expect("the text was written by serde_json")
    }

    /// Whether nothing that is kept of an object of this name tells it from `other`, but perhaps its resource version.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let Self { uid, owner, deleting, intent, foreign, intent_owns_replicas, json, .. } = self;
        *uid == other.uid
            && *owner == other.owner
            && *deleting == other.deleting
            && *intent == other.intent
            && *foreign == other.foreign
            && *intent_owns_replicas == other.intent_owns_replicas
            && *json == other.json
    }

    /// Whether the object's controller has this UID.
    pub fn is_controlled_by(&self, uid: &str) -> bool {
        self.owner.as_ref().is_some_and(|o| &*o.uid == uid)
    }
}

fn text<'a>(meta: &'a Value, key: &str) -> &'a str {
    meta[key].as_str().unwrap_or_default()
}

fn take_managed_fields(object: &mut Value) -> Value {
    let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return Value::Null;
    };
    if let Some(annotations) = meta.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
    }
    meta.remove("managedFields").unwrap_or_default()
}

fn controller_of(meta: &Value) -> Option<Owner> {
    let references = meta["ownerReferences"].as_array()?;
    let reference = references.iter().filter_map(Value::as_object).find(|r| is_controller(r))?;
    let field = |key: &str| reference.get(key).and_then(Value::as_str).unwrap_or_default();
    let group = field("apiVersion").split_once('/').map_or("", |(group, _)| group);
    Some(Owner {
        group: group.into(),
        kind: field("kind").into(),
        name: field("name").into(),
        uid: field("uid").into(),
    })
}

fn is_controller(reference: &Map<String, Value>) -> bool {
    reference.get("controller").and_then(Value::as_bool).unwrap_or(false)
}
