//! Where the operator looks: one namespace with only a Role, several, or the whole cluster as installed from the manifests.

use csop_tests::{Cluster, wait};
use serde_json::{Value, json};

use crate::scene::{SHOP, SOON, Scene, established, install_role, operator, repository, service};

#[tokio::test]
async fn a_role_in_one_namespace_is_enough() {
    let mut scene = Scene::new("role").await;
    scene.service(SHOP, json!({"secrets": [{"name": "db", "generate": {"key": {}}}]})).await;
    scene.ready(SHOP).await;
    let log = scene.stop_operator().await;
    for word in ["orbidden", "cannot list", "ERROR", "WARN"] {
        assert!(!log.contains(word), "the log speaks of {word}:\n{log}");
    }
}

#[tokio::test]
async fn several_namespaces_with_a_role_in_each_are_served_and_no_other() {
    let scene = Scene::without_operator("first").await;
    let (second, third) = (scene.cluster.namespace("second").await, scene.cluster.namespace("third").await);
    install_role(scene.cluster, &second, &scene.namespace).await;
    for namespace in [&*scene.namespace, &*second, &*third] {
        scene.cluster.apply(namespace, &service(SHOP, json!({})).to_string()).await.ok();
    }
    let both = format!("--namespace={},{}", &*scene.namespace, &*second);
    let operator = operator(&scene.kubeconfig, &[&both]).await;
    scene.ready(SHOP).await;
    let status = async |namespace: &str| {
        scene.cluster.kubectl(["get", "csvc", SHOP, "--no-headers", "--namespace", namespace]).await.ok()
    };
    wait::until(SOON, "the second namespace is served", async || {
        status(&second).await.contains(" Ready ").then_some(())
    })
    .await;
    assert!(!status(&third).await.contains("Ready"));
    assert!(!operator.log().contains("orbidden"), "{}", operator.log());
}

#[tokio::test]
async fn a_cluster_wide_install_serves_every_namespace() {
    let cluster = Cluster::with(&["--without-metrics"]);
    let manifest = repository("manifests/install.yaml").display().to_string();
    cluster.kubectl(["apply", "--server-side", "--filename", &manifest]).await.ok();
    established(&cluster).await;
    let (namespace, account) = account(&std::fs::read_to_string(&manifest).unwrap());
    let kubeconfig = cluster.kubeconfig_for_service_account(&namespace, &account).await;
    let operator = operator(&kubeconfig, &[]).await;
    for name in ["one", "two"] {
        cluster.kubectl(["create", "namespace", name]).await.ok();
        for n in 0..3 {
            cluster.apply(name, &service(&format!("shop-{n}"), json!({})).to_string()).await.ok();
        }
    }
    wait::until(SOON, &format!("six services are ready\n{}", operator.log()), async || {
        let table = cluster.kubectl(["get", "csvc", "--all-namespaces", "--no-headers"]).await.ok();
        (table.lines().filter(|l| l.contains(" Ready ")).count() == 6).then_some(())
    })
    .await;
    assert!(!operator.log().contains("orbidden"), "{}", operator.log());
}

fn account(manifest: &str) -> (String, String) {
    let documents = serde_yaml::Deserializer::from_str(manifest);
    let objects = documents.map(|d| <Value as serde::Deserialize>::deserialize(d).unwrap());
    let account = objects
        .into_iter()
        .find(|o| o["kind"] == "ServiceAccount")
        .expect("the manifest has a ServiceAccount");
    let text = |key: &str| account["metadata"][key].as_str().unwrap().to_owned();
    (text("namespace"), text("name"))
}
