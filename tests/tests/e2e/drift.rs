//! What others change of managed objects is undone; what is theirs stays.

use k8s_openapi::api::{
    apps::v1::{ControllerRevision, Deployment},
    autoscaling::v2::HorizontalPodAutoscaler,
    core::v1::{Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
};
use kube::{Resource, ResourceExt, api::DeleteParams};
use serde_json::json;

use crate::scene::{SHOP, Scene};

async fn comes_back<K>(scene: &Scene, name: &str)
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + serde::de::DeserializeOwned
        + std::fmt::Debug,
{
    let before = scene.get::<K>(name).await.unwrap().uid();
    scene.api::<K>().await.delete(name, &DeleteParams::default()).await.unwrap();
    scene.until::<K>(name, "is made again", |o| o.uid() != before).await;
}

#[tokio::test]
async fn every_deleted_child_comes_back() {
    let scene = Scene::new("deleted").await;
    scene.service(SHOP, json!({"config": {"data": {"A": "1"}}})).await;
    scene.ready(SHOP).await;
    comes_back::<Service>(&scene, SHOP).await;
    comes_back::<ServiceAccount>(&scene, SHOP).await;
    comes_back::<NetworkPolicy>(&scene, SHOP).await;
    comes_back::<HorizontalPodAutoscaler>(&scene, SHOP).await;
    comes_back::<PodDisruptionBudget>(&scene, SHOP).await;
    comes_back::<ControllerRevision>(&scene, "shop-r1").await;
    comes_back::<Deployment>(&scene, SHOP).await;
    let map = scene.deployment(SHOP).await.spec.unwrap().template.spec.unwrap().containers[0]
        .env_from
        .clone()
        .unwrap()[0]
        .config_map_ref
        .clone()
        .unwrap()
        .name;
    comes_back::<k8s_openapi::api::core::v1::ConfigMap>(&scene, &map).await;
    scene.ready(SHOP).await;
}

#[tokio::test]
async fn edited_fields_are_restored_and_added_ones_removed() {
    let scene = Scene::new("edited").await;
    scene.service(SHOP, json!({})).await;
    scene.ready(SHOP).await;

    let edit = json!({"spec": {"template": {"spec": {
        "hostNetwork": true,
        "containers": [
            {"name": "app", "image": "evil.example.com/miner:1", "ports": [{"name": "app", "containerPort": 8443}, {"name": "health", "containerPort": 8080}]},
            {"name": "sidecar", "image": "evil.example.com/sidecar:1"}]}}}});
    scene.patch_strategic::<Deployment>(SHOP, edit).await;
    scene
        .until(SHOP, "has neither sidecar nor host network", |d: &Deployment| {
            let pod = d.spec.as_ref().unwrap().template.spec.as_ref().unwrap();
            pod.host_network != Some(true)
                && pod.containers.len() == 1
                && pod.containers[0].image.as_deref() == Some("registry.example.com/shop:1.4.2")
        })
        .await;

    scene
        .patch::<Service>(
            SHOP,
            json!({"spec": {"type": "NodePort", "ports": [
        {"name": "https", "port": 443, "targetPort": "app"}, {"name": "back", "port": 6666}]}}),
        )
        .await;
    scene
        .until(SHOP, "has its one port again", |s: &Service| {
            let spec = s.spec.as_ref().unwrap();
            spec.type_.as_deref() == Some("ClusterIP") && spec.ports.as_ref().unwrap().len() == 1
        })
        .await;

    scene.patch::<HorizontalPodAutoscaler>(SHOP, json!({"spec": {"maxReplicas": 99}})).await;
    scene
        .until(SHOP, "has its maximum again", |h: &HorizontalPodAutoscaler| {
            h.spec.as_ref().unwrap().max_replicas == 10
        })
        .await;
    scene.patch::<NetworkPolicy>(SHOP, json!({"spec": {"ingress": [{}]}})).await;
    scene
        .until(SHOP, "is closed again", |p: &NetworkPolicy| {
            p.spec.as_ref().unwrap().ingress.as_ref().is_some_and(|i| i.len() == 1 && i[0].ports.is_some())
        })
        .await;
    let events = scene
        .kubectl(["get", "events", "--field-selector", "involvedObject.kind=CashService", "-o", "yaml"])
        .await;
    assert!(
        events.contains("somebody") && events.contains("hostNetwork"),
        "an event names the manager and the fields:\n{events}"
    );
    scene.ready(SHOP).await;
}

#[tokio::test]
async fn labels_and_annotations_of_others_stay() {
    let scene = Scene::new("theirs").await;
    scene.service(SHOP, json!({})).await;
    scene.ready(SHOP).await;
    let theirs = json!({"metadata": {"labels": {"team": "pay"}, "annotations": {"note": "ours"}}});
    scene.patch::<Deployment>(SHOP, theirs).await;
    scene.service(SHOP, json!({"image": "registry.example.com/shop:2"})).await;
    let deployment = scene
        .until(SHOP, "has the new image", |d: &Deployment| {
            d.spec.as_ref().unwrap().template.spec.as_ref().unwrap().containers[0].image.as_deref()
                == Some("registry.example.com/shop:2")
        })
        .await;
    assert_eq!(deployment.labels().get("team").map(String::as_str), Some("pay"));
    assert_eq!(deployment.annotations().get("note").map(String::as_str), Some("ours"));
}

#[tokio::test]
async fn edits_that_exclude_what_is_wanted_are_undone_too() {
    let scene = Scene::new("unions").await;
    let spec = json!({
        "config": {"files": {"a": "b"}, "data": {"A": "1"}},
        "env": [{"name": "COLOUR", "value": "blue"}],
        "volumes": [{"name": "cache", "emptyDir": {}}],
        "volumeMounts": [{"name": "cache", "mountPath": "/cache"}],
        "probes": {"startup": {"httpGet": {"path": "/up", "port": "health"}}},
    });
    scene.service(SHOP, spec).await;
    scene.ready(SHOP).await;

    let edit = json!({"spec": {
        "strategy": {"type": "Recreate", "rollingUpdate": null},
        "template": {"spec": {
            "volumes": [{"name": "cache", "emptyDir": null, "configMap": {"name": "other", "optional": true}}],
            "containers": [{
                "name": "app",
                "env": [{"name": "COLOUR", "value": null, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
                "startupProbe": {"httpGet": null, "tcpSocket": {"port": 8080}}}]}}}});
    scene.patch_strategic::<Deployment>(SHOP, edit).await;
    scene
        .until(SHOP, "is as it was", |d: &Deployment| {
            let spec = d.spec.as_ref().unwrap();
            let pod = spec.template.spec.as_ref().unwrap();
            let app = &pod.containers[0];
            let cache = pod.volumes.iter().flatten().find(|v| v.name == "cache").unwrap();
            let colour = app.env.iter().flatten().find(|e| e.name == "COLOUR").unwrap();
            let probe = app.startup_probe.as_ref().unwrap();
            spec.strategy.as_ref().unwrap().type_.as_deref() == Some("RollingUpdate")
                && (cache.empty_dir.is_some() && cache.config_map.is_none())
                && (colour.value.as_deref() == Some("blue") && colour.value_from.is_none())
                && (probe.http_get.is_some() && probe.tcp_socket.is_none())
        })
        .await;

    let budget = json!({"spec": {"maxUnavailable": null, "minAvailable": 1}});
    scene.patch::<PodDisruptionBudget>(SHOP, budget).await;
    scene
        .until(SHOP, "has its maximum again", |b: &PodDisruptionBudget| {
            let spec = b.spec.as_ref().unwrap();
            spec.min_available.is_none() && spec.max_unavailable.is_some()
        })
        .await;
    let ports = json!({"spec": {"ports": [{"name": "https", "port": 8443, "targetPort": "app"}]}});
    scene.patch::<Service>(SHOP, ports).await;
    scene
        .until(SHOP, "has its port again", |s: &Service| {
            let ports = s.spec.as_ref().unwrap().ports.clone().unwrap();
            ports.len() == 1 && ports[0].port == 443
        })
        .await;
    // What was set by the way is not held on to: a later intent without it removes it.
    scene.service(SHOP, json!({"env": [], "volumes": [], "volumeMounts": []})).await;
    scene
        .until(SHOP, "has neither variable nor volume", |d: &Deployment| {
            let pod = d.spec.as_ref().unwrap().template.spec.as_ref().unwrap();
            pod.volumes.iter().flatten().all(|v| v.name != "cache")
                && pod.containers[0].env.iter().flatten().all(|e| e.name != "COLOUR")
        })
        .await;
    scene.ready(SHOP).await;
}
