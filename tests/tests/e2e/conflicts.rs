//! Names that somebody else has.

use k8s_openapi::api::{apps::v1::Deployment, autoscaling::v2::HorizontalPodAutoscaler, core::v1::Secret};
use kube::ResourceExt;
use serde_json::json;

use crate::scene::{SHOP, Scene, message, service};

const FOREIGN: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: legacy}}
  template:
    metadata: {labels: {app: legacy}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers: [{name: main, image: "legacy:1", securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]
"#;

#[tokio::test]
async fn a_deployment_of_somebody_else_is_never_touched() {
    let scene = Scene::new("foreign").await;
    scene.apply(FOREIGN).await;
    let before = scene.deployment(SHOP).await;
    scene.service(SHOP, json!({})).await;
    let shop = scene.condition(SHOP, "Conflict", "True", "NameTaken").await;
    assert!(message(&shop, "Conflict").contains("Deployment shop"), "{}", message(&shop, "Conflict"));
    assert_eq!(crate::scene::condition(&shop, "Ready").unwrap().0, "False");
    scene.kubectl(["delete", "csvc", SHOP, "--wait"]).await;
    let after = scene.deployment(SHOP).await;
    assert_eq!((before.uid(), before.metadata.generation), (after.uid(), after.metadata.generation));
    assert_eq!((before.labels(), before.owner_references()), (after.labels(), after.owner_references()));
}

#[tokio::test]
async fn of_two_services_that_want_one_name_the_older_has_it() {
    let mut scene = Scene::without_operator("names").await;
    let wants = |name: &str, secret: &str| {
        service(name, json!({"secrets": [{"name": secret, "generate": {"key": {}}}]}))
    };
    scene.apply(&wants("shop-db", "main").to_string()).await;
    // Creation times have seconds: the younger must not be of the same one.
    let older =
        scene.get::<csop_shared::api::CashService>("shop-db").await.unwrap().creation_timestamp().unwrap();
    csop_tests::wait::until(crate::scene::SOON, "a second has gone by", async || {
        (older.0 + jiff::SignedDuration::from_secs(1) < jiff::Timestamp::now()).then_some(())
    })
    .await;
    scene.apply(&wants("shop", "db-main").to_string()).await;
    scene.start_operator().await;
    scene.ready("shop-db").await;
    let younger = scene.condition("shop", "Conflict", "True", "NameTaken").await;
    assert!(message(&younger, "Conflict").contains("shop-db"), "{}", message(&younger, "Conflict"));
    let secret: Secret = scene.get("shop-db-main").await.unwrap();
    assert_eq!(secret.owner_references()[0].name, "shop-db");
}

#[tokio::test]
async fn a_conflict_ends_when_the_other_goes() {
    let scene = Scene::new("ends").await;
    scene.apply(FOREIGN).await;
    scene.service(SHOP, json!({})).await;
    scene.condition(SHOP, "Conflict", "True", "NameTaken").await;
    scene.kubectl(["delete", "deployment", SHOP, "--wait"]).await;
    scene.kubectl(["annotate", "csvc", SHOP, "looked=again"]).await;
    scene.until(SHOP, "is ours", |d: &Deployment| !d.owner_references().is_empty()).await;
    scene.ready(SHOP).await;
    scene.condition(SHOP, "Conflict", "False", "NoConflict").await;
}

#[tokio::test]
async fn an_autoscaler_of_somebody_else_is_named_and_not_fought() {
    let scene = Scene::new("scaler").await;
    let other = r#"
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: legacy}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  maxReplicas: 3
"#;
    scene.apply(other).await;
    scene.service(SHOP, json!({})).await;
    let shop = scene.condition(SHOP, "Conflict", "True", "ForeignAutoscaler").await;
    let words = message(&shop, "Conflict");
    assert!(words.contains("HorizontalPodAutoscaler legacy") && words.contains("External"), "{words}");
    scene.ready(SHOP).await;
    assert!(scene.get::<HorizontalPodAutoscaler>(SHOP).await.is_none(), "two would fight");
    scene.kubectl(["delete", "hpa", "legacy"]).await;
    scene.condition(SHOP, "Conflict", "False", "NoConflict").await;
    scene.until(SHOP, "is made", |_: &HorizontalPodAutoscaler| true).await;
}
