//! Watches on objects of others that several controllers share.

use csop_shared::api::{
    CashService, CashServiceScheduledScale, GeneralScaler, cash_service_scheduled_scale::ScheduleTargetKind,
};
use csop_shared::conditions::types;
use csop_shared::names::annotations;
use csop_shared::revision;
use k8s_openapi::api::{
    autoscaling::v2::HorizontalPodAutoscaler,
    core::v1::{ResourceQuota, Secret},
};
use kube::Resource;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::runtime::{children::ChildKind, context::Context, error::Error, kind::Watch, live::Live};

/// Name of the watch on Secrets that our objects may name.
pub const SECRETS: &str = "secrets";
/// Name of the watch on autoscalers that csop did not make.
pub const AUTOSCALERS: &str = "foreign-autoscalers";
/// Name of the watch on schedules, by what they raise.
pub const SCHEDULES: &str = "schedules";
/// Name of the watch on scalers, by what they scale.
pub const SCALERS: &str = "scalers";
/// Name of the watch on services.
pub const SERVICES: &str = "services";
/// Name of the watch on quotas.
pub const QUOTAS: &str = "quotas";
/// The key under which all quotas of a namespace are found.
pub const ANY_QUOTA: &str = "*";
/// Where the fingerprint of a Secret's content is kept in place of the content.
const FINGERPRINT: &str = "fingerprint";

/// Secrets, by name; of each only a fingerprint.
pub fn secrets() -> Watch {
    Watch {
        name: SECRETS,
        kind: ChildKind::of::<Secret>(),
        // Helm keeps its releases in Secrets: large, many, and never mounted.
        selector: Some("owner!=helm"),
        slim: keep_fingerprint,
        concerns: |_| vec![],
    }
}

/// Autoscalers that csop did not make, by what they scale: see [`target_key`].
pub fn autoscalers() -> Watch {
    Watch {
        name: AUTOSCALERS,
        kind: ChildKind::of::<HorizontalPodAutoscaler>(),
        selector: Some("app.kubernetes.io/managed-by!=csop"),
        slim: keep_target,
        concerns: |autoscaler| {
            let target = autoscaler.value()["spec"]["scaleTargetRef"].take();
            let text = |key: &str| target[key].as_str().unwrap_or_default().to_owned();
            vec![target_key(&text("kind"), &text("name"))]
        },
    }
}

/// Schedules, by what they raise: see [`raised_key`]. Of each the spec, and what its status remembers.
pub fn schedules() -> Watch {
    Watch {
        name: SCHEDULES,
        kind: ChildKind::of::<CashServiceScheduledScale>(),
        selector: None,
        slim: keep_windows,
        concerns: |schedule| {
            let spec = &schedule.value()["spec"];
            let service = spec["serviceRef"]["name"].as_str();
            let service = service.map(|name| raised_key(ScheduleTargetKind::CashService, name));
            let other = || {
                let target = &spec["targetRef"];
                Some(target_key(target["kind"].as_str()?, target["name"].as_str()?))
            };
            service.or_else(other).into_iter().collect()
        },
    }
}

/// Scalers, by what they scale; of each its bounds, and the schedules that are in force.
pub fn scalers() -> Watch {
    Watch {
        name: SCALERS,
        kind: ChildKind::of::<GeneralScaler>(),
        selector: None,
        slim: keep_scaled,
        concerns: scaled_by,
    }
}

/// Services; of each only how its size is decided.
pub fn services() -> Watch {
    Watch {
        name: SERVICES,
        kind: ChildKind::of::<CashService>(),
        selector: None,
        slim: keep_size,
        concerns: |_| vec![],
    }
}

/// Quotas. They change with every pod, so they wake nobody.
pub fn quotas() -> Watch {
    Watch {
        name: QUOTAS,
        kind: ChildKind::of::<ResourceQuota>(),
        selector: None,
        slim: keep_amounts,
        concerns: |_| vec![ANY_QUOTA.to_owned()],
    }
}

/// The key under which the schedules of an object are found.
pub fn raised_key(kind: ScheduleTargetKind, name: &str) -> String {
    target_key(&kind.to_string(), name)
}

/// The schedules under these keys; `owner` is woken when they change.
pub fn schedules_of<O: Resource<DynamicType = ()>>(
    ctx: &Context,
    owner: &O,
    keys: &BTreeSet<String>,
) -> Result<Vec<CashServiceScheduledScale>, Error> {
    // One that cannot be read is told by its own controller, and asks for nothing.
    Ok(ctx.about(SCHEDULES, owner, keys)?.iter().filter_map(|live| live.parse().ok()).collect())
}

/// The key under which those are found that scale an object.
pub fn target_key(kind: &str, name: &str) -> String {
    format!("{kind}/{name}")
}

/// The fingerprint of a Secret's content.
pub fn fingerprint(secret: &Live) -> Option<String> {
    secret.value()[FINGERPRINT].as_str().map(str::to_owned)
}

/// Who is to be asked about an autoscaler: KEDA, for one, makes it on behalf of a ScaledObject.
pub fn maker(autoscaler: &Live) -> String {
    match &autoscaler.owner {
        Some(owner) => format!("{} {}", owner.kind, owner.name),
        None => format!("HorizontalPodAutoscaler {}", autoscaler.name),
    }
}

/// Of a Secret only its name and a hash of its content: the content of others' Secrets is not kept.
fn keep_fingerprint(secret: &mut Value) {
    let meta = json!({ "name": secret["metadata"]["name"], "namespace": secret["metadata"]["namespace"] });
    let fingerprint = revision::hash(&secret["data"], 64);
    *secret = json!({ "metadata": meta, FINGERPRINT: fingerprint });
}

/// Of an autoscaler only whose it is and what it scales.
fn keep_target(autoscaler: &mut Value) {
    let meta = json!({
        "name": autoscaler["metadata"]["name"],
        "namespace": autoscaler["metadata"]["namespace"],
    });
    let target = autoscaler["spec"]["scaleTargetRef"].take();
    *autoscaler = json!({ "metadata": meta, "spec": { "scaleTargetRef": target } });
}

/// Of a schedule its windows, and what its status remembers of the one in force.
fn keep_windows(schedule: &mut Value) {
    let meta = kept(&schedule["metadata"], &["name", "namespace", "deletionTimestamp"]);
    // Only an added number is remembered.
    let adds = schedule["spec"]["base"] == "CurrentAtStart";
    let status = kept(&schedule["status"], if adds { &["active", "history"] } else { &["leadSeconds"] });
    *schedule = json!({ "metadata": meta, "spec": schedule["spec"].take(), "status": status });
}

/// Of a scaler what it scales, between which bounds.
fn keep_scaled(scaler: &mut Value) {
    let spec = kept(&scaler["spec"], &["targetDeployment", "targetRef", "minReplicas", "maxReplicas"]);
    let status = status_of(scaler, &["schedules"]);
    *scaler = json!({ "metadata": named(scaler), "spec": spec, "status": status });
}

/// Of a service how its size is decided.
fn keep_size(service: &mut Value) {
    let mut spec = kept(&service["spec"], &["image", "replicas"]);
    spec["autoscaling"] = kept(&service["spec"]["autoscaling"], &["mode", "minReplicas", "maxReplicas"]);
    let status = status_of(service, &["bounds", "schedules"]);
    *service = json!({ "metadata": named(service), "spec": spec, "status": status });
}

/// Of a quota its amounts.
fn keep_amounts(quota: &mut Value) {
    let spec = kept(&quota["spec"], &["scopes", "scopeSelector"]);
    *quota = json!({ "metadata": named(quota), "spec": spec, "status": quota["status"].take() });
}

fn named(object: &Value) -> Value {
    let mut meta = kept(&object["metadata"], &["name", "namespace"]);
    let paused = kept(&object["metadata"]["annotations"], &[annotations::PAUSED]);
    if paused.as_object().is_some_and(|some| !some.is_empty()) {
        meta["annotations"] = paused;
    }
    meta
}

/// These fields of a status, and whether it tells of a conflict.
fn status_of(object: &Value, keys: &[&str]) -> Value {
    let mut status = kept(&object["status"], keys);
    let conditions = object["status"]["conditions"].as_array();
    let conflict =
        conditions.into_iter().flatten().find(|c| c["type"] == types::CONFLICT && c["status"] == "True");
    if let Some(conflict) = conflict {
        status["conditions"] = json!([conflict]);
    }
    status
}

/// Of an object only these fields, as far as it has them.
fn kept(from: &Value, keys: &[&str]) -> Value {
    let some = keys.iter().filter_map(|key| Some(((*key).to_owned(), from.get(key)?.clone())));
    Value::Object(some.collect())
}

fn scaled_by(scaler: &Live) -> Vec<String> {
    let spec = &scaler.value()["spec"];
    let key =
        |kind: &Value, name: &Value| Some(target_key(kind.as_str().unwrap_or_default(), name.as_str()?));
    let deployment = key(&json!("Deployment"), &spec["targetDeployment"]);
    let other = || key(&spec["targetRef"]["kind"], &spec["targetRef"]["name"]);
    deployment.or_else(other).into_iter().collect()
}
