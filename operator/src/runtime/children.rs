//! The kinds of child objects, and a single wanted child.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use kube::api::{Api, ApiResource, DynamicObject};
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde_json::Value;

/// A kind of object that a controller makes or watches. Two values are equal when group and kind are.
#[derive(Clone)]
pub struct ChildKind {
    /// API group; empty for the core group.
    pub group: Cow<'static, str>,
    /// API version, without the group.
    pub version: Cow<'static, str>,
    /// Kind, as in manifests.
    pub kind: Cow<'static, str>,
    /// Plural resource name, as in URLs and in RBAC rules.
    pub plural: Cow<'static, str>,
    /// Whether unwanted objects go before any replica count is written (for autoscalers).
    pub prune_first: bool,
    /// Cuts what nobody reads from an object before it is cached.
    pub slim: fn(&mut Value),
}

impl ChildKind {
    /// The kind of a Rust type.
    pub fn of<K: Resource<DynamicType = ()>>() -> Self {
        Self {
            group: K::group(&()),
            version: K::version(&()),
            kind: K::kind(&()),
            plural: K::plural(&()),
            prune_first: false,
            slim: |_| {},
        }
    }

    /// Removes unwanted objects of this kind before any replica count is written.
    pub fn prune_first(mut self) -> Self {
        self.prune_first = true;
        self
    }

    /// Caches objects of this kind only after `slim` has cut them. It must keep every field that an intent of ours holds.
    pub fn slim(mut self, slim: fn(&mut Value)) -> Self {
        self.slim = slim;
        self
    }

    /// Group and version, as in manifests.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// What kube needs to build the URLs of this kind.
    pub fn api_resource(&self) -> ApiResource {
        ApiResource {
            group: self.group.to_string(),
            version: self.version.to_string(),
            api_version: self.api_version(),
            kind: self.kind.to_string(),
            plural: self.plural.to_string(),
        }
    }

    /// Access to the objects of this kind in one namespace.
    pub fn api(&self, client: &Client, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(client.clone(), namespace, &self.api_resource())
    }

    fn key(&self) -> (&str, &str) {
        (&self.group, &self.kind)
    }
}

impl PartialEq for ChildKind {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for ChildKind {}

impl Hash for ChildKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for ChildKind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ChildKind {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Debug for ChildKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.api_version(), self.kind)
    }
}

impl fmt::Display for ChildKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)
    }
}

/// A child by kind and name; its namespace is its owner's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChildId {
    /// The kind.
    pub kind: ChildKind,
    /// The name.
    pub name: String,
}

impl ChildId {
    /// The child of kind `K` with this name.
    pub fn of<K: Resource<DynamicType = ()>>(name: impl Into<String>) -> Self {
        Self { kind: ChildKind::of::<K>(), name: name.into() }
    }
}

impl fmt::Display for ChildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// How a child is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The live object always contains the intent.
    Apply,
    /// Made when missing, never compared or rewritten (immutable or generated content).
    CreateOnce,
}

/// One wanted child. The driver adds apiVersion, kind, namespace, the owner reference and the intent's hash.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// The kind; it must be among the controller's `children()`.
    pub kind: ChildKind,
    /// The name.
    pub name: String,
    /// The full body of a server-side apply.
    pub intent: Value,
    /// Fields merged into the body only when the object is made.
    pub at_birth: Option<Value>,
    /// How the child is kept.
    pub policy: Policy,
    /// Whether the children after this one are held back when it cannot be had.
    pub essential: bool,
}

impl Child {
    /// A child whose live object is to contain `object` at all times.
    pub fn apply<K: Resource<DynamicType = ()> + Serialize>(object: &K) -> Self {
        Self::new(object, Policy::Apply)
    }

    /// A child that is made when missing and left alone afterwards.
    pub fn create_once<K: Resource<DynamicType = ()> + Serialize>(object: &K) -> Self {
        Self::new(object, Policy::CreateOnce)
    }

    fn new<K: Resource<DynamicType = ()> + Serialize>(object: &K, policy: Policy) -> Self {
        Self {
            kind: ChildKind::of::<K>(),
            name: object.name_any(),
            intent: serde_json::to_value(object).expect("a Kubernetes type is representable as JSON"),
            at_birth: None,
            policy,
            essential: false,
        }
    }

    /// Adds fields that only the making of the object sets, such as `spec.replicas`.
    pub fn at_birth(mut self, fields: Value) -> Self {
        self.at_birth = Some(fields);
        self
    }

    /// Holds back the children after this one when it is in conflict or refused.
    pub fn essential(mut self) -> Self {
        self.essential = true;
        self
    }

    /// Kind and name.
    pub fn id(&self) -> ChildId {
        ChildId { kind: self.kind.clone(), name: self.name.clone() }
    }
}
