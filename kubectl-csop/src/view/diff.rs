//! What the operator would change on the children of a service.

use csop_shared::api::{CashService, cash_service::AutoscalingMode};
use csop_shared::applied::applied;
use csop_shared::names::annotations;
use csop_shared::render::{Plan, UNKNOWN_DIGEST, offline, secrets};
use csop_shared::scale::Floor;
use csop_shared::schedule;
use kube::ResourceExt;
use serde_json::{Map, Value, json};

/// Kinds of which the operator removes what is no longer wanted; others are kept with the history.
const PRUNED: [&str; 5] =
    ["HorizontalPodAutoscaler", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"];
/// Annotations that are bookkeeping of whoever applies.
const BOOKKEEPING: [&str; 2] = [annotations::INTENT, "kubectl.kubernetes.io/last-applied-configuration"];

/// A child that is not as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Kind and name.
    pub id: String,
    /// The live object; nothing when there is none.
    pub before: Option<Value>,
    /// The object as it would be; nothing when it would be removed.
    pub after: Option<Value>,
}

/// A child that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Such as `apps/v1`.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    intent: Value,
    /// The object as it would be made.
    birth: Value,
}

/// The children that the operator wants, Secrets among them, ControllerRevisions not; `live` tells what the secrets hold, `floors` are
/// those of the schedules that are in force.
pub fn wanted(service: &CashService, live: &[Value], floors: &[Floor]) -> Vec<Wanted> {
    let name = service.name_any();
    let digest = find(live, "Deployment", &name)
        .and_then(|it| {
            it["spec"]["template"]["metadata"]["annotations"][annotations::SECRETS_DIGEST].as_str()
        })
        .unwrap_or(UNKNOWN_DIGEST);
    let plan =
        Plan { service, secrets_digest: secrets::sees_secrets(&service.spec).then_some(digest), floors };
    let mut intents: Vec<Value> = plan.manifests().into_iter().map(|manifest| manifest.body).collect();
    let born = offline(service, floors);
    for intent in &mut intents {
        if intent["kind"] == "Deployment" && service.spec.mode() == AutoscalingMode::Fixed {
            intent["spec"]["replicas"] = json!(schedule::bounds(&service.spec, floors).min);
        }
    }
    intents.extend(born.iter().filter(|it| it["kind"] == "Secret").map(|it| secret(it, live)));
    intents
        .into_iter()
        .map(|mut intent| {
            drop_nulls(&mut intent);
            let text =
                |path: &str| intent.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (kind, name) = (text("/kind"), text("/metadata/name"));
            let mut birth = intent.clone();
            if let Some(namespace) = service.namespace() {
                birth["metadata"]["namespace"] = json!(namespace);
            }
            if let Some(replicas) = find(&born, &kind, &name).and_then(|it| it.pointer("/spec/replicas")) {
                birth["spec"]["replicas"] = replicas.clone();
            }
            Wanted { api_version: text("/apiVersion"), kind, name, intent, birth }
        })
        .collect()
}

/// A Secret with the keys that it has, and placeholders for those that would be generated.
fn secret(placeholder: &Value, live: &[Value]) -> Value {
    let name = placeholder["metadata"]["name"].as_str().unwrap_or_default();
    let has = find(live, "Secret", name).and_then(|it| it["data"].as_object());
    let keys = placeholder["stringData"].as_object().into_iter().flatten();
    let data: Map<_, _> = keys
        .map(|(key, generated)| {
            (key.clone(), has.and_then(|data| data.get(key)).unwrap_or(generated).clone())
        })
        .collect();
    let mut intent = placeholder.clone();
    if let Some(fields) = intent.as_object_mut() {
        fields.remove("stringData");
        fields.insert("data".to_owned(), Value::Object(data));
    }
    intent
}

/// What differs between the wanted and the live children of the service with this UID.
///
/// `live` may hold objects that are not the service's: they are left alone, as the operator does.
pub fn differences(uid: Option<&str>, wanted: &[Wanted], live: &[Value]) -> Vec<Difference> {
    let mut found = vec![];
    for child in wanted {
        let id = format!("{}/{}", child.kind, child.name);
        match find(live, &child.kind, &child.name) {
            None => found.push(Difference { id, before: None, after: Some(clean(&child.birth)) }),
            Some(other) if !is_controlled_by(other, uid) => {}
            Some(object) => {
                let (before, after) = (clean(object), clean(&applied(object, &child.intent)));
                if before != after {
                    found.push(Difference { id, before: Some(before), after: Some(after) });
                }
            }
        }
    }
    let gone = live.iter().filter(|it| PRUNED.iter().any(|kind| it["kind"] == *kind));
    let gone = gone.filter(|it| is_controlled_by(it, uid));
    for object in gone.filter(|it| !wanted.iter().any(|child| is(it, &child.kind, &child.name))) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let id = format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]));
        found.push(Difference { id, before: Some(clean(object)), after: None });
    }
    found
}

/// Whether the controller of an object has this UID.
pub fn is_controlled_by(object: &Value, uid: Option<&str>) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array).into_iter().flatten();
    owners.into_iter().any(|owner| {
        owner["controller"].as_bool().unwrap_or(false) && uid.is_some() && owner["uid"].as_str() == uid
    })
}

/// A Secret whose values are replaced by their lengths.
pub fn redact(secret: &mut Value) {
    for value in secret["data"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        let text = value.as_str().unwrap_or_default();
        // Of base64, which the API's JSON writes bytes in.
        let bytes = text.trim_end_matches('=').len() * 3 / 4;
        *value = json!(format!("<{bytes} bytes>"));
    }
}

fn find<'a>(objects: &'a [Value], kind: &str, name: &str) -> Option<&'a Value> {
    objects.iter().find(|it| is(it, kind, name))
}

fn is(object: &Value, kind: &str, name: &str) -> bool {
    object["kind"] == kind && object["metadata"]["name"] == name
}

/// What of an object is its content.
fn clean(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.retain(|key, _| matches!(key.as_str(), "name" | "namespace" | "labels" | "annotations"));
        if let Some(notes) = meta.get_mut("annotations").and_then(Value::as_object_mut) {
            notes.retain(|key, _| !BOOKKEEPING.contains(&key.as_str()));
        }
        meta.retain(|_, value| value.as_object().is_none_or(|map| !map.is_empty()));
    }
    drop_nulls(&mut object);
    object
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
