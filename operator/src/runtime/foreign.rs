//! What other field managers own of our objects, and how it is taken away again.
//!
//! A server-side apply restores what we set but leaves what others added. Those additions are the fields of their entries in
//! `managedFields` that none of our managers owns, but for a few that are theirs by right.

use csop_shared::fields::{self, Fields};
use csop_shared::names::managers;
use serde_json::{Map, Value};

/// The control plane's own managers: what they set on a spec is part of how the cluster works.
const CONTROL_PLANE: [&str; 5] =
    ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "cloud-controller-manager", "kubelet"];

/// Fields that anybody may set: the size, and the stamp of `kubectl rollout restart`.
const ANYBODYS: [&[&str]; 2] = [
    &["f:spec", "f:replicas"],
    &["f:spec", "f:template", "f:metadata", "f:annotations", "f:kubectl.kubernetes.io/restartedAt"],
];

/// Parts of an object that are not compared at all.
const NOT_CONTENT: [&str; 4] = ["f:apiVersion", "f:kind", "f:metadata", "f:status"];

/// Field managers of the installation (mesh injectors and the like) whose fields are left alone.
#[derive(Clone, Debug, Default)]
pub struct Trusted(pub Vec<String>);

impl Trusted {
    fn has(&self, manager: &str) -> bool {
        is_ours(manager) || CONTROL_PLANE.contains(&manager) || self.0.iter().any(|m| m == manager)
    }
}

/// The fields that one foreign manager alone owns.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign {
    /// The field manager.
    pub manager: Box<str>,
    /// Its fields, as FieldsV1.
    pub fields: Value,
}

/// What `managedFields` say.
#[derive(Debug, Default)]
pub(super) struct Ownership {
    pub(super) foreign: Vec<Foreign>,
    pub(super) intent_owns_replicas: bool,
}

/// Reads the managed fields of an object.
pub(super) fn ownership(managed: &Value, trusted: &Trusted) -> Ownership {
    let mut protected = Fields::new();
    let mut others: Vec<(&str, Fields)> = vec![];
    let mut intent_owns_replicas = false;
    for (manager, set) in entries(managed) {
        intent_owns_replicas |= is_intent(manager) && !fields::at_path(&set, ANYBODYS[0]).is_empty();
        if trusted.has(manager) {
            fields::add(&mut protected, &set);
        } else {
            for path in ANYBODYS {
                fields::add(&mut protected, &fields::at_path(&set, path));
            }
            others.push((manager, set));
        }
    }
    let foreign = others.into_iter().filter_map(|(manager, set)| {
        let fields = fields::subtract(&set, &protected);
        (!fields.is_empty()).then(|| Foreign { manager: manager.into(), fields: Value::Object(fields) })
    });
    Ownership { foreign: foreign.collect(), intent_owns_replicas }
}

/// Removes the fields that only foreign managers own from a whole object, and from the entries of those managers: a value that
/// the server sets again by default is then nobody's, and is not found a second time. Our own entries of plain updates go as
/// well, or a later apply could not remove what one of them set. Returns whether there was anything to do.
pub(super) fn strip(object: &mut Value, trusted: &Trusted) -> bool {
    let foreign = ownership(&object["metadata"]["managedFields"], trusted).foreign;
    let mut union = Fields::new();
    for set in foreign.iter().filter_map(|f| f.fields.as_object()) {
        fields::add(&mut union, set);
    }
    fields::remove(object, &union);
    disown(object, &foreign)
}

fn disown(object: &mut Value, foreign: &[Foreign]) -> bool {
    let Some(managed) = object.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut) else {
        return false;
    };
    let before = managed.len();
    managed.retain(|entry| !is_own_update(entry));
    let ours = managed.len() < before;
    managed.retain_mut(|entry| {
        let theirs: Vec<&Foreign> =
            foreign.iter().filter(|f| entry["manager"].as_str() == Some(&*f.manager)).collect();
        let Some(set) = entry.get_mut("fieldsV1").and_then(Value::as_object_mut) else { return true };
        for lost in theirs.iter().filter_map(|f| f.fields.as_object()) {
            *set = keep_rest(set, lost);
        }
        !set.is_empty()
    });
    ours || !foreign.is_empty()
}

fn is_own_update(entry: &Value) -> bool {
    is_intent(entry["manager"].as_str().unwrap_or_default())
        && entry["operation"] == "Update"
        && entry["subresource"].as_str().unwrap_or_default().is_empty()
}

/// `set` without `lost`, whose members are members of `set`, nodes included.
fn keep_rest(set: &Fields, lost: &Fields) -> Fields {
    let mut rest = Fields::new();
    for (key, node) in set {
        match (node.as_object(), lost.get(key).and_then(Value::as_object)) {
            (Some(node), Some(gone)) => {
                let left = keep_rest(node, gone);
                if !left.is_empty() {
                    rest.insert(key.clone(), Value::Object(left));
                }
            }
            _ => {
                rest.insert(key.clone(), node.clone());
            }
        }
    }
    rest
}

/// The content that each manager owns; entries of subresources count, as a scale write is one.
fn entries(managed: &Value) -> impl Iterator<Item = (&str, Fields)> {
    managed.as_array().into_iter().flatten().filter_map(|entry| {
        let manager = entry["manager"].as_str().unwrap_or_default();
        let set: &Map<String, Value> = entry["fieldsV1"].as_object()?;
        let content = set.iter().filter(|(key, _)| !NOT_CONTENT.contains(&key.as_str()));
        Some((manager, content.map(|(k, v)| (k.clone(), v.clone())).collect()))
    })
}

fn is_ours(manager: &str) -> bool {
    manager.strip_prefix(managers::OPERATOR).is_some_and(|rest| rest.starts_with('/'))
}

fn is_intent(manager: &str) -> bool {
    is_ours(manager) && manager != managers::SCALE && manager != managers::STATUS
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(manager: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": "Update", "fieldsV1": fields})
    }

    fn apply(manager: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": "Apply", "fieldsV1": fields})
    }

    fn edited() -> Value {
        json!({
            "metadata": {"managedFields": [
                apply("csop-operator/x", json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {
                    "k:{\"name\":\"app\"}": {".": {}, "f:name": {}, "f:image": {}}}}}}})),
                entry("kubectl-edit", json!({
                    "f:metadata": {"f:annotations": {"f:note": {}}},
                    "f:spec": {"f:replicas": {}, "f:template": {"f:spec": {
                        "f:dnsPolicy": {},
                        "f:containers": {
                            "k:{\"name\":\"app\"}": {"f:image": {}, "f:tty": {}},
                            "k:{\"name\":\"evil\"}": {".": {}, "f:name": {}}}}}}})),
            ]},
            "spec": {"replicas": 4, "template": {"spec": {
                "dnsPolicy": "Default",
                "containers": [{"name": "app", "image": "i", "tty": true}, {"name": "evil"}]}}},
        })
    }

    #[test]
    fn only_what_foreigners_alone_own_is_taken_away() {
        let mut object = edited();
        assert!(strip(&mut object, &Trusted::default()));
        assert_eq!(
            object["spec"],
            json!({"replicas": 4, "template": {"spec": {"containers": [{"name": "app", "image": "i"}]}}})
        );
    }

    #[test]
    fn a_second_look_finds_nothing_even_when_a_default_comes_back() {
        let mut object = edited();
        assert!(strip(&mut object, &Trusted::default()));
        object["spec"]["template"]["spec"]["dnsPolicy"] = json!("ClusterFirst");
        assert!(!strip(&mut object, &Trusted::default()));
        let left = &object["metadata"]["managedFields"][1]["fieldsV1"];
        assert_eq!(left["f:metadata"], json!({"f:annotations": {"f:note": {}}}));
        assert_eq!(left["f:spec"]["f:replicas"], json!({}));
    }

    #[test]
    fn an_update_of_our_own_leaves_no_trace() {
        let fields = json!({"f:spec": {"f:paused": {}}});
        let mut object = json!({"metadata": {"managedFields": [
            entry("csop-operator/x", fields.clone()), apply("csop-operator/x", fields.clone())]}});
        assert!(strip(&mut object, &Trusted::default()));
        assert_eq!(object["metadata"]["managedFields"], json!([apply("csop-operator/x", fields)]));
        assert!(!strip(&mut object, &Trusted::default()));
    }

    #[test]
    fn a_rollout_restart_and_the_map_it_made_are_left() {
        let managed = json!([entry(
            "kubectl-rollout",
            json!({"f:spec": {"f:template": {"f:metadata": {
            "f:annotations": {".": {}, "f:kubectl.kubernetes.io/restartedAt": {}}}}}})
        )]);
        assert!(ownership(&managed, &Trusted::default()).foreign.is_empty());
    }

    #[test]
    fn trusted_managers_keep_their_fields() {
        let mut object = edited();
        assert!(!strip(&mut object, &Trusted(vec!["kubectl-edit".into()])));
        let hpa = json!([entry("kube-controller-manager", json!({"f:spec": {"f:replicas": {}}}))]);
        let seen = ownership(&hpa, &Trusted::default());
        assert!(seen.foreign.is_empty() && !seen.intent_owns_replicas);
    }

    #[test]
    fn replicas_are_known_to_be_ours_or_the_scale_managers() {
        let replicas = json!({"f:spec": {"f:replicas": {}}});
        let by = |manager| ownership(&json!([entry(manager, replicas.clone())]), &Trusted::default());
        assert!(by("csop-operator/cash-service").intent_owns_replicas);
        assert!(!by("csop-operator/scale").intent_owns_replicas);
        assert!(!by("csop-operator-not").intent_owns_replicas);
    }
}
