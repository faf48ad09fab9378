//! Services that come before the operator, change without it, are paused, broken, deleted; and an operator that ends.

use std::time::{Duration, Instant};

use csop_shared::api::CashService;
use csop_tests::{Cluster, wait};
use k8s_openapi::api::{
    apps::v1::{ControllerRevision, Deployment},
    autoscaling::v2::HorizontalPodAutoscaler,
    core::v1::{Secret, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
};
use kube::Api;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::scene::{SHOP, SOON, Scene, condition, established, message, operator, repository, service};

/// What a node gives the operator to end: terminationGracePeriodSeconds of its Deployment.
const GRACE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn what_happened_while_the_operator_was_away_is_caught_up() {
    let mut scene = Scene::without_operator("away").await;
    scene.service(SHOP, json!({})).await;
    scene.start_operator().await;
    scene.ready(SHOP).await;
    scene.stop_operator().await;
    scene.service(SHOP, json!({"image": "registry.example.com/shop:2"})).await;
    scene.service("other", json!({})).await;
    scene.start_operator().await;
    scene.ready("other").await;
    let shop = scene.until(SHOP, "runs the new image", |s: &CashService| {
        s.status.as_ref().is_some_and(|s| s.image.as_deref() == Some("registry.example.com/shop:2"))
    });
    shop.await;
    scene.ready(SHOP).await;
}

#[tokio::test]
async fn a_deleted_service_leaves_nothing() {
    let scene = Scene::new("nothing").await;
    scene.service(SHOP, json!({"secrets": [{"name": "db", "generate": {"key": {}}}]})).await;
    scene.ready(SHOP).await;
    scene.kubectl(["delete", "csvc", SHOP]).await;
    scene.gone::<Deployment>(SHOP).await;
    scene.gone::<Service>(SHOP).await;
    scene.gone::<ServiceAccount>(SHOP).await;
    scene.gone::<NetworkPolicy>(SHOP).await;
    scene.gone::<HorizontalPodAutoscaler>(SHOP).await;
    scene.gone::<PodDisruptionBudget>(SHOP).await;
    scene.gone::<ControllerRevision>("shop-r1").await;
    scene.gone::<Secret>("shop-db").await;
    scene.gone::<Secret>("shop-csop").await;
}

#[tokio::test]
async fn deletion_needs_no_operator() {
    let mut scene = Scene::new("alone").await;
    scene.service(SHOP, json!({})).await;
    scene.ready(SHOP).await;
    scene.stop_operator().await;
    scene.kubectl(["delete", "csvc", SHOP, "--wait", "--timeout=30s"]).await;
    scene.gone::<Deployment>(SHOP).await;
}

#[tokio::test]
async fn a_paused_service_is_left_alone_until_it_is_resumed() {
    let scene = Scene::new("paused").await;
    scene.service(SHOP, json!({})).await;
    scene.ready(SHOP).await;
    scene.kubectl(["annotate", "csvc", SHOP, "csop.dev/paused=true"]).await;
    scene.condition(SHOP, "Paused", "True", "PausedByAnnotation").await;
    scene.kubectl(["delete", "service", SHOP]).await;
    scene.service(SHOP, json!({"image": "registry.example.com/shop:2"})).await;
    scene.service("witness", json!({})).await;
    scene.ready("witness").await;
    assert!(scene.get::<Service>(SHOP).await.is_none());
    scene.kubectl(["annotate", "csvc", SHOP, "csop.dev/paused-"]).await;
    scene.until(SHOP, "is made again", |_: &Service| true).await;
    scene
        .until(SHOP, "runs the new image", |d: &Deployment| {
            d.spec.as_ref().unwrap().template.spec.as_ref().unwrap().containers[0].image.as_deref()
                == Some("registry.example.com/shop:2")
        })
        .await;
    scene.ready(SHOP).await;
}

#[tokio::test]
async fn the_first_cause_is_named() {
    let scene = Scene::new("causes").await;
    let failing =
        |mode: &str| json!({"annotations": {"test.csop.dev/pod": mode, "test.csop.dev/exit-code": "42"}});
    scene.service("pull", failing("image-pull-backoff")).await;
    scene.service("crash", failing("crash-loop")).await;
    scene.service("unready", failing("not-ready")).await;
    scene.service("root", failing("config-error")).await;
    let pull = scene.condition("pull", "Ready", "False", "ImagePullBackOff").await;
    assert!(
        message(&pull, "Ready").contains("registry.example.com/shop:1.4.2"),
        "{}",
        message(&pull, "Ready")
    );
    let crash = scene.condition("crash", "Ready", "False", "CrashLoopBackOff").await;
    assert!(message(&crash, "Ready").contains("exit code 42"), "{}", message(&crash, "Ready"));
    scene.condition("unready", "Ready", "False", "ReadinessFailing").await;
    let root = scene.condition("root", "Ready", "False", "CreateContainerConfigError").await;
    assert!(message(&root, "Ready").contains("runAsUser"), "{}", message(&root, "Ready"));
    scene.service("huge", json!({"resources": {"requests": {"cpu": "9999"}}})).await;
    scene.condition("huge", "Ready", "False", "Unschedulable").await;
    scene.apply(r#"{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}"#).await;
    scene.service("quota", json!({})).await;
    let quota = scene.condition("quota", "Ready", "False", "ReplicaFailure").await;
    assert!(message(&quota, "Ready").contains("exceeded quota"), "{}", message(&quota, "Ready"));
}

#[tokio::test]
async fn what_the_api_server_refuses_is_said_in_its_own_words() {
    let scene = Scene::new("refused").await;
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"services": "0"}},
    });
    scene.apply(&quota.to_string()).await;
    scene
        .kubectl(["wait", "resourcequota/none", "--for=jsonpath={.status.hard.services}=0", "--timeout=60s"])
        .await;
    scene.service(SHOP, json!({})).await;
    let shop = scene.condition(SHOP, "Ready", "False", "Rejected").await;
    assert!(message(&shop, "Ready").contains("exceeded quota"), "{}", message(&shop, "Ready"));
    scene.kubectl(["delete", "resourcequota", "none"]).await;
    // A refused object is tried again every five minutes, and whenever the spec changes.
    scene.service(SHOP, json!({"labels": {"team": "pay"}})).await;
    scene.ready(SHOP).await;
}

#[tokio::test]
async fn an_unknown_action_is_answered() {
    let scene = Scene::new("action").await;
    scene.service(SHOP, json!({})).await;
    scene.ready(SHOP).await;
    scene.kubectl(["annotate", "csvc", SHOP, r#"csop.dev/action={"verb": "promote", "id": "1"}"#]).await;
    scene
        .until(SHOP, "answers", |s: &CashService| {
            s.status
                .as_ref()
                .and_then(|s| s.last_action.as_ref())
                .is_some_and(|a| a.id == "1" && a.message.contains("promote"))
        })
        .await;
}

#[tokio::test]
async fn a_broken_service_and_one_from_the_future_stall_nobody() {
    let cluster = Cluster::with(&["--without-metrics"]);
    let text = std::fs::read_to_string(repository("crds/cashservices.csop.dev.yaml")).unwrap();
    let mut crd: Value = serde_yaml::from_str(&text).unwrap();
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] =
        json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    cluster.apply("default", &crd.to_string()).await.ok();
    for other in ["generalscalers", "cashservicescheduledscales"] {
        let text = std::fs::read_to_string(repository(&format!("crds/{other}.csop.dev.yaml"))).unwrap();
        cluster.apply("default", &text).await.ok();
    }
    established(&cluster).await;
    cluster.apply("default", &service("broken", json!({"env": "three"})).to_string()).await.ok();
    cluster.apply("default", &service("future", json!({"warpDrive": {"factor": 9}})).to_string()).await.ok();
    cluster.apply("default", &service("good", json!({})).to_string()).await.ok();
    let operator = operator(cluster.kubeconfig(), &[]).await;
    let api: Api<kube::api::DynamicObject> = {
        let resource = kube::api::ApiResource::erase::<CashService>(&());
        Api::namespaced_with(cluster.client().await, "default", &resource)
    };
    for (name, reason) in [("good", "Ready"), ("future", "Ready"), ("broken", "Undecodable")] {
        wait::until(SOON, &format!("{name} is {reason}\n{}", operator.log()), async || {
            let object = api.get(name).await.ok()?;
            let conditions = object.data["status"]["conditions"].as_array()?.clone();
            conditions.iter().any(|c| c["type"] == "Ready" && c["reason"] == reason).then_some(())
        })
        .await;
    }
    cluster.apply("default", &service("broken", json!({"env": []})).to_string()).await.ok();
    let mended: Api<CashService> = Api::namespaced(cluster.client().await, "default");
    wait::until(SOON, "the mended service is served", async || {
        condition(&mended.get("broken").await.ok()?, "Ready").filter(|(status, _)| status == "True")
    })
    .await;
}

/// The answer to a GET request, head and body.
async fn fetch(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_operator_waits_for_its_crd_and_serves_probes_and_metrics() {
    let cluster = Cluster::with(&["--without-metrics"]);
    let program = csop_tests::binaries::up_to_date("csop-operator", "csop-operator").unwrap();
    let mut command = std::process::Command::new(program);
    command.env("KUBECONFIG", cluster.kubeconfig()).args(["--listen=127.0.0.1:0", "--log-format=json"]);
    let mut operator = csop_tests::Process::start("csop-operator", &command);
    operator.wrote(SOON, "CustomResourceDefinition").await;
    assert!(operator.is_running());
    cluster.kubectl(["apply", "--filename", &repository("crds").display().to_string()]).await.ok();
    established(&cluster).await;
    cluster.apply("default", &service(SHOP, json!({})).to_string()).await.ok();
    let api: Api<CashService> = Api::namespaced(cluster.client().await, "default");
    wait::until(SOON, &format!("the service is served\n{}", operator.log()), async || {
        condition(&api.get(SHOP).await.ok()?, "Ready").filter(|(status, _)| status == "True")
    })
    .await;
    for line in operator.log().lines() {
        let parsed: Result<Value, _> = serde_json::from_str(line);
        assert!(parsed.is_ok(), "every line is JSON: {line}");
    }
    let log = operator.log();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let address = lines
        .into_iter()
        .find_map(|l| l["address"].as_str().map(str::to_owned))
        .expect("the log names the address");
    assert!(fetch(&address, "/healthz").await.contains(" 200 "));
    assert!(fetch(&address, "/readyz").await.contains(" 200 "));
    let metrics = fetch(&address, "/metrics").await;
    for name in ["csop_reconcile_total{", "csop_reconcile_seconds_bucket{", "csop_apply_total{"] {
        assert!(metrics.contains(name), "{name} is missing:\n{metrics}");
    }
    assert!(!metrics.contains(SHOP), "no label holds an object's name");

    operator.signal(Signal::SIGTERM);
    let begin = Instant::now();
    assert!(operator.ended(SOON).await.success());
    assert!(begin.elapsed() < GRACE, "the operator ends before a node kills it");
}
