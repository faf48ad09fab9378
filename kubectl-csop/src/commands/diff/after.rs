//! The service as it would be after `kubectl apply`.

use crate::client::Cluster;
use crate::error::Error;
use crate::io::Io;
use csop_shared::api::CashService;
use csop_shared::names::managers;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::{Map, Value, json};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Has the API server apply a manifest in a dry run; who may not do that gets the result without defaults.
pub async fn apply(
    document: &Value,
    service: &CashService,
    cluster: &Cluster,
    io: &mut Io,
) -> Result<CashService, Error> {
    let name = service.name_any();
    let resource = ApiResource::erase::<CashService>(&());
    let api = Api::<DynamicObject>::namespaced_with(cluster.client.clone(), &cluster.namespace, &resource);
    let live = cluster.call(cluster.on_service("get", &name), api.get_opt(&name)).await?;
    let (answer, local) = match &live {
        None => create(document, service, &api, cluster).await,
        Some(live) => patch(document, live, &api, cluster).await,
    };
    let object = match answer {
        Ok(object) => value(&object),
        Err(error @ Error::Forbidden(_)) => {
            io.warn(&format!(
                "incomplete: {error}; the manifest is compared without the API server's defaults"
            ));
            local
        }
        Err(error) => return Err(error),
    };
    let mut service: CashService = serde_json::from_value(object).map_err(|error| Error::Manifest {
        origin: format!("cashservice/{name}"),
        message: format!("cannot be read: {error}"),
    })?;
    if live.is_none() {
        // The UID of a dry run is nobody's.
        service.metadata.uid = None;
    }
    Ok(service)
}

/// What a dry run says, and what is expected of it as far as that can be told from here.
type Answer = (Result<DynamicObject, Error>, Value);

async fn create(
    document: &Value,
    service: &CashService,
    api: &Api<DynamicObject>,
    cluster: &Cluster,
) -> Answer {
    let name = service.name_any();
    let resource = ApiResource::erase::<CashService>(&());
    let mut object = DynamicObject::new(&name, &resource).within(&cluster.namespace);
    object.metadata.labels.clone_from(&service.metadata.labels);
    object.metadata.annotations.clone_from(&service.metadata.annotations);
    object.data = json!({"spec": document["spec"]});
    let params = PostParams { dry_run: true, field_manager: Some(managers::PLUGIN.to_owned()) };
    let made = api.create(&params, &object);
    (cluster.call(cluster.on_service("create", &name), made).await, value(&object))
}

async fn patch(
    document: &Value,
    live: &DynamicObject,
    api: &Api<DynamicObject>,
    cluster: &Cluster,
) -> Answer {
    let (name, mut local) = (live.name_any(), value(live));
    let patch = apply_patch(&local, document);
    merge(&mut local, &patch);
    let field_manager = Some(managers::PLUGIN.to_owned());
    let params = PatchParams { dry_run: true, field_manager, ..PatchParams::default() };
    let patch = Patch::Merge(&patch);
    let patched = api.patch(&name, &params, &patch);
    (cluster.call(cluster.on_service("patch", &name), patched).await, local)
}

fn value(object: &DynamicObject) -> Value {
    serde_json::to_value(object).expect("objects of the API serialise to JSON")
}

/// The merge patch of `kubectl apply`: what the manifest says, and `null` for what it has said before and no longer says.
fn apply_patch(live: &Value, manifest: &Value) -> Value {
    let last = live["metadata"]["annotations"][LAST_APPLIED].as_str();
    let last: Value = last.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let declared = |of: &Value| {
        let mut all = json!({"metadata": {"annotations": {}}, "spec": of["spec"]});
        for key in ["labels", "annotations"] {
            if of["metadata"][key].is_object() {
                all["metadata"][key] = of["metadata"][key].clone();
            }
        }
        all
    };
    let mut patch = declared(manifest);
    remove(&mut patch, &declared(&last));
    patch
}

/// Adds `null` for what only `last` has.
fn remove(patch: &mut Value, last: &Value) {
    let Some(last) = last.as_object().filter(|map| !map.is_empty()) else { return };
    if patch.is_null() {
        *patch = Value::Object(Map::new());
    }
    let Some(patch) = patch.as_object_mut() else { return };
    for (key, before) in last {
        match patch.get_mut(key) {
            Some(now) => remove(now, before),
            None => drop(patch.insert(key.clone(), Value::Null)),
        }
    }
}

/// A JSON merge patch, applied.
fn merge(into: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    for (key, value) in patch {
        match (value, into.as_object_mut()) {
            (Value::Null, Some(fields)) => drop(fields.remove(key)),
            _ => merge(&mut into[key], value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_manifest_no_longer_says_is_removed_and_what_it_never_said_stays() {
        let last = json!({"metadata": {"annotations": {"old": "1"}}, "spec": {"image": "a", "env": [], "pod": {"x": 1}}});
        let live = json!({
            "metadata": {"annotations": {LAST_APPLIED: last.to_string(), "old": "1", "csop.dev/restartedAt": "t"}},
            "spec": {"image": "a", "env": [], "pod": {"x": 1, "y": 2}, "replicas": 5},
        });
        let manifest = json!({"metadata": {"name": "shop"}, "spec": {"image": "b", "pod": {}}});
        let patch = apply_patch(&live, &manifest);
        assert_eq!(patch["spec"], json!({"image": "b", "env": null, "pod": {"x": null}}));
        let mut after = live;
        merge(&mut after, &patch);
        assert_eq!(after["spec"], json!({"image": "b", "pod": {"y": 2}, "replicas": 5}));
        let notes = after["metadata"]["annotations"].as_object().unwrap();
        assert!(notes.contains_key("csop.dev/restartedAt") && !notes.contains_key("old"));
    }

    #[test]
    fn without_a_record_nothing_is_removed() {
        let live = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"image": "a", "replicas": 2}});
        let mut after = live.clone();
        merge(
            &mut after,
            &apply_patch(&live, &json!({"metadata": {"labels": {"c": "d"}}, "spec": {"image": "b"}})),
        );
        assert_eq!(
            after,
            json!({"metadata": {"labels": {"a": "b", "c": "d"}, "annotations": {}}, "spec": {"image": "b", "replicas": 2}})
        );
    }
}
