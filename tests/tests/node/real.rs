//! What tests on the real node share.

use std::{
    fs,
    io::{self, Write as _},
    net::{AddrParseError, IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use csop_shared::{api::CashService, conditions};
use csop_tests::{
    Cluster, Process, binaries, definitions, images,
    kubectl::Output,
    node::{self, Dialer},
    wait,
};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, CustomResourceExt as _, ResourceExt as _, api::ListParams};
use tokio::sync::OnceCell;

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

/// The cluster of these tests, whose only node is a real one, with csop installed in it as a user would; nothing where there
/// can be none.
pub async fn cluster() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    if !may_run() {
        return None;
    }
    let cluster = SHARED.get_or_init(|| Cluster::with(&["--real-node", "--nodes", "0"]));
    INSTALLED.get_or_init(async || install(cluster).await).await;
    Some(cluster)
}

/// Such a cluster of the test's own.
pub async fn own() -> Option<Cluster> {
    if !may_run() {
        return None;
    }
    let cluster = Cluster::with(&["--real-node", "--nodes", "0"]);
    install(&cluster).await;
    Some(cluster)
}

/// Puts the images into the registry, and installs csop from its manifest.
async fn install(cluster: &Cluster) {
    programs();
    images::registry::provide(&images::for_tests().unwrap(), cluster.registry().unwrap()).unwrap();
    let manifest =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/install.yaml").display().to_string();
    cluster.kubectl(["apply", "--server-side", "--filename", &manifest]).await.ok();
    let status =
        ["rollout", "status", "deployment/csop-operator", "--namespace=csop-system", "--timeout=120s"];
    cluster.kubectl(status).await.ok();
}

/// The plugin's command line, as the administrator in a namespace of a cluster that has csop.
pub fn plugin(cluster: &Cluster, namespace: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binaries::beside_tests("kubectl-csop").unwrap());
    command.env("KUBECONFIG", cluster.kubeconfig()).args(arguments).args(["--namespace", namespace]);
    command
}

/// Runs the plugin.
pub async fn csop(cluster: &Cluster, namespace: &str, arguments: &[&str]) -> Output {
    let command = plugin(cluster, namespace, arguments);
    let output = tokio::process::Command::from(command).output().await.unwrap();
    Output::of(format!("kubectl csop {}", arguments.join(" ")), &output)
}

/// Brings the programs under test up to date, once. It may take minutes: to be called where no wait counts them.
fn programs() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| binaries::of_workspace_up_to_date(&["csop-operator", "kubectl-csop"]).unwrap());
}

/// An operator for this namespace, beside the cluster.
pub async fn operator(cluster: &Cluster, namespace: &str) -> Process {
    let crds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds").display().to_string();
    cluster.kubectl(["apply", "--server-side", "--filename", &crds]).await.ok();
    definitions::established(&cluster.client().await, CashService::crd_name()).await.unwrap();
    programs();
    let mut command = Command::new(binaries::beside_tests("csop-operator").unwrap());
    command.env("KUBECONFIG", cluster.kubeconfig());
    command.args(["--listen=127.0.0.1:0", &format!("--namespace={namespace}")]);
    let mut operator = Process::start("csop-operator", &command);
    operator.wrote(SOON, "caches are filled").await;
    operator
}

/// What a service listens on that says nothing about its contract.
const PORT: u16 = 8443;

/// A pod, seen from its own network.
#[derive(Debug)]
pub struct Place {
    dialer: Dialer,
    address: IpAddr,
}

impl Place {
    /// Makes connections as the pod would.
    pub fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// The pod's address.
    pub fn address(&self) -> IpAddr {
        self.address
    }
}

/// A pod without any service around it, that listens as one with the usual contract would.
pub fn pod(name: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
  - name: app
    image: {}
    securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
",
        node::image::SERVER
    )
}

/// The place of such a pod, which is made first.
pub async fn placed(cluster: &Cluster, namespace: &str, name: &str) -> Place {
    cluster.apply(namespace, &pod(name)).await.ok();
    let pods: Api<Pod> = Api::namespaced(cluster.client().await, namespace);
    wait::until_ok(SOON, "a pod runs", async || place(cluster, &pods, name).await).await
}

/// The place of the pod of this name, as soon as it listens.
async fn place(cluster: &Cluster, pods: &Api<Pod>, name: &str) -> Result<Place, String> {
    let pod = pods.get(name).await.map_err(|error| error.to_string())?;
    let status = pod.status.clone().unwrap_or_default();
    let address = status
        .pod_ip
        .ok_or("it has no address")?
        .parse()
        .map_err(|error: AddrParseError| error.to_string())?;
    let process = processes(cluster, &pod).into_iter().next().ok_or("it has no process")?;
    let dialer = Dialer::of_process(process).map_err(|error| error.to_string())?;
    // The process may be the one that holds the pod's network.
    let listening = dialer.connect((Ipv4Addr::LOCALHOST, PORT).into()).await;
    listening.map_err(|error| format!("it does not listen on {PORT}: {error}"))?;
    Ok(Place { dialer, address })
}

/// Waits until connections from there are accepted: the node learns a moment after a pod is ready that a Service leads to it.
pub async fn accepted(from: &Place, to: SocketAddr) {
    let what = format!("connections to {to} are accepted");
    wait::until_ok(SOON, &what, async || from.dialer().connect(to).await.map(drop)).await;
}

/// The place of a pod of this service, which is Ready.
pub async fn place_of_service(cluster: &Cluster, pods: &Api<Pod>, service: &str) -> Place {
    let labelled = ListParams::default().labels(&format!("app.kubernetes.io/instance={service}"));
    let found = pods.list(&labelled).await.unwrap();
    let name = found.items[0].name_any();
    wait::until_ok(SOON, "the pod listens", async || place(cluster, pods, &name).await).await
}

/// The processes in the containers of a pod.
pub fn processes(cluster: &Cluster, pod: &Pod) -> Vec<u32> {
    let ours = format!("/csop-node-{}/", cluster.supervisor().unwrap());
    let group = format!("/pod{}/", pod.uid().unwrap());
    let in_pod = |id: &u32| {
        fs::read_to_string(format!("/proc/{id}/cgroup"))
            .is_ok_and(|groups| groups.lines().any(|line| line.contains(&ours) && line.contains(&group)))
    };
    let ids =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(in_pod).collect()
}

/// Waits until a service is Ready.
pub async fn ready(services: &Api<CashService>, name: &str) {
    wait::until_ok(SOON, &format!("the service {name} is Ready"), async || {
        let status = services.get(name).await.map_err(|error| error.to_string())?.status;
        let conditions = status.map(|status| status.conditions).unwrap_or_default();
        let ready = conditions::find(&conditions, "Ready").is_some_and(|ready| ready.status == "True");
        if ready { Ok(()) } else { Err(format!("{conditions:#?}")) }
    })
    .await;
}
