//! Too much of something: throttled requests, edits faster than they can be followed, huge annotations.

use std::time::Duration;

use csop_shared::api::CashService;
use csop_tests::requests::Write;
use futures::{StreamExt as _, stream};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Service, ServiceAccount},
    networking::v1::NetworkPolicy,
};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::{
    scene::{SHOP, Scene, service},
    witness::{Objects, Witness, children, kept, memory, memory_is_back},
};

const TWO: &str = "registry.example.com/shop:2";
/// Services that are made while requests are throttled.
const SERVICES: usize = 6;
const EDITS: usize = 1000;

/// Gives the operator's account a priority level of its own, in which one request at a time is served and others are refused.
async fn throttle(scene: &Scene) {
    let name = &*scene.namespace;
    let level = json!({
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "PriorityLevelConfiguration", "metadata": {"name": name},
        "spec": {"type": "Limited", "limited": {
            "nominalConcurrencyShares": 0, "lendablePercent": 0, "borrowingLimitPercent": 0,
            "limitResponse": {"type": "Reject"}}},
    });
    let everything = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": true, "namespaces": ["*"]}]);
    let schema = json!({
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema", "metadata": {"name": name},
        "spec": {
            "matchingPrecedence": 10, "priorityLevelConfiguration": {"name": name},
            "rules": [{
                "subjects": [{"kind": "ServiceAccount", "serviceAccount": {"namespace": name, "name": "csop-operator"}}],
                "resourceRules": everything}]},
    });
    for object in [level, schema] {
        scene.apply(&object.to_string()).await;
    }
}

fn ours(scene: &Scene, write: &Write) -> bool {
    write.namespace == *scene.namespace && write.user.ends_with(":csop-operator")
}

/// Without revisions, which come and go.
fn lasting(objects: Objects) -> Objects {
    objects.into_iter().filter(|((kind, _), _)| kind != "ControllerRevision").collect()
}

fn with_secret(mut spec: Value) -> Value {
    spec["secrets"] = json!([{"name": "db", "generate": {"key": {}}}]);
    spec
}

/// Waits until the service runs with the image.
async fn runs(scene: &Scene, image: &str) {
    scene
        .until(SHOP, &format!("runs {image}"), |s: &CashService| {
            s.status.as_ref().is_some_and(|s| s.image.as_deref() == Some(image))
        })
        .await;
    scene.ready(SHOP).await;
}

#[tokio::test]
async fn throttled_requests_delay_and_lose_nothing() {
    let scene = Scene::new("throttled").await;
    let witness = Witness::of(&scene).await;
    scene.service(SHOP, with_secret(json!({}))).await;
    scene.ready(SHOP).await;
    let (before, rss) = (children(&scene).await, memory(scene.operator.as_ref().unwrap()));
    throttle(&scene).await;
    let requests = scene.cluster.requests().await;
    let start = requests.mark().await;
    let names: Vec<String> = (0..SERVICES).map(|n| format!("slow-{n}")).collect();
    let all: Vec<_> = names.iter().map(|name| service(name, with_secret(json!({}))).to_string()).collect();
    scene.apply(&all.join("\n---\n")).await;
    for name in &names {
        scene.ready(name).await;
    }
    let refused = requests.all(start).await.into_iter().filter(|w| ours(&scene, w) && w.code == 429).count();
    assert!(refused > 0, "the operator was throttled");
    scene.cluster.kubectl(["delete", "flowschema,prioritylevelconfiguration", &*scene.namespace]).await.ok();
    scene.service(SHOP, with_secret(json!({"image": TWO}))).await;
    runs(&scene, TWO).await;
    let (before, after) = (lasting(before), lasting(children(&scene).await));
    assert_eq!(kept(&before, &after).len(), before.len() * SERVICES, "one set for each service: {after:?}");
    witness.saw_nothing_odd(&[2]);
    memory_is_back(scene.operator.as_ref().unwrap(), rss).await;
}

#[tokio::test]
async fn a_storm_of_edits_is_coalesced() {
    let scene = Scene::new("storm").await;
    let witness = Witness::of(&scene).await;
    scene.service(SHOP, json!({})).await;
    scene.ready(SHOP).await;
    let (before, rss) = (children(&scene).await, memory(scene.operator.as_ref().unwrap()));
    let requests = scene.cluster.requests().await;
    let start = requests.mark().await;
    let api: Api<CashService> = scene.api().await;
    let edit = async |n: usize| {
        let edit = json!({"spec": {"image": format!("registry.example.com/shop:{n}")}});
        api.patch(SHOP, &PatchParams::default(), &Patch::Merge(edit)).await.expect("the edit is accepted");
    };
    stream::iter(1..EDITS).for_each_concurrent(8, edit).await;
    edit(EDITS).await;
    runs(&scene, &format!("registry.example.com/shop:{EDITS}")).await;
    let writes = requests.mutating(start).await;
    let count = |resource: &str| {
        writes.iter().filter(|write| ours(&scene, write) && write.resource == resource).count()
    };
    for resource in ["deployments", "controllerrevisions", "cashservices/status"] {
        let made = count(resource);
        assert!(made <= EDITS / 5, "{EDITS} edits led to {made} writes of {resource}");
    }
    witness.saw_nothing_odd(&[2]);
    let after = children(&scene).await;
    let revisions = after.keys().filter(|(kind, _)| kind == "ControllerRevision").count();
    assert!(revisions <= 11, "{revisions} revisions are kept");
    assert_eq!(kept(&lasting(before), &lasting(after)), [""; 0]);
    memory_is_back(scene.operator.as_ref().unwrap(), rss).await;
}

fn bulk(bytes: usize) -> Value {
    json!({"metadata": {"annotations": {"somebody.example.com/bulk": "x".repeat(bytes)}}})
}

#[tokio::test]
async fn a_megabyte_of_annotations_on_children_is_borne() {
    let scene = Scene::new("bulk").await;
    let witness = Witness::of(&scene).await;
    scene.service(SHOP, json!({})).await;
    scene.ready(SHOP).await;
    let (before, rss) = (children(&scene).await, memory(scene.operator.as_ref().unwrap()));
    // The API server takes no megabyte on one object; four times as much as it takes makes one.
    let (all, most) = (bulk(1 << 20), bulk(255 << 10));
    let deployments: Api<Deployment> = scene.api().await;
    assert!(deployments.patch(SHOP, &PatchParams::default(), &Patch::Merge(all)).await.is_err());
    scene.patch::<Deployment>(SHOP, most.clone()).await;
    scene.patch::<Service>(SHOP, most.clone()).await;
    scene.patch::<NetworkPolicy>(SHOP, most.clone()).await;
    scene.patch::<ServiceAccount>(SHOP, most).await;
    scene.service(SHOP, json!({"image": TWO})).await;
    runs(&scene, TWO).await;
    memory_is_back(scene.operator.as_ref().unwrap(), rss).await;
    let requests = scene.cluster.requests().await;
    let start = requests.mark().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let writes: Vec<_> = requests.mutating(start).await.into_iter().filter(|w| ours(&scene, w)).collect();
    assert_eq!(writes, vec![], "nobody fights over annotations of others");
    assert_eq!(kept(&before, &children(&scene).await), ["ControllerRevision/shop-r2"]);
    witness.saw_nothing_odd(&[2]);
}
