//! Revisions: what rolls pods, how often, and what is kept.

use std::collections::BTreeSet;

use csop_shared::api::CashService;
use k8s_openapi::api::{
    apps::v1::{ControllerRevision, Deployment},
    core::v1::{ConfigMap, Secret},
};
use kube::{ResourceExt, api::ListParams};
use serde_json::{Value, json};

use crate::scene::{SHOP, Scene, message};

/// The Deployment's own counter of pod templates: one rollout adds one.
async fn rollouts(scene: &Scene) -> i64 {
    let deployment = scene.deployment(SHOP).await;
    deployment
        .annotations()
        .get("deployment.kubernetes.io/revision")
        .and_then(|r| r.parse().ok())
        .unwrap_or(0)
}

async fn rolled_out(scene: &Scene, wanted: i64) {
    scene
        .until(SHOP, &format!("has rolled out {wanted} times"), |d: &Deployment| {
            d.annotations().get("deployment.kubernetes.io/revision") == Some(&wanted.to_string())
        })
        .await;
    scene.ready(SHOP).await;
    assert_eq!(rollouts(scene).await, wanted);
}

fn config(value: &str) -> Value {
    json!({"config": {"data": {"LEVEL": value}, "files": {"conf/app.yaml": format!("level: {value}\n")}}})
}

async fn names<K>(scene: &Scene) -> BTreeSet<String>
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + serde::de::DeserializeOwned
        + std::fmt::Debug,
{
    let list =
        scene.api::<K>().await.list(&ListParams::default().labels("csop.dev/service=shop")).await.unwrap();
    list.items.iter().map(ResourceExt::name_any).collect()
}

#[tokio::test]
async fn a_change_of_configuration_is_one_rollout_and_the_old_one_is_kept() {
    let scene = Scene::new("config").await;
    scene.service(SHOP, config("one")).await;
    scene.ready(SHOP).await;
    rolled_out(&scene, 1).await;
    let first = names::<ConfigMap>(&scene).await;
    assert_eq!(first.len(), 2);
    scene.service(SHOP, config("two")).await;
    rolled_out(&scene, 2).await;
    let second = names::<ConfigMap>(&scene).await;
    assert!(second.is_superset(&first) && second.len() == 4, "{second:?}");
    let map = scene.get::<ConfigMap>(second.difference(&first).next().unwrap()).await.unwrap();
    assert_eq!(map.immutable, Some(true));
    let pod = scene.deployment(SHOP).await.spec.unwrap().template.spec.unwrap();
    let mount = pod.containers[0]
        .volume_mounts
        .clone()
        .unwrap()
        .into_iter()
        .find(|m| m.mount_path == "/etc/config/service");
    assert!(mount.is_some());
}

#[tokio::test]
async fn a_burst_of_edits_is_one_rollout() {
    let scene = Scene::new("burst").await;
    scene.service(SHOP, config("start")).await;
    scene.ready(SHOP).await;
    for value in ["a", "b", "c", "d"] {
        scene.patch::<CashService>(SHOP, json!({"spec": config(value)})).await;
    }
    rolled_out(&scene, 2).await;
    assert_eq!(names::<ControllerRevision>(&scene).await.len(), 2);
}

#[tokio::test]
async fn ten_revisions_are_kept_with_their_configuration() {
    let scene = Scene::new("ten").await;
    for n in 1..=12 {
        scene.service(SHOP, json!({"config": {"data": {"N": n.to_string()}}})).await;
        scene.until(&format!("shop-r{n}"), "is recorded", |_: &ControllerRevision| true).await;
    }
    scene.ready(SHOP).await;
    scene.gone::<ControllerRevision>("shop-r2").await;
    let revisions = names::<ControllerRevision>(&scene).await;
    assert_eq!(revisions.len(), 10, "{revisions:?}");
    assert!(revisions.contains("shop-r12") && !revisions.contains("shop-r1"));
    assert_eq!(names::<ConfigMap>(&scene).await.len(), 10);
}

#[tokio::test]
async fn the_content_of_a_secret_of_others_rolls_pods_once() {
    let scene = Scene::new("theirs").await;
    let secret = |value: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": value}}).to_string()
    };
    scene.apply(&secret("one")).await;
    scene.service(SHOP, json!({"secrets": [{"name": "db", "fromSecret": "db"}]})).await;
    scene.ready(SHOP).await;
    scene.apply(&secret("two")).await;
    rolled_out(&scene, 2).await;
    scene.patch::<Secret>("db", json!({"metadata": {"labels": {"a": "b"}}})).await;
    scene
        .service(
            SHOP,
            json!({"secrets": [{"name": "db", "fromSecret": "db"}], "autoscaling": {"maxReplicas": 5}}),
        )
        .await;
    scene.ready(SHOP).await;
    assert_eq!(rollouts(&scene).await, 2);
}

#[tokio::test]
async fn a_missing_secret_is_named_and_waited_for() {
    let scene = Scene::new("missing").await;
    // A real kubelet would not start these pods; the simulated one needs to be told.
    let spec = json!({"secrets": [{"name": "db", "fromSecret": "db"}], "annotations": {"test.csop.dev/pod": "not-ready"}});
    scene.service(SHOP, spec).await;
    let shop = scene.condition(SHOP, "Ready", "False", "SecretMissing").await;
    assert!(message(&shop, "Ready").contains("Secret db"), "{}", message(&shop, "Ready"));
    scene.kubectl(["create", "secret", "generic", "db", "--from-literal=password=x"]).await;
    scene.condition(SHOP, "Ready", "False", "ReadinessFailing").await;
}

#[tokio::test]
async fn scaling_and_network_roll_nothing_and_restart_rolls_once() {
    let scene = Scene::new("restart").await;
    scene.service(SHOP, json!({})).await;
    scene.ready(SHOP).await;
    scene.service(SHOP, json!({"network": {"egress": "DNSOnly"}, "autoscaling": {"minReplicas": 3, "maxReplicas": 9}, "rollout": {"maxSurge": 2}})).await;
    scene.ready(SHOP).await;
    assert_eq!(rollouts(&scene).await, 1);
    scene.kubectl(["annotate", "csvc", SHOP, "csop.dev/restartedAt=2026-11-21T10:00:00Z"]).await;
    rolled_out(&scene, 2).await;
}
