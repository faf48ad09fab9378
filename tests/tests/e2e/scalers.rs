//! A GeneralScaler on the real control plane, with a real Prometheus and a real Redis.

use csop_shared::api::{CashService, GeneralScaler, general_scaler::Outcome};
use csop_shared::conditions;
use csop_tests::servers::prometheus::{Prometheus, Settings};
use csop_tests::servers::redis::{self, Redis};
use csop_tests::wait;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::events::v1::Event;
use kube::ResourceExt as _;
use kube::api::ListParams;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::dial::Dial;
use crate::scene::{SHOP, SOON, Scene, operator};

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
    let container = json!({"name": "app", "image": "registry.example.com/app:1", "securityContext": {
        "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": true,
        "seccompProfile": {"type": "RuntimeDefault"}}});
    let labels = json!({"app": TARGET});
    let meta = json!({"labels": labels, "annotations": {"version": version}});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": TARGET},
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
    let mut all = json!({"targetDeployment": TARGET, "minReplicas": 2, "maxReplicas": 10, "intervalSeconds": 1,
        "safety": {"cooldownSeconds": 0, "stabilizationWindowSeconds": {"down": 0}}});
    for (key, value) in spec.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    let object = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "GeneralScaler",
        "metadata": {"name": SCALER}, "spec": all});
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

async fn events(scene: &Scene, reason: &str) -> Vec<Event> {
    let list = scene.api::<Event>().await.list(&ListParams::default()).await.unwrap();
    let wanted = |event: &Event| event.reason.as_deref() == Some(reason);
    list.items.into_iter().filter(wanted).collect()
}

#[tokio::test]
async fn a_deployment_follows_a_query_and_the_status_says_why() {
    let (scene, server) = (scene("query").await, Prometheus::start(Settings::default()).await);
    scaler(&scene, json!({"metrics": [prometheus(&server, "vector(730)", 100)]})).await;
    replicas(&scene, 8).await;
    let settled = |s: &GeneralScaler| {
        s.status.as_ref().is_some_and(|s| s.operations.iter().any(|op| op.outcome == Outcome::Applied))
    };
    scene.until(SCALER, "has settled its operation", settled).await;
    let status = is(&scene, "Ready", "True", "Scaling").await.status.unwrap();
    assert_eq!(status.target.as_deref(), Some("Deployment/http-app"));
    let [operation] = &status.operations[..] else { panic!("{:?}", status.operations) };
    assert_eq!((operation.from, operation.to, operation.outcome), (2, 8, Outcome::Applied));
    assert_eq!(
        (operation.cause.to_string(), operation.detail.as_str()),
        ("Demand(jobs)".into(), "jobs 730 / 100")
    );
    let row = scene.kubectl(["get", "gs", SCALER, "--no-headers"]).await;
    let words: Vec<_> = row.split_whitespace().take(6).collect();
    assert_eq!(words, [SCALER, "Deployment/http-app", "8", "8", "2", "10"], "{row}");
    let [event] = &events(&scene, "Scaled").await[..] else { panic!("one event") };
    let note = event.note.clone().unwrap();
    assert_eq!(note, "Deployment http-app scaled from 2 to 8, cause Demand(jobs): jobs 730 / 100");
}

#[tokio::test]
async fn a_steady_scaler_writes_nothing() {
    let (scene, server) = (scene("steady").await, Prometheus::start(Settings::default()).await);
    scaler(&scene, json!({"metrics": [prometheus(&server, "vector(300)", 100)]})).await;
    replicas(&scene, 3).await;
    is(&scene, "MetricsAvailable", "True", "AllFresh").await;
    let requests = scene.cluster.requests().await;
    // A status that follows the operation may still come.
    decisions(&scene, 12).await;
    let mark = requests.mark().await;
    decisions(&scene, 15).await;
    let ours = |write: &csop_tests::requests::Write| {
        write.user.contains(&*scene.namespace) && write.resource != "leases"
    };
    let writes: Vec<_> = requests.mutating(mark).await.into_iter().filter(ours).collect();
    assert!(writes.is_empty(), "{writes:?}");
}

#[tokio::test]
async fn a_server_that_is_away_never_scales_down() {
    let (scene, mut server) = (scene("away").await, Prometheus::start(Settings::default()).await);
    let mut metric = prometheus(&server, "vector(1000)", 100);
    metric["maxAgeSeconds"] = json!(3);
    scaler(&scene, json!({"metrics": [metric]})).await;
    replicas(&scene, 10).await;
    server.kill();
    let scaler = is(&scene, "MetricsAvailable", "False", "MetricsUnavailable").await;
    let told = message(&scaler, "MetricsAvailable");
    assert!(told.starts_with("jobs: cannot reach http://127.0.0.1:"), "{told}");
    decisions(&scene, 5).await;
    assert_eq!(size(&scene.deployment(TARGET).await), Some(10));
    assert_eq!(events(&scene, "MetricsUnavailable").await.len(), 1);
    server.revive().await;
    is(&scene, "MetricsAvailable", "True", "AllFresh").await;
    assert_eq!(size(&scene.deployment(TARGET).await), Some(10));
}

#[tokio::test]
async fn a_killed_operator_keeps_to_the_cooldown() {
    let (mut scene, server) = (scene("killed").await, Prometheus::start(Settings::default()).await);
    let safety = json!({"cooldownSeconds": 180, "maxScaleUpRate": 2});
    scaler(&scene, json!({"safety": safety, "metrics": [prometheus(&server, "vector(1000)", 100)]})).await;
    // As soon as the target has changed, whatever of the status is written by then.
    replicas(&scene, 4).await;
    for _ in 0..3 {
        let mut killed = scene.operator.take().unwrap();
        killed.signal(Signal::SIGKILL);
        killed.ended(SOON).await;
        start(&mut scene).await;
        decisions(&scene, 4).await;
        assert_eq!(size(&scene.deployment(TARGET).await), Some(4));
    }
    let scaler = is(&scene, "Ready", "True", "Scaling").await;
    let operations = scaler.status.unwrap().operations;
    let [operation] = &operations[..] else { panic!("{operations:?}") };
    assert_eq!((operation.from, operation.to, operation.outcome), (2, 4, Outcome::Applied));
}

#[tokio::test]
async fn another_autoscaler_is_a_conflict_and_nothing_is_written() {
    let (scene, server) = (scene("foreign").await, Prometheus::start(Settings::default()).await);
    scene.kubectl(["autoscale", "deployment", TARGET, "--min=2", "--max=4", "--cpu=80%"]).await;
    scaler(&scene, json!({"metrics": [prometheus(&server, "vector(1000)", 100)]})).await;
    let seen = is(&scene, "Conflict", "True", "ForeignAutoscaler").await;
    assert!(
        message(&seen, "Conflict").contains("HorizontalPodAutoscaler http-app"),
        "{}",
        message(&seen, "Conflict")
    );
    decisions(&scene, 3).await;
    assert_eq!(size(&scene.deployment(TARGET).await), Some(2));
    scene.kubectl(["delete", "hpa", TARGET]).await;
    replicas(&scene, 10).await;
    is(&scene, "Conflict", "False", "NoConflict").await;
}

#[tokio::test]
async fn of_two_scalers_the_older_acts() {
    let (scene, server) = (scene("two").await, Prometheus::start(Settings::default()).await);
    scaler(&scene, json!({"metrics": [prometheus(&server, "vector(300)", 100)]})).await;
    replicas(&scene, 3).await;
    // Ages are in whole seconds.
    decisions(&scene, 3).await;
    let second = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "GeneralScaler", "metadata": {"name": "second"},
        "spec": {"targetDeployment": TARGET, "maxReplicas": 10, "intervalSeconds": 1,
            "metrics": [prometheus(&server, "vector(900)", 100)]}});
    scene.apply(&second.to_string()).await;
    scene
        .until("second", "is in conflict", |s: &GeneralScaler| {
            message(s, "Conflict").contains("GeneralScaler http-app-scaler, which is older")
        })
        .await;
    decisions(&scene, 4).await;
    assert_eq!(size(&scene.deployment(TARGET).await), Some(3));
    scene.kubectl(["delete", "gs", SCALER]).await;
    replicas(&scene, 9).await;
}

#[tokio::test]
async fn a_manifest_without_replicas_can_be_applied_again_and_again() {
    let (scene, server) = (scene("gitops").await, Prometheus::start(Settings::default()).await);
    scaler(&scene, json!({"metrics": [prometheus(&server, "vector(500)", 100)]})).await;
    replicas(&scene, 5).await;
    for version in ["2", "3"] {
        scene.apply(&manifest(version).to_string()).await;
        decisions(&scene, 3).await;
        assert_eq!(size(&scene.deployment(TARGET).await), Some(5));
    }
}

#[tokio::test]
async fn a_target_is_scaled_to_zero_and_woken_by_work() {
    let (scene, dial) = (scene("zero").await, Dial::start(0.0).await);
    let metric = json!({"type": "http", "name": "jobs", "mode": "PerReplica", "targetValue": 10,
        "config": {"url": dial.url(), "jsonPath": "$.value"}});
    scaler(&scene, json!({"minReplicas": 0, "idleSeconds": 2, "metrics": [metric]})).await;
    replicas(&scene, 0).await;
    decisions(&scene, 3).await;
    assert_eq!(size(&scene.deployment(TARGET).await), Some(0));
    dial.turn(35.0);
    replicas(&scene, 4).await;
    let woken = is(&scene, "Ready", "True", "Scaling").await;
    let causes: Vec<_> = woken.status.unwrap().operations.iter().map(|op| op.cause.to_string()).collect();
    assert!(
        causes == ["Idle", "Demand(jobs)"] || causes == ["Demand(jobs)", "Idle", "Demand(jobs)"],
        "{causes:?}"
    );
}

#[tokio::test]
async fn a_pause_holds_and_recommend_writes_nothing() {
    let (scene, server) = (scene("paused").await, Prometheus::start(Settings::default()).await);
    let metrics = json!([prometheus(&server, "vector(700)", 100)]);
    scaler(&scene, json!({"mode": "Recommend", "metrics": metrics})).await;
    let seen = scene
        .until(SCALER, "recommends", |s: &GeneralScaler| {
            s.status.as_ref().is_some_and(|s| s.desired_replicas == Some(7))
        })
        .await;
    assert!(seen.status.unwrap().operations.is_empty());
    assert_eq!(size(&scene.deployment(TARGET).await), Some(2));
    scene.kubectl(["annotate", "gs", SCALER, "csop.dev/paused=true"]).await;
    is(&scene, "Paused", "True", "PausedByAnnotation").await;
    scaler(&scene, json!({"mode": "Auto", "metrics": metrics})).await;
    decisions(&scene, 3).await;
    assert_eq!(size(&scene.deployment(TARGET).await), Some(2));
    scene.kubectl(["annotate", "gs", SCALER, "csop.dev/paused-"]).await;
    replicas(&scene, 7).await;
}

#[tokio::test]
async fn what_cannot_be_names_field_value_and_remedy() {
    let (scene, server) = (scene("invalid").await, Prometheus::start(Settings::default()).await);
    scaler(&scene, json!({"metrics": [prometheus(&server, "rate(", 100)]})).await;
    let seen = is(&scene, "MetricsAvailable", "False", "MetricsUnavailable").await;
    assert!(
        message(&seen, "MetricsAvailable").contains("parse error"),
        "{}",
        message(&seen, "MetricsAvailable")
    );
    let mut secret = prometheus(&server, "vector(300)", 100);
    secret["authRef"] = json!({"name": "token"});
    scaler(&scene, json!({"metrics": [secret]})).await;
    let seen = is(&scene, "Ready", "False", "Invalid").await;
    let told = message(&seen, "Ready");
    assert!(told.contains("spec.metrics[jobs].authRef names Secret token, which does not exist"), "{told}");
    scene.kubectl(["create", "secret", "generic", "token", "--from-literal=token=abc"]).await;
    replicas(&scene, 3).await;
    scaler(&scene, json!({"targetDeployment": "gone", "metrics": [prometheus(&server, "vector(300)", 100)]}))
        .await;
    let seen = is(&scene, "Ready", "False", "TargetMissing").await;
    assert!(
        message(&seen, "Ready").contains("Deployment gone does not exist"),
        "{}",
        message(&seen, "Ready")
    );
}

#[tokio::test]
async fn a_stateful_set_is_scaled_by_its_reference() {
    let (scene, server) = (scene("stateful").await, Prometheus::start(Settings::default()).await);
    let mut object = manifest("1");
    object["kind"] = json!("StatefulSet");
    object["metadata"]["name"] = json!("db");
    object["spec"]["serviceName"] = json!("db");
    scene.apply(&object.to_string()).await;
    let mut spec = json!({"metrics": [prometheus(&server, "vector(300)", 100)]});
    spec["targetDeployment"] = Value::Null;
    spec["targetRef"] = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db"});
    scaler(&scene, spec).await;
    scene
        .until("db", "has 3 replicas", |s: &k8s_openapi::api::apps::v1::StatefulSet| {
            s.spec.as_ref().and_then(|s| s.replicas) == Some(3)
        })
        .await;
}

#[tokio::test]
async fn a_service_in_mode_general_scaler_owns_its_scaler() {
    let (scene, server) = (scene("owned").await, Prometheus::start(Settings::default()).await);
    let safety = json!({"cooldownSeconds": 0});
    let template =
        json!({"intervalSeconds": 1, "safety": safety, "metrics": [prometheus(&server, "vector(400)", 100)]});
    let autoscaling =
        json!({"mode": "GeneralScaler", "minReplicas": 2, "maxReplicas": 9, "scaler": template});
    scene.service(SHOP, json!({"autoscaling": autoscaling})).await;
    scene.until(SHOP, "has 4 replicas", |d: &Deployment| size(d) == Some(4)).await;
    scene.ready(SHOP).await;
    let owned: GeneralScaler = scene.get(SHOP).await.unwrap();
    assert_eq!(owned.owner_references()[0].kind, "CashService");
    // An edit is undone, and another mode takes the scaler away without a jump.
    scene.patch::<GeneralScaler>(SHOP, json!({"spec": {"maxReplicas": 3}})).await;
    scene.until(SHOP, "is restored", |s: &GeneralScaler| s.spec.max_replicas == 9).await;
    scene
        .service(SHOP, json!({"autoscaling": {"mode": "External", "minReplicas": 2, "maxReplicas": 9}}))
        .await;
    scene.gone::<GeneralScaler>(SHOP).await;
    assert_eq!(size(&scene.deployment(SHOP).await), Some(4));
    let _: CashService = scene.ready(SHOP).await;
}

#[tokio::test]
async fn the_plugin_shows_the_live_decision_and_else_the_status() {
    let (scene, server) = (scene("shown").await, Prometheus::start(Settings::default()).await);
    scaler(&scene, json!({"metrics": [prometheus(&server, "vector(400)", 100)]})).await;
    replicas(&scene, 4).await;
    is(&scene, "MetricsAvailable", "True", "AllFresh").await;
    decisions(&scene, 2).await;
    let url = format!("http://{}", address(&scene));
    let live = scene.csop(["scaler", "status", SCALER, "--explain", "--operator-url", &url]).await;
    assert!(live.stderr.is_empty() && live.stdout.contains("jobs"), "{live:?}");
    assert!(live.stdout.contains("stay 4"), "{live:?}");
    let kept = scene.csop(["scaler", "status", SCALER]).await;
    assert!(kept.stdout.contains("as of") && !kept.stderr.is_empty(), "{kept:?}");
    let past = scene.csop(["scaler", "history", SCALER]).await;
    assert!(past.stdout.contains("Demand") && past.stdout.contains("400 / 100"), "{past:?}");
    let trace = scene.csop(["scaler", "export", SCALER, "--operator-url", &url]).await;
    assert!(trace.stdout.starts_with("time,") && trace.stdout.contains("400"), "{trace:?}");
}

#[tokio::test]
async fn a_queue_in_redis_scales_from_zero_and_back_while_another_server_hangs() {
    let (scene, redis) = (scene("queue").await, Redis::start(redis::Settings::default()).await);
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = json!({"type": "http", "name": "dead", "mode": "PerReplica", "targetValue": 1,
        "config": {"url": format!("http://{}/", hanging.local_addr().unwrap()), "jsonPath": "$.value"}});
    let waits = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "GeneralScaler", "metadata": {"name": "waits"},
        "spec": {"targetDeployment": "elsewhere", "maxReplicas": 2, "intervalSeconds": 1, "metrics": [dead]}});
    scene.apply(&waits.to_string()).await;
    let queue = json!({"type": "redis", "name": "queue", "targetValue": 50,
        "config": {"address": redis.address(), "key": "jobs"}});
    scaler(&scene, json!({"minReplicas": 0, "idleSeconds": 1, "metrics": [queue]})).await;
    replicas(&scene, 0).await;
    let jobs: Vec<_> = (0..200).map(|n| n.to_string()).collect();
    redis.run(&format!("RPUSH jobs {}", jobs.join(" ")));
    replicas(&scene, 4).await;
    decisions(&scene, 5).await;
    assert_eq!(size(&scene.deployment(TARGET).await), Some(4), "a constant queue changes nothing");
    redis.run("DEL jobs");
    replicas(&scene, 0).await;
}
