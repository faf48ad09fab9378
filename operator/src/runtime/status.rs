//! The status of our objects: what every kind's has in common, and the one write.

use csop_shared::conditions::{Conditioned, State, find, reasons, set_condition, types};
use csop_shared::names::managers;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::DeserializeGuard;
use serde::Serialize;
use serde_json::{Value, json};

use super::body::Parent;
use super::context::Context;
use super::desired::{Applied, Contest};
use super::error::{Class, Error};
use super::events::Notice;
use super::kind::Kind;

/// Adds what every kind tells of its children: observed generation, Conflict, and Ready off for those that could not be had.
pub(super) fn tell(
    status: &mut impl Conditioned,
    applied: &Applied,
    generation: Option<i64>,
    now: Timestamp,
) {
    status.set_observed_generation(generation);
    let list = status.conditions_mut();
    let mut set = |kind, state, reason, message: &str| {
        set_condition(list, kind, state, reason, message, generation, now);
    };
    // What cannot be had comes first: it is the one that an owner must act on.
    let taken = applied.conflicts.iter().find(|c| c.contest == Contest::Name);
    if let Some(first) = taken.or(applied.conflicts.first()) {
        let all: Vec<String> = applied.conflicts.iter().map(ToString::to_string).collect();
        set(types::CONFLICT, State::True, first.contest.reason(), &all.join("; "));
    } else {
        set(types::CONFLICT, State::False, reasons::NO_CONFLICT, "");
    }
    if let Some(rejection) = applied.rejected.first() {
        set(types::READY, State::False, reasons::REJECTED, &rejection.message);
        set(types::PROGRESSING, State::False, reasons::REJECTED, &rejection.message);
    } else if let Some(first) = taken {
        set(types::READY, State::False, reasons::NAME_TAKEN, &first.to_string());
    } else if let Some(child) = applied.waiting.first() {
        let message = format!("{child} of an earlier object is still being deleted");
        set(types::READY, State::False, reasons::WAITING, &message);
    }
}

/// Marks a status as not paused.
pub(super) fn resume(status: &mut impl Conditioned, generation: Option<i64>, now: Timestamp) {
    let list = status.conditions_mut();
    set_condition(list, types::PAUSED, State::False, reasons::NOT_PAUSED, "", generation, now);
}

/// Marks a status as paused; the rest of it stays as it was.
pub(super) fn pause(status: &mut impl Conditioned, generation: Option<i64>, now: Timestamp) {
    let message = "the annotation csop.dev/paused holds all writes";
    let list = status.conditions_mut();
    set_condition(list, types::PAUSED, State::True, reasons::PAUSED, message, generation, now);
}

/// Marks a status as failed; the rest of it stays as it was.
pub(super) fn fail(status: &mut impl Conditioned, error: &Error, generation: Option<i64>, now: Timestamp) {
    let class = error.class();
    status.set_observed_generation(generation);
    let list = status.conditions_mut();
    set_condition(list, types::READY, class.ready(), class.reason(), &error.to_string(), generation, now);
    if class == Class::Waiting {
        let message = error.to_string();
        set_condition(list, types::PROGRESSING, State::True, class.reason(), &message, generation, now);
    }
}

/// Tells once of a conflict that a status has and the one before it had not.
pub(super) fn conflict_news(before: Option<&impl Conditioned>, after: &impl Conditioned) -> Option<Notice> {
    let conflict = |list: &[Condition]| {
        find(list, types::CONFLICT).filter(|c| c.status == State::True.as_str()).cloned()
    };
    let now = conflict(after.conditions())?;
    let known = before.and_then(|b| conflict(b.conditions())).is_some_and(|c| c.reason == now.reason);
    (!known).then(|| Notice::warning(&now.reason, "Apply", &now.message))
}

/// Whether two statuses are different as the API stores them.
pub(super) fn differ<S: Serialize>(current: Option<&S>, wanted: &S) -> bool {
    stored(current) != stored(Some(wanted))
}

fn stored<S: Serialize>(status: Option<&S>) -> Value {
    fn prune(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.retain(|_, v| !v.is_null());
                map.values_mut().for_each(prune);
            }
            Value::Array(list) => list.iter_mut().for_each(prune),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(status).expect("a status is representable as JSON");
    prune(&mut value);
    if value.is_null() { json!({}) } else { value }
}

/// Writes a whole status; returns the object as the API server then shows it, when it can be read. With a version it is written
/// only while the object has that one.
pub(super) async fn write<K: Kind>(
    ctx: &Context,
    parent: &Parent,
    status: &impl Serialize,
    version: Option<&str>,
) -> Result<Option<K::Object>, Error> {
    let api: Api<DeserializeGuard<K::Object>> = Api::namespaced(ctx.client().clone(), &parent.namespace);
    let mut body = json!({
        "apiVersion": parent.api_version,
        "kind": parent.kind,
        // With the UID a successor of the same name is not given the status of this object.
        "metadata": {"name": parent.name, "uid": parent.uid},
        "status": stored(Some(status)),
    });
    if let Some(version) = version {
        body["metadata"]["resourceVersion"] = json!(version);
    }
    let params = PatchParams::apply(managers::STATUS).force();
    let answer = api.patch_status(&parent.name, &params, &Patch::Apply(&body)).await;
    answer.map(|guard| guard.0.ok()).map_err(|e| failed("write the status of", parent, e))
}

/// Says on an object that cannot be read as its kind that this is so; returns whether that is news.
pub(super) async fn undecodable<K: Kind>(
    ctx: &Context,
    parent: &Parent,
    message: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let resource = kube::api::ApiResource::erase::<K::Object>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(ctx.client().clone(), &parent.namespace, &resource);
    let read = api.get_opt(&parent.name).await.map_err(|e| failed("read", parent, e))?;
    let Some(object) = read.filter(|o| o.metadata.uid.as_deref() == Some(&*parent.uid)) else {
        return Ok(false);
    };
    // The whole status is written back with the condition in it: what an apply leaves out is removed.
    let before = object.data.get("status").cloned().unwrap_or_else(|| json!({}));
    let mut list = serde_json::from_value(before["conditions"].clone()).unwrap_or_default();
    let generation = object.metadata.generation;
    set_condition(&mut list, types::READY, State::False, reasons::UNDECODABLE, message, generation, now);
    let mut after = before.clone();
    after["conditions"] = json!(list);
    if after == before {
        return Ok(false);
    }
    write::<K>(ctx, parent, &after, None).await?;
    Ok(true)
}

fn failed(verb: &str, parent: &Parent, error: kube::Error) -> Error {
    Error::api(format!("{verb} {} {}/{}", parent.kind, parent.namespace, parent.name), error)
}
