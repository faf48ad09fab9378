//! What a scaler makes of its metrics, and what it says about it.

use csop_shared::api::{GeneralScaler, general_scaler::Outcome};
use csop_tests::servers::prometheus::{Prometheus, Settings};
use serde_json::{Value, json};

use super::{
    SCALER, TARGET, address, decisions, events, is, manifest, prometheus, replicas, scaler, scene, size,
};

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
