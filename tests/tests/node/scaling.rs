//! Real containers are scaled by what they really do.

use std::{fs, net::SocketAddr, path::Path};

use csop_tests::{
    images,
    load::{Load, Plan},
    node::network::address_of,
    servers::redis,
    wait,
};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Pod, Secret, Service},
};
use kube::{
    Api,
    api::{ListParams, PostParams},
};
use rustls::pki_types::ServerName;

use crate::{
    real::{self, SOON},
    site::Site,
    tls,
};

/// What a Deployment wants and has.
async fn counts(site: &Site, deployment: &str) -> (i32, i32) {
    let api: Api<Deployment> = Api::namespaced(site.cluster.client().await, &site.namespace);
    let found = api.get(deployment).await.unwrap();
    let wanted = found.spec.and_then(|spec| spec.replicas).unwrap_or_default();
    (wanted, found.status.and_then(|status| status.ready_replicas).unwrap_or_default())
}

async fn reaches(site: &Site, deployment: &str, what: &str, enough: impl Fn(i32, i32) -> bool) {
    wait::until_ok(SOON * 2, &format!("{deployment} has {what}"), async || {
        let (wanted, ready) = counts(site, deployment).await;
        if enough(wanted, ready) { Ok(()) } else { Err(format!("{wanted} wanted, {ready} ready")) }
    })
    .await;
}

/// A load on a service, from a pod beside it; over HTTPS at the port of that.
async fn load(site: &Site, service: &'static str, port: u16, path: &str, per_second: u32) -> Load {
    let services: Api<Service> = Api::namespaced(site.cluster.client().await, &site.namespace);
    let address = SocketAddr::new(address_of(&services, service).await.unwrap(), port);
    let from = real::placed(site.cluster, &site.namespace, "client").await;
    real::accepted(&from, address).await;
    let plan = Plan {
        address,
        path: path.to_owned(),
        tls: (port == 443).then(|| (ServerName::try_from(service).unwrap(), tls::trust(site.cluster))),
        per_second,
        connections: 10,
        // So that new pods get their share.
        requests_per_connection: 10,
        at_most: per_second * 240,
    };
    Load::start(from.dialer().clone(), plan)
}

fn example(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/apps").join(path);
    fs::read_to_string(path).unwrap()
}

/// The text with each of these in it replaced.
fn changed(mut text: String, changes: &[(&str, &str)]) -> String {
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in {text}");
        text = text.replace(from, to);
    }
    text
}

/// A real Redis and a real Prometheus in pods, and the name by which the latter finds http-app: as in the demo.
const SERVERS: &str = include_str!("../../src/demo/manifests/servers.yaml");

async fn servers(site: &Site) {
    let images = images::debian::servers().unwrap();
    images::registry::provide(&images, site.cluster.registry().unwrap()).unwrap();
    site.cluster.apply(&site.namespace, SERVERS).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_autoscaler_follows_real_cpu_up_and_down() {
    let Some(site) = Site::new("cpu").await else { return };
    let manifest = "
apiVersion: csop.dev/v1alpha1
kind: CashService
metadata: {name: shop}
spec:
  image: registry.example.com/shop:0.1.0
  autoscaling: {minReplicas: 1, maxReplicas: 3}
  resources: {requests: {cpu: 50m, memory: 32Mi}}
  contract: {tls: {secretName: shop-tls}}
";
    let secrets: Api<Secret> = Api::namespaced(site.cluster.client().await, &site.namespace);
    secrets.create(&PostParams::default(), &tls::secret(site.cluster, "shop")).await.unwrap();
    site.cluster.apply(&site.namespace, manifest).await.ok();
    site.ready("shop").await;
    // 300 milliseconds of CPU a second, six times what one pod asks for.
    let load = load(&site, "shop", 443, "/burn?ms=15", 20).await;
    reaches(&site, "shop", "three pods", |_, ready| ready == 3).await;
    let report = load.end().await;
    assert_eq!(report.lost, 0, "{report}");
    reaches(&site, "shop", "one pod again", |wanted, ready| (wanted, ready) == (1, 1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_of_a_real_queue_come_from_nothing_and_go_when_it_is_empty() {
    let Some(site) = Site::new("queue").await else { return };
    servers(&site).await;
    reaches(&site, "redis", "a pod", |_, ready| ready == 1).await;
    // As the example has it, but more impatient.
    let scaler = [
        ("intervalSeconds: 5", "intervalSeconds: 1"),
        ("idleSeconds: 60", "idleSeconds: 3"),
        ("scaleDownCooldownSeconds: 30", "scaleDownCooldownSeconds: 0"),
        ("down: 60", "down: 2"),
    ];
    let worker = [("readinessProbe:\n", "readinessProbe:\n          periodSeconds: 1\n")];
    for (path, changes) in [("deployment.yaml", &worker[..]), ("scaler.yaml", &scaler)] {
        let manifest = changed(example(&format!("redis-worker/{path}")), changes);
        site.cluster.apply(&site.namespace, &manifest).await.ok();
    }
    reaches(&site, "redis-worker", "no pod without any job", |wanted, ready| (wanted, ready) == (0, 0)).await;

    let client = redis::CLIENT.find().unwrap().display().to_string();
    let cli = async |arguments: &[&str]| {
        let exec = ["exec", "deployment/redis", "--namespace", &*site.namespace, "--", &client];
        let output = site.cluster.kubectl(exec.iter().chain(arguments).copied()).await;
        output.ok().trim().to_owned()
    };
    // Of 150 milliseconds each: about fifteen seconds for all eight workers.
    let jobs: Vec<String> = (0..800).map(|job| job.to_string()).collect();
    let push: Vec<&str> = ["rpush", "jobs"].into_iter().chain(jobs.iter().map(String::as_str)).collect();
    assert_eq!(cli(&push).await, "800");
    reaches(&site, "redis-worker", "some pods", |_, ready| ready >= 2).await;
    let explained = site.csop(&["scaler", "status", "redis-worker", "--explain"]).await.ok();
    assert!(explained.contains("jobs"), "{explained}");
    reaches(&site, "redis-worker", "no pod again", |wanted, ready| (wanted, ready) == (0, 0)).await;
    assert_eq!(cli(&["llen", "jobs"]).await, "0");
    let pods: Api<Pod> = Api::namespaced(site.cluster.client().await, &site.namespace);
    wait::until_ok(SOON, "the last worker has gone", async || {
        let workers = pods.list(&ListParams::default().labels("app=redis-worker")).await.unwrap().items;
        if workers.is_empty() { Ok(()) } else { Err(workers.len().to_string()) }
    })
    .await;
}

const REQUESTS: &str = "
apiVersion: csop.dev/v1alpha1
kind: GeneralScaler
metadata: {name: http-app}
spec:
  targetDeployment: http-app
  maxReplicas: 4
  intervalSeconds: 1
  metrics:
  - name: requests
    type: prometheus
    config: {serverAddress: 'http://prometheus:9090', query: 'sum(rate(http_requests_total[5s]))'}
    mode: PerReplica
    targetValue: 10
  safety: {cooldownSeconds: 0, stabilizationWindowSeconds: {down: 10}}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_http_server_follows_what_a_real_prometheus_has_scraped() {
    let Some(site) = Site::new("requests").await else { return };
    servers(&site).await;
    site.cluster.apply(&site.namespace, &example("http-app/deployment.yaml")).await.ok();
    site.cluster.apply(&site.namespace, REQUESTS).await.ok();
    reaches(&site, "prometheus", "a pod", |_, ready| ready == 1).await;
    reaches(&site, "http-app", "one pod", |wanted, ready| (wanted, ready) == (1, 1)).await;
    let load = load(&site, "http-app", 80, "/work?ms=5", 35).await;
    reaches(&site, "http-app", "four pods", |_, ready| ready == 4).await;
    let report = load.end().await;
    assert_eq!(report.lost, 0, "{report}");
    reaches(&site, "http-app", "one pod again", |wanted, ready| (wanted, ready) == (1, 1)).await;
}
