//! The control plane fails in its own ways, under two replicas of the operator as the manifests install them.

use std::{sync::OnceLock, time::Duration};

use csop_shared::api::CashService;
use csop_tests::{Cluster, Process, orders::Act, wait};
use k8s_openapi::api::{coordination::v1::Lease, core::v1::ConfigMap};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::{
    scene::{SHOP, SOON, Scene, apply_crds, established, operator, repository, service},
    witness::{Witness, children, kept, memory, memory_is_back},
};

const API_SERVER: &str = "kube-apiserver";
/// How long the API server is away: longer than the lease.
const OUTAGE: Duration = Duration::from_secs(20);
/// How long etcd hangs.
const HANG: Duration = Duration::from_secs(10);
/// After an outage everything has to find together again, the control plane's own parts too.
const LATER: Duration = Duration::from_secs(120);

/// A namespace with a service, on a control plane with two replicas of the operator for all namespaces.
struct Stage {
    scene: Scene,
    witness: Witness,
    replicas: [Process; 2],
    memory: [u64; 2],
    edits: u32,
}

/// Ends with the test process, as the shared one does.
fn cluster() -> &'static Cluster {
    static OWN: OnceLock<Cluster> = OnceLock::new();
    OWN.get_or_init(|| Cluster::with(&["--without-metrics", "--nodes=1", "--compaction-interval=1s"]))
}

impl Stage {
    async fn new() -> Self {
        let cluster = cluster();
        let manifest = repository("manifests/install.yaml").display().to_string();
        cluster.kubectl(["apply", "--server-side", "--filename", &manifest]).await.ok();
        established(cluster).await;
        let kubeconfig = cluster.kubeconfig_for_service_account("csop-system", "csop-operator").await;
        let start = async |identity: &str| {
            let identity = format!("--identity={identity}");
            let log = "--log-level=info,csop_operator=debug";
            let flags =
                ["--leader-elect", "--lease-namespace=csop-system", "--lease-duration=9", log, &identity];
            operator(&kubeconfig, &flags).await
        };
        let replicas = [start("first").await, start("second").await];
        let scene = Scene::on(cluster, "faults").await;
        let witness = Witness::of(&scene).await;
        let mut stage = Self { scene, witness, replicas, memory: [0; 2], edits: 0 };
        stage.edit().await;
        stage.runs().await;
        stage.memory = stage.replicas.each_ref().map(memory);
        stage
    }

    fn image(&self) -> String {
        format!("registry.example.com/shop:{}", self.edits)
    }

    /// Changes the service.
    async fn edit(&mut self) {
        self.edits += 1;
        let spec = json!({"image": self.image(), "secrets": [{"name": "db", "generate": {"key": {}}}]});
        self.scene.service(SHOP, spec).await;
    }

    /// Waits until the last change has arrived.
    async fn runs(&self) {
        let (api, image) = (self.scene.api::<CashService>().await, self.image());
        wait::until_ok(LATER, &format!("{image} runs"), async || {
            let service = api.get(SHOP).await.map_err(|error| error.to_string())?;
            match service
                .status
                .is_some_and(|s| s.image.as_ref() == Some(&image) && s.ready.as_deref() == Some("2/2"))
            {
                true => Ok(()),
                false => Err(self.replicas.each_ref().map(Process::log).join("\n")),
            }
        })
        .await;
    }

    /// After a fault, the service follows changes as before, with the same children and the same processes.
    async fn is_well(&mut self, before: &crate::witness::Objects) {
        self.edit().await;
        self.runs().await;
        let new = kept(before, &children(&self.scene).await);
        assert!(new.iter().all(|name| name.starts_with("ControllerRevision/shop-r")), "{new:?}");
        self.witness.saw_nothing_odd(&[2]);
        for (replica, before) in self.replicas.iter_mut().zip(self.memory) {
            assert!(replica.is_running(), "{}", replica.log());
            memory_is_back(replica, before).await;
        }
    }

    async fn leader(&self) -> Option<usize> {
        let leases: Api<Lease> = Api::namespaced(self.scene.cluster.client().await, "csop-system");
        let holder = leases.get("csop-operator").await.ok()?.spec?.holder_identity?;
        ["first", "second"].iter().position(|name| *name == holder)
    }

    /// Waits until the API server answers, or no longer does.
    async fn answers(&self, wanted: bool) {
        let client = self.scene.cluster.client().await;
        wait::until(LATER, &format!("the API server answers: {wanted}"), async || {
            let ask = http::Request::get("/readyz").body(vec![]).expect("a fixed request is valid");
            let answer = tokio::time::timeout(Duration::from_secs(2), client.request_text(ask)).await;
            (matches!(answer, Ok(Ok(_))) == wanted).then_some(())
        })
        .await;
    }

    async fn restart_api_server(&self, away: Duration) {
        self.scene.cluster.order(Act::Stop, API_SERVER);
        self.answers(false).await;
        tokio::time::sleep(away).await;
        self.scene.cluster.order(Act::Start, API_SERVER);
        self.answers(true).await;
    }
}

#[tokio::test]
async fn the_operator_outlives_failures_of_its_control_plane() {
    let mut stage = Stage::new().await;
    the_api_server_is_away(&mut stage).await;
    etcd_hangs(&mut stage).await;
    history_is_cut_off(&mut stage).await;
    a_namespace_is_deleted(&mut stage).await;
    the_crd_is_removed(&mut stage).await;
}

async fn the_api_server_is_away(stage: &mut Stage) {
    let before = children(&stage.scene).await;
    let led = stage.leader().await.expect("somebody leads");
    stage.restart_api_server(OUTAGE).await;
    assert!(stage.replicas[led].log().contains("no longer leading"), "{}", stage.replicas[led].log());
    stage.is_well(&before).await;
}

async fn etcd_hangs(stage: &mut Stage) {
    let before = children(&stage.scene).await;
    stage.scene.cluster.order(Act::Pause, "etcd");
    stage.answers(false).await;
    tokio::time::sleep(HANG).await;
    stage.scene.cluster.order(Act::Resume, "etcd");
    stage.answers(true).await;
    stage.is_well(&before).await;
}

/// The watches go on from a place that nobody remembers any more (410), and what happened since is found all the same.
async fn history_is_cut_off(stage: &mut Stage) {
    let before = children(&stage.scene).await;
    let marks = stage.replicas.each_ref().map(|replica| replica.log().len());
    stage.replicas.iter().for_each(|replica| replica.signal(Signal::SIGSTOP));
    stage.edit().await;
    let maps: Api<ConfigMap> = stage.scene.api().await;
    for n in 0..20 {
        // Something of every kind that a watch would be told of: a history that goes on.
        let labels = json!({"app.kubernetes.io/managed-by": "csop"});
        let map = json!({"metadata": {"name": format!("other-{n}"), "labels": labels}});
        let map: ConfigMap = serde_json::from_value(map).expect("a fixed object has its kind's shape");
        maps.create(&PostParams::default(), &map).await.expect("the object is made");
        maps.delete(&format!("other-{n}"), &DeleteParams::default()).await.expect("the object is deleted");
    }
    // A new API server remembers nothing, and etcd no more than the last seconds.
    stage.restart_api_server(Duration::from_secs(3)).await;
    stage.replicas.iter().for_each(|replica| replica.signal(Signal::SIGCONT));
    stage.runs().await;
    for (replica, mark) in stage.replicas.iter().zip(marks) {
        wait::until(SOON, "a watch was told that its place is gone", async || {
            replica.log()[mark..].contains("a watch begins anew").then_some(())
        })
        .await;
    }
    stage.is_well(&before).await;
}

/// A namespace takes its time to go; nothing is to be made in it, and others are served meanwhile.
async fn a_namespace_is_deleted(stage: &mut Stage) {
    let before = children(&stage.scene).await;
    let cluster = stage.scene.cluster;
    cluster.kubectl(["create", "namespace", "doomed"]).await.ok();
    let all: Vec<_> = (0..5).map(|n| service(&format!("shop-{n}"), json!({})).to_string()).collect();
    cluster.apply("doomed", &all.join("\n---\n")).await.ok();
    cluster.apply("doomed", r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "anchor", "finalizers": ["test.csop.dev/hold"]}}"#).await.ok();
    wait::until_ok(LATER, "five services are ready", async || {
        let table = cluster.kubectl(["get", "csvc", "--namespace=doomed", "--no-headers"]).await.ok();
        match table.lines().filter(|line| line.contains(" Ready ")).count() {
            5 => Ok(()),
            _ => Err(table),
        }
    })
    .await;
    let requests = cluster.requests().await;
    let start = requests.mark().await;
    cluster.kubectl(["delete", "namespace", "doomed", "--wait=false"]).await.ok();
    wait::until(LATER, "its services are gone", async || {
        let left = cluster.kubectl(["get", "csvc", "--namespace=doomed", "--output=name"]).await.ok();
        left.trim().is_empty().then_some(())
    })
    .await;
    stage.is_well(&before).await;
    let tries =
        requests.all(start).await.into_iter().filter(|w| w.namespace == "doomed" && w.user.contains("csop"));
    let refused = tries.filter(|write| write.code >= 400).count();
    assert!(refused <= 100, "{refused} requests were refused");
    let free = json!({"metadata": {"finalizers": null}});
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client().await, "doomed");
    maps.patch("anchor", &PatchParams::default(), &Patch::Merge(free)).await.expect("the anchor is lifted");
}

/// With the CRD all services go, and their children after them; when it is there again, so is the operator.
async fn the_crd_is_removed(stage: &mut Stage) {
    let cluster = stage.scene.cluster;
    cluster.kubectl(["delete", "crd", "cashservices.csop.dev"]).await.ok();
    wait::until(LATER, "the children are gone", async || {
        children(&stage.scene).await.is_empty().then_some(())
    })
    .await;
    apply_crds(cluster).await;
    // A service of the same name is another one, with a Secret of its own.
    stage.witness = Witness::of(&stage.scene).await;
    stage.edit().await;
    stage.runs().await;
    let made = children(&stage.scene).await;
    stage.is_well(&made).await;
    let secrets = made.iter().filter(|((kind, _), _)| kind == "Secret").map(|(_, secret)| secret);
    assert!(secrets.map(|secret| &secret["data"]).all(|data| *data != Value::Null));
}
