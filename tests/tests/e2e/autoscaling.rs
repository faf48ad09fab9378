//! Who writes the number of replicas, and that it never jumps.

use std::{sync::Arc, time::Duration};

use futures::TryStreamExt as _;
use k8s_openapi::api::{apps::v1::Deployment, autoscaling::v2::HorizontalPodAutoscaler};
use kube::{
    ResourceExt,
    runtime::{WatchStreamExt as _, watcher},
};
use serde_json::json;
use tokio::sync::Mutex;

use crate::scene::{SHOP, Scene};

/// Metrics are scraped every 10 s, and a rate needs two scrapes.
const AUTOSCALED: Duration = Duration::from_secs(150);

/// Records every value of a Deployment's `spec.replicas`.
async fn record(scene: &Scene) -> Arc<Mutex<Vec<i32>>> {
    let seen = Arc::new(Mutex::new(vec![]));
    let (api, into) = (scene.api::<Deployment>().await, seen.clone());
    tokio::spawn(async move {
        let stream = watcher(api, watcher::Config::default().fields("metadata.name=shop")).applied_objects();
        let _ended = stream
            .try_for_each(|deployment| {
                let into = into.clone();
                async move {
                    let now = deployment.spec.and_then(|s| s.replicas).unwrap_or_default();
                    let mut seen = into.lock().await;
                    if seen.last() != Some(&now) {
                        seen.push(now);
                    }
                    Ok(())
                }
            })
            .await;
    });
    seen
}

async fn replicas(scene: &Scene, wanted: i32) {
    scene
        .until(SHOP, &format!("has {wanted} replicas"), |d: &Deployment| {
            d.spec.as_ref().unwrap().replicas == Some(wanted)
        })
        .await;
}

async fn scale(scene: &Scene, to: &str) {
    scene.kubectl(["scale", "deployment", SHOP, &format!("--replicas={to}")]).await;
}

async fn mode(scene: &Scene, mode: &str, replicas: i32) {
    scene
        .service(
            SHOP,
            json!({"replicas": replicas, "autoscaling": {"mode": mode, "minReplicas": 3, "maxReplicas": 10}}),
        )
        .await;
    scene.ready(SHOP).await;
}

#[tokio::test]
async fn the_number_never_jumps_whatever_the_mode_becomes() {
    let mut scene = Scene::new("modes").await;
    let seen = record(&scene).await;
    mode(&scene, "HPA", 4).await;
    replicas(&scene, 4).await;
    scale(&scene, "6").await;
    mode(&scene, "External", 4).await;
    scene.gone::<HorizontalPodAutoscaler>(SHOP).await;
    scene.service(SHOP, json!({"image": "registry.example.com/shop:2", "replicas": 4, "autoscaling": {"mode": "External", "minReplicas": 3, "maxReplicas": 10}})).await;
    scene.ready(SHOP).await;
    replicas(&scene, 6).await;
    scene.kubectl(["delete", "deployment", SHOP, "--wait"]).await;
    scene.ready(SHOP).await;
    replicas(&scene, 6).await;
    mode(&scene, "Fixed", 6).await;
    scene.stop_operator().await;
    scene.start_operator().await;
    mode(&scene, "Fixed", 7).await;
    replicas(&scene, 7).await;
    mode(&scene, "HPA", 4).await;
    scene.until(SHOP, "is back", |h: &HorizontalPodAutoscaler| h.spec.is_some()).await;
    mode(&scene, "External", 4).await;
    mode(&scene, "HPA", 4).await;
    scale(&scene, "8").await;
    replicas(&scene, 8).await;
    scene.service(SHOP, json!({"image": "registry.example.com/shop:3", "replicas": 4, "autoscaling": {"minReplicas": 3, "maxReplicas": 10}})).await;
    scene.ready(SHOP).await;
    replicas(&scene, 8).await;
    assert_eq!(*seen.lock().await, [4, 6, 7, 8]);
}

#[tokio::test]
async fn a_service_is_born_with_its_size_and_keeps_it_when_nobody_has_scaled() {
    let scene = Scene::new("born").await;
    let seen = record(&scene).await;
    scene.service(SHOP, json!({"replicas": 5})).await;
    scene.ready(SHOP).await;
    scene.service(SHOP, json!({"replicas": 5, "image": "registry.example.com/shop:2"})).await;
    scene
        .until(SHOP, "has the new image", |d: &Deployment| {
            d.spec.as_ref().unwrap().template.spec.as_ref().unwrap().containers[0].image.as_deref()
                == Some("registry.example.com/shop:2")
        })
        .await;
    scene.ready(SHOP).await;
    assert_eq!(*seen.lock().await, [5]);
}

#[tokio::test]
async fn kubectl_scale_works_in_mode_fixed() {
    let scene = Scene::new("fixed").await;
    mode(&scene, "Fixed", 2).await;
    scene.kubectl(["scale", "csvc", SHOP, "--replicas=5"]).await;
    replicas(&scene, 5).await;
    let shop = scene.ready(SHOP).await;
    assert_eq!(shop.status.unwrap().ready.as_deref(), Some("5/5"));
    scale(&scene, "9").await;
    replicas(&scene, 5).await;
}

#[tokio::test]
async fn metrics_of_two_kinds_are_carried_in_order() {
    let scene = Scene::new("metrics").await;
    let metrics = json!([
        {"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "100"}}},
        {"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 70}}}]);
    scene.service(SHOP, json!({"autoscaling": {"maxReplicas": 4, "metrics": metrics}})).await;
    let autoscaler: HorizontalPodAutoscaler = scene.until(SHOP, "exists", |_| true).await;
    let kinds: Vec<_> = autoscaler.spec.unwrap().metrics.unwrap().into_iter().map(|m| m.type_).collect();
    assert_eq!(kinds, ["Pods", "Resource"]);
}

#[tokio::test]
async fn a_real_hpa_follows_load_and_csop_writes_nothing_meanwhile() {
    let scene = Scene::new("load").await;
    scene.service(SHOP, json!({"autoscaling": {"maxReplicas": 4}})).await;
    scene.ready(SHOP).await;
    let (uid, seen) = (scene.deployment(SHOP).await.uid(), record(&scene).await);
    let requests = scene.cluster.requests().await;
    let start = requests.mark().await;
    scene.cluster.set_cpu(&scene.namespace, Some(SHOP), "150m").await;
    let api = scene.api::<Deployment>().await;
    let size = async |wanted: i32| {
        let what = format!("the HPA sets {wanted} replicas");
        csop_tests::wait::until(AUTOSCALED, &what, async || {
            let deployment = api.get(SHOP).await.ok()?;
            (deployment.spec?.replicas == Some(wanted)).then_some(())
        })
        .await;
    };
    size(4).await;
    scene
        .until(SHOP, "shows four", |s: &csop_shared::api::CashService| {
            s.status.as_ref().is_some_and(|s| s.ready.as_deref() == Some("4/4"))
        })
        .await;
    scene.cluster.set_cpu(&scene.namespace, Some(SHOP), "10m").await;
    size(2).await;
    let ours = |w: &csop_tests::requests::Write| {
        w.namespace == *scene.namespace
            && w.user.contains("serviceaccount")
            && w.user.contains("csop")
            && !w.is_upkeep()
    };
    let writes = requests.mutating(start).await;
    let spec: Vec<_> = writes.iter().filter(|w| ours(w) && w.resource != "cashservices/status").collect();
    assert!(spec.is_empty(), "csop wrote {spec:?}");
    assert_eq!(scene.deployment(SHOP).await.uid(), uid);
    let seen = seen.lock().await;
    assert!(seen.first() == Some(&2) && seen.iter().all(|n| (2..=4).contains(n)), "{seen:?}");
}
