//! What tests on the real node share.

use std::{
    io::{self, Write as _},
    path::Path,
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use csop_shared::api::CashService;
use csop_tests::{Cluster, Process, binaries, definitions, node};
use kube::CustomResourceExt as _;
use tokio::sync::Mutex;

/// Ends a hopeless wait.
pub const SOON: Duration = Duration::from_secs(120);

/// Whether this machine can run a real node. Where it cannot, one line says why.
pub fn may_run() -> bool {
    let missing = node::missing();
    if let Some(reason) = &missing {
        // Past the test runner, which shows only what failed tests print.
        let _ = writeln!(io::stderr(), "skipped, this machine cannot run a real node: {reason}");
    }
    missing.is_none()
}

/// The cluster of these tests, whose only node is a real one; nothing where there can be none.
pub fn cluster() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    may_run().then(|| SHARED.get_or_init(|| Cluster::with(&["--real-node", "--nodes", "0"])))
}

/// Brings the programs under test up to date, once.
fn programs() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| binaries::of_workspace_up_to_date(&["csop-operator", "kubectl-csop"]).unwrap());
}

/// An operator for this namespace, beside the cluster.
pub async fn operator(cluster: &Cluster, namespace: &str) -> Process {
    static ONE: Mutex<()> = Mutex::const_new(());
    // Those who share a cluster would disturb each other.
    let one = ONE.lock().await;
    let crds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds").display().to_string();
    cluster.kubectl(["apply", "--filename", &crds]).await.ok();
    definitions::established(&cluster.client().await, CashService::crd_name()).await.unwrap();
    programs();
    drop(one);
    let mut command = Command::new(binaries::beside_tests("csop-operator").unwrap());
    command.env("KUBECONFIG", cluster.kubeconfig());
    command.args(["--listen=127.0.0.1:0", &format!("--namespace={namespace}")]);
    let mut operator = Process::start("csop-operator", &command);
    operator.wrote(SOON, "caches are filled").await;
    operator
}
