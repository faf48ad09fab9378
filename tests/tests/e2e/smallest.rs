//! The smallest service, and the examples.

use csop_shared::{api::CashService, names::labels};
use k8s_openapi::api::{
    apps::v1::{ControllerRevision, Deployment},
    autoscaling::v2::HorizontalPodAutoscaler,
    core::v1::{Pod, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
};
use kube::{ResourceExt, api::ListParams};
use serde_json::{Value, json};

use crate::scene::{SHOP, Scene, repository};

#[tokio::test]
async fn the_smallest_service_yields_all_objects_owned_labelled_and_ready() {
    let scene = Scene::new("smallest").await;
    let manifest = std::fs::read_to_string(repository("examples/smallest.yaml")).unwrap();
    scene.apply(&manifest).await;
    let shop = scene.ready(SHOP).await;

    let children: Vec<(&str, Box<dyn ResourceLike>)> = vec![
        ("Deployment", Box::new(scene.get::<Deployment>(SHOP).await.unwrap())),
        ("HorizontalPodAutoscaler", Box::new(scene.get::<HorizontalPodAutoscaler>(SHOP).await.unwrap())),
        ("NetworkPolicy", Box::new(scene.get::<NetworkPolicy>(SHOP).await.unwrap())),
        ("Service", Box::new(scene.get::<Service>(SHOP).await.unwrap())),
        ("ServiceAccount", Box::new(scene.get::<ServiceAccount>(SHOP).await.unwrap())),
        ("PodDisruptionBudget", Box::new(scene.get::<PodDisruptionBudget>(SHOP).await.unwrap())),
        ("ControllerRevision", Box::new(scene.get::<ControllerRevision>("shop-r1").await.unwrap())),
    ];
    for (kind, child) in &children {
        let owner = child
            .owners()
            .into_iter()
            .find(|o| o.controller == Some(true))
            .unwrap_or_else(|| panic!("{kind} has a controller"));
        assert_eq!((owner.kind.as_str(), Some(owner.uid)), ("CashService", shop.uid()), "{kind}");
        let found = child.label_map();
        for (label, value) in [
            (labels::NAME, SHOP),
            (labels::INSTANCE, SHOP),
            (labels::COMPONENT, "server"),
            (labels::MANAGED_BY, "csop"),
            (labels::PART_OF, SHOP),
            (labels::SERVICE, SHOP),
        ] {
            assert_eq!(found.get(label).map(String::as_str), Some(value), "{kind}: {label}");
        }
    }
    let pods = scene.api::<Pod>().await.list(&ListParams::default()).await.unwrap();
    assert_eq!(pods.items.len(), 2, "the namespace enforces the restricted profile and admits the pods");

    let status = shop.status.unwrap();
    assert_eq!(status.ready.as_deref(), Some("2/2"));
    let bounds = status.bounds.unwrap();
    assert_eq!((bounds.min, bounds.max), (2, Some(10)));
    assert_eq!(status.url, Some(format!("https://shop.{}.svc", scene.namespace)));
    let table = scene.kubectl(["get", "csvc"]).await;
    let row: Vec<_> = table.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..6], ["shop", "registry.example.com/shop:1.4.2", "2/2", "2", "10", "Ready"], "{table}");
}

#[tokio::test]
async fn numbers_and_the_order_of_variables_reach_the_container_and_no_maximum_is_none() {
    let scene = Scene::new("details").await;
    let spec = |env: &[&str]| {
        let env: Vec<_> =
            env.iter().map(|name| json!({"name": name, "value": format!("of {name}")})).collect();
        json!({"env": env, "resources": {"requests": {"cpu": 0.5}}, "autoscaling": {"mode": "External"}})
    };
    for order in [&["A", "B", "C"][..], &["C", "A", "B"], &["B", "NEW", "C"]] {
        scene.service(SHOP, spec(order)).await;
        scene
            .until::<Deployment>(SHOP, "the variables in the order of the spec", |live| {
                let container = &live.spec.as_ref().unwrap().template.spec.as_ref().unwrap().containers[0];
                let names = container.env.iter().flatten().map(|e| e.name.as_str());
                let cpu = container.resources.as_ref().and_then(|r| r.requests.as_ref()?.get("cpu"));
                names.eq(order.iter().copied()) && cpu.is_some_and(|cpu| cpu.0 == "500m")
            })
            .await;
    }
    let bounds = scene.ready(SHOP).await.status.unwrap().bounds.unwrap();
    assert_eq!((bounds.min, bounds.max), (2, None));
}

#[tokio::test]
async fn every_example_becomes_ready() {
    let scene = Scene::new("examples").await;
    for (secret, key) in
        [("shop-certificate", "tls.crt"), ("shop-database", "url"), ("payments-api", "token")]
    {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": secret}, "stringData": {key: "x"}});
        scene.apply(&secret.to_string()).await;
    }
    let mut tried = 0;
    for file in std::fs::read_dir(repository("examples")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let rendered = scene.csop(["render", "-f", &path.display().to_string()]).await.ok();
        assert!(rendered.contains("kind: Deployment"), "{rendered}");
        scene.apply(&text).await;
        for document in serde_yaml::Deserializer::from_str(&text) {
            let object: Value = serde::Deserialize::deserialize(document).unwrap();
            if object["kind"] == "CashService" {
                let name = object["metadata"]["name"].as_str().unwrap();
                scene.ready(name).await;
                scene.kubectl(["delete", "csvc", name]).await;
                scene.gone::<Deployment>(name).await;
                tried += 1;
            }
        }
    }
    assert!(tried >= 4, "the smallest service and each preset have an example");
}

#[tokio::test]
async fn a_worker_has_no_service_and_takes_no_traffic() {
    let scene = Scene::new("worker").await;
    scene.service(SHOP, serde_json::json!({"contract": {"type": "Worker"}})).await;
    let shop: CashService = scene.ready(SHOP).await;
    assert_eq!(shop.status.unwrap().url, None);
    assert!(scene.get::<Service>(SHOP).await.is_none());
    let policy = scene.get::<NetworkPolicy>(SHOP).await.unwrap().spec.unwrap();
    assert_eq!(policy.ingress.unwrap_or_default(), vec![], "nothing comes in");
}

/// What the assertions read of any child.
trait ResourceLike {
    fn owners(&self) -> Vec<k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference>;
    fn label_map(&self) -> std::collections::BTreeMap<String, String>;
}

impl<K: ResourceExt> ResourceLike for K {
    fn owners(&self) -> Vec<k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference> {
        self.owner_references().to_vec()
    }

    fn label_map(&self) -> std::collections::BTreeMap<String, String> {
        self.labels().clone()
    }
}
