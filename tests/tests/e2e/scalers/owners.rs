//! Who else has a say in the size of a target.

use csop_shared::api::{CashService, GeneralScaler};
use csop_tests::servers::prometheus::{Prometheus, Settings};
use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt as _;
use serde_json::json;

use super::{SCALER, TARGET, decisions, is, message, prometheus, replicas, scaler, scene, size};
use crate::scene::SHOP;

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
