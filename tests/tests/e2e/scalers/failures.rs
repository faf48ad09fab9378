//! Metrics that fail, and specs that ask for what cannot be.

use csop_shared::api::GeneralScaler;
use csop_tests::servers::liar::Liar;
use csop_tests::servers::prometheus::{Prometheus, Settings};
use serde_json::json;

use super::{SCALER, TARGET, decisions, events, is, message, prometheus, replicas, scaler, scene, size};

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
async fn the_newest_failure_is_the_one_that_is_told() {
    let prefix = Some("/html".to_owned());
    let (scene, mut server) =
        (scene("newest").await, Prometheus::start(Settings { prefix, ..Settings::default() }).await);
    let mut metric = prometheus(&server, "vector(500)", 100);
    metric["config"]["serverAddress"] = json!(format!("{}/html", server.address()));
    metric["maxAgeSeconds"] = json!(2);
    scaler(&scene, json!({"metrics": [metric]})).await;
    replicas(&scene, 5).await;
    let says = async |words: &str| {
        let told = |s: &GeneralScaler| message(s, "MetricsAvailable").contains(words);
        scene.until(SCALER, &format!("says {words:?}"), told).await;
    };
    server.kill();
    says("cannot reach").await;
    let _liar = Liar::start_on(&server.listens_on()).await;
    says("answers with HTML").await;
    assert_eq!(events(&scene, "MetricsUnavailable").await.len(), 1, "it is still the same trouble");
    assert_eq!(size(&scene.deployment(TARGET).await), Some(5));
}
