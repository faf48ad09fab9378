//! A service under load changes, restarts, shrinks and is drained, and loses no request.

use std::net::SocketAddr;

use csop_shared::api::CashService;
use csop_tests::{
    Cluster,
    load::{Load, Plan, Report},
    node::{NAME as NODE, network::address_of},
    wait,
};
use k8s_openapi::api::{
    core::v1::{Pod, Secret, Service},
    policy::v1::PodDisruptionBudget,
};
use kube::{
    Api, ResourceExt as _,
    api::{ListParams, Patch, PatchParams, PostParams},
};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};

use crate::{
    real::{self, SOON},
    tls,
};

const NAME: &str = "shop";
/// Ends the load of a test that hangs, at the rate of the tests.
const AT_MOST: u32 = 200 * 480;

/// A service of the sample application, with a certificate of the cluster's authority.
struct Shop<'a> {
    cluster: &'a Cluster,
    namespace: String,
    services: Api<CashService>,
    pods: Api<Pod>,
}

impl<'a> Shop<'a> {
    async fn start(cluster: &'a Cluster, namespace: &str, replicas: i32) -> Self {
        let client = cluster.client().await;
        let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
        secrets.create(&PostParams::default(), &tls::secret(cluster, NAME)).await.unwrap();
        cluster.apply(namespace, &manifest(replicas)).await.ok();
        let services = Api::namespaced(client.clone(), namespace);
        real::ready(&services, NAME).await;
        Self { cluster, namespace: namespace.to_owned(), services, pods: Api::namespaced(client, namespace) }
    }

    /// Two hundred requests a second from a pod in the same namespace, half of them each over a connection of its own.
    async fn load(&self, from: &real::Place) -> [Load; 2] {
        let services: Api<Service> = Api::namespaced(self.cluster.client().await, &self.namespace);
        let address = SocketAddr::new(address_of(&services, NAME).await.unwrap(), 443);
        real::accepted(from, address).await;
        let plan = Plan {
            address,
            path: "/work?ms=20".to_owned(),
            tls: Some((ServerName::try_from(NAME).unwrap(), tls::trust(self.cluster))),
            per_second: 150,
            connections: 15,
            requests_per_connection: 200,
            at_most: AT_MOST / 4 * 3,
        };
        let fresh = Plan { per_second: 50, requests_per_connection: 1, at_most: AT_MOST / 4, ..plan.clone() };
        [plan, fresh].map(|plan| Load::start(from.dialer().clone(), plan))
    }

    async fn patch(&self, patch: Value) {
        self.services.patch(NAME, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    /// The pods that are not about to end, and those that are.
    async fn pods(&self) -> (Vec<String>, usize) {
        let labelled = ListParams::default().labels(&format!("app.kubernetes.io/instance={NAME}"));
        let pods = self.pods.list(&labelled).await.unwrap().items;
        let (ending, staying): (Vec<_>, Vec<_>) =
            pods.into_iter().partition(|pod| pod.metadata.deletion_timestamp.is_some());
        (staying.iter().map(Pod::name_any).collect(), ending.len())
    }

    /// Waits until so many pods are there, none of these and none that is about to end, and the service is Ready.
    async fn settled(&self, replicas: usize, replaced: &[String]) {
        wait::until_ok(SOON, "the pods have changed", async || {
            let (staying, ending) = self.pods().await;
            let old = staying.iter().any(|name| replaced.contains(name));
            let done = staying.len() == replicas && ending == 0 && !old;
            if done { Ok(()) } else { Err(format!("{staying:?}, {ending} ending")) }
        })
        .await;
        real::ready(&self.services, NAME).await;
    }
}

fn manifest(replicas: i32) -> String {
    format!(
        "
apiVersion: csop.dev/v1alpha1
kind: CashService
metadata: {{name: {NAME}}}
spec:
  image: registry.example.com/shop:0.1.0
  replicas: {replicas}
  autoscaling: {{mode: Fixed}}
  contract: {{tls: {{secretName: {NAME}-tls}}}}
"
    )
}

async fn report(loads: [Load; 2]) -> Report {
    let [kept, fresh] = loads.map(Load::end);
    let (kept, fresh) = (kept.await, fresh.await);
    assert_eq!(fresh.lost, 0, "with a connection for each request: {fresh}");
    assert_eq!(kept.lost, 0, "with connections that stay open: {kept}");
    // At most each connection once for each pod that ends; a server that drops what it has in hand has more of them.
    assert!(kept.repeated * 20 <= kept.answered, "{kept}");
    kept
}

/// Waits until the load has run for so many requests more.
async fn goes_on(loads: &[Load; 2], more: u32) {
    let before = loads[0].begun();
    wait::until(SOON, "the load goes on", async || (loads[0].begun() >= before + more).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_a_restart_and_fewer_replicas_lose_no_request() {
    let Some(cluster) = real::cluster().await else { return };
    let namespace = cluster.restricted_namespace("load").await;
    let shop = Shop::start(cluster, &namespace, 3).await;
    let client = real::placed(cluster, &namespace, "client").await;
    let loads = shop.load(&client).await;
    goes_on(&loads, 150).await;

    let (first, _) = shop.pods().await;
    shop.patch(json!({"spec": {"env": [{"name": "GREETING", "value": "hello"}]}})).await;
    shop.settled(3, &first).await;

    let (second, _) = shop.pods().await;
    real::csop(cluster, &namespace, &["restart", NAME, "--yes"]).await.ok();
    shop.settled(3, &second).await;

    shop.patch(json!({"spec": {"replicas": 1}})).await;
    shop.settled(1, &[]).await;
    goes_on(&loads, 150).await;
    let kept = report(loads).await;
    assert!(kept.answered > 1000, "{kept}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_of_the_node_leaves_what_the_budget_wants_and_loses_no_request() {
    // Nothing can be scheduled meanwhile, which others would notice.
    let Some(cluster) = real::own().await else { return };
    let namespace = cluster.restricted_namespace("drain").await;
    let shop = Shop::start(&cluster, &namespace, 2).await;
    let client = real::placed(&cluster, &namespace, "client").await;
    let budgets: Api<PodDisruptionBudget> = Api::namespaced(cluster.client().await, &namespace);
    wait::until_ok(SOON, "the budget allows one pod to go", async || {
        let budget = budgets.get(NAME).await.map_err(|error| error.to_string())?;
        let allowed = budget.status.map(|status| status.disruptions_allowed);
        if allowed == Some(1) { Ok(()) } else { Err(format!("{allowed:?}")) }
    })
    .await;
    let loads = shop.load(&client).await;
    goes_on(&loads, 100).await;

    let (before, _) = shop.pods().await;
    let selector = format!("--pod-selector=app.kubernetes.io/instance={NAME}");
    let drain = ["drain", NODE, &selector, "--delete-emptydir-data", "--timeout=10s"];
    let refused = cluster.kubectl(drain).await.error();
    assert!(refused.contains("disruption budget") && refused.contains("global timeout"), "{refused}");
    let (after, _) = shop.pods().await;
    let kept: Vec<_> = after.iter().filter(|name| before.contains(name)).collect();
    assert_eq!(
        (kept.len(), after.len()),
        (1, 2),
        "one went, and the one in its place finds no node: {after:?}"
    );

    cluster.kubectl(["uncordon", NODE]).await.ok();
    shop.settled(2, &[]).await;
    report(loads).await;
}
