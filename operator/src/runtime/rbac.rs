//! The permissions that a controller needs, derived from what it declares; a test compares them with the manifests.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::Resource;

use super::kind::Kind;

/// Permissions as group -> resource -> verbs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(BTreeMap<String, BTreeMap<String, BTreeSet<String>>>);

const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE: [&str; 4] = ["create", "update", "patch", "delete"];

impl Permissions {
    /// What every installation needs, whatever its controllers: to publish events.
    pub fn common() -> Self {
        let mut all = Self::default();
        all.allow("events.k8s.io", "events", &["create", "patch"]);
        all
    }

    /// What leader election needs, in the namespace of the lease.
    pub fn election() -> Self {
        let mut all = Self::default();
        all.allow("coordination.k8s.io", "leases", &["create", "get", "update"]);
        all
    }

    /// Adds what the driver does on behalf of a controller.
    pub fn and<K: Kind>(mut self) -> Self {
        let (group, plural) = (K::Object::group(&()), K::Object::plural(&()));
        self.allow(&group, &plural, &READ);
        self.allow(&group, &format!("{plural}/status"), &["patch"]);
        // Owner references that block deletion need it where OwnerReferencesPermissionEnforcement is on.
        self.allow(&group, &format!("{plural}/finalizers"), &["update"]);
        if K::FINALIZER.is_some() {
            self.allow(&group, &plural, &["patch"]);
        }
        if K::RESCALES {
            self.allow("*", "*/scale", &["get", "update"]);
        }
        for (group, plural, verb) in K::reads() {
            self.allow(group, plural, &[verb]);
        }
        for child in K::children() {
            self.allow(&child.group, &child.plural, &READ);
            self.allow(&child.group, &child.plural, &WRITE);
        }
        for watch in K::watches() {
            self.allow(&watch.kind.group, &watch.kind.plural, &READ);
        }
        self
    }

    /// What rules of a Role or ClusterRole allow.
    pub fn of(rules: &[PolicyRule]) -> Self {
        let mut all = Self::default();
        for rule in rules {
            let verbs: Vec<_> = rule.verbs.iter().map(String::as_str).collect();
            for group in rule.api_groups.iter().flatten() {
                for resource in rule.resources.iter().flatten() {
                    all.allow(group, resource, &verbs);
                }
            }
        }
        all
    }

    fn allow(&mut self, group: &str, resource: &str, verbs: &[&str]) {
        let allowed = self.0.entry(group.to_owned()).or_default().entry(resource.to_owned()).or_default();
        allowed.extend(verbs.iter().map(|v| (*v).to_owned()));
    }
}
