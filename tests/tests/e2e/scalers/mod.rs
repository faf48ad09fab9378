//! A GeneralScaler on the real control plane, with a real Prometheus and a real Redis.

mod crashes;
mod failures;
mod following;
mod liars;
mod owners;
mod surges;
mod zero;

use csop_shared::api::GeneralScaler;
use csop_shared::conditions;
use csop_shared::scale::{Record, Records};
use csop_tests::servers::prometheus::Prometheus;
use csop_tests::wait;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::scene::{SOON, Scene, operator};

const TARGET: &str = "http-app";
const SCALER: &str = "http-app-scaler";

/// An operator that may ask servers of the test, and a Deployment.
async fn scene(name: &str) -> Scene {
    let mut scene = Scene::without_operator(name).await;
    start(&mut scene).await;
    deployment(&scene, 2).await;
    scene
}

async fn start(scene: &mut Scene) {
    let namespace = format!("--namespace={}", &*scene.namespace);
    scene.operator = Some(operator(&scene.kubeconfig, &[&namespace, "--allow-metric-hosts=127.0.0.1"]).await);
}

/// The target as its owner's repository has it, without `replicas`.
fn manifest(version: &str) -> Value {
    named_manifest(TARGET, version)
}

fn named_manifest(name: &str, version: &str) -> Value {
    let container = json!({"name": "app", "image": "registry.example.com/app:1", "securityContext": {
        "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": true,
        "seccompProfile": {"type": "RuntimeDefault"}}});
    let labels = json!({"app": name});
    let meta = json!({"labels": labels, "annotations": {"version": version}});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels},
            "template": {"metadata": meta, "spec": {"containers": [container]}}}})
}

async fn deployment(scene: &Scene, replicas: i32) {
    scene.apply(&manifest("1").to_string()).await;
    scene.kubectl(["scale", "deployment", TARGET, &format!("--replicas={replicas}")]).await;
}

/// A metric in PromQL at this server.
fn prometheus(server: &Prometheus, query: &str, target: i32) -> Value {
    json!({"type": "prometheus", "name": "jobs", "mode": "PerReplica", "targetValue": target,
        "config": {"query": query, "serverAddress": server.address()}})
}

async fn scaler(scene: &Scene, spec: Value) {
    named_scaler(scene, SCALER, TARGET, spec).await;
}

async fn named_scaler(scene: &Scene, name: &str, target: &str, spec: Value) {
    let mut all = json!({"targetDeployment": target, "minReplicas": 2, "maxReplicas": 10, "intervalSeconds": 1,
        "safety": {"cooldownSeconds": 0, "stabilizationWindowSeconds": {"down": 0}}});
    for (key, value) in spec.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    let object = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "GeneralScaler",
        "metadata": {"name": name}, "spec": all});
    scene.apply(&object.to_string()).await;
}

fn size(deployment: &Deployment) -> Option<i32> {
    deployment.spec.as_ref()?.replicas
}

async fn replicas(scene: &Scene, wanted: i32) {
    let what = format!("has {wanted} replicas");
    scene.until(TARGET, &what, |d: &Deployment| size(d) == Some(wanted)).await;
}

async fn is(scene: &Scene, kind: &str, status: &str, reason: &str) -> GeneralScaler {
    let what = format!("{kind}={status} ({reason})");
    scene
        .until(SCALER, &what, |s: &GeneralScaler| {
            let list = s.status.as_ref().map(|s| s.conditions.as_slice()).unwrap_or_default();
            conditions::find(list, kind).is_some_and(|c| c.status == status && c.reason == reason)
        })
        .await
}

fn message(scaler: &GeneralScaler, kind: &str) -> String {
    let list = scaler.status.as_ref().map(|s| s.conditions.as_slice()).unwrap_or_default();
    conditions::find(list, kind).map(|c| c.message.clone()).unwrap_or_default()
}

/// Where the operator serves its pages.
fn address(scene: &Scene) -> String {
    let log = scene.operator.as_ref().expect("the operator runs").log();
    let address = log.split_once("address=").expect("the log names the address").1;
    address.split_whitespace().next().expect("the address ends").to_owned()
}

/// Waits until the operator has decided so many more times, by its own count.
async fn decisions(scene: &Scene, more: u64) {
    let count = async || {
        let address = address(scene);
        let text = crate::dial::get(&address, "/metrics").await;
        let line = text.lines().find(|line| line.starts_with("csop_scaler_lag_seconds_count"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    let before = count().await;
    wait::until(SOON, "more decisions", async || (count().await >= before + more).then_some(())).await;
}

/// The last decisions of a scaler, the oldest first; none before the operator follows it.
async fn records(scene: &Scene, name: &str) -> Vec<Record> {
    let text = crate::dial::get(&address(scene), &Records::path(&scene.namespace, name)).await;
    serde_json::from_str::<Records>(&text).map(|records| records.records).unwrap_or_default()
}

/// Waits until the last decision of a scaler is such a one.
async fn decided(scene: &Scene, name: &str, what: &str, holds: impl Fn(&Record) -> bool) -> Record {
    wait::until_ok(SOON, &format!("{name} has decided {what}"), async || {
        let last = records(scene, name).await.pop();
        last.filter(&holds).ok_or_else(|| "its last decision is another".to_owned())
    })
    .await
}

async fn events(scene: &Scene, reason: &str) -> Vec<Event> {
    let list = scene.api::<Event>().await.list(&ListParams::default()).await.unwrap();
    let wanted = |event: &Event| event.reason.as_deref() == Some(reason);
    list.items.into_iter().filter(wanted).collect()
}
