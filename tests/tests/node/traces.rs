//! A node goes without a trace, also when its supervisor is killed.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use csop_shared::api::CashService;
use csop_tests::{Cluster, node, run_dir, wait};
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::{Api, api::ListParams};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::sync::{Mutex, MutexGuard};

use crate::real::{self, SOON};

/// What a node could leave behind on the machine, beside its control groups.
#[derive(Debug, PartialEq)]
struct Traces {
    mounts: BTreeSet<String>,
    links: BTreeSet<PathBuf>,
    networks: BTreeSet<PathBuf>,
    /// Settings of the kernel that a kubelet changes where it may.
    settings: Vec<String>,
}

impl Traces {
    fn now() -> Self {
        let (links, networks) = (names("/sys/class/net").collect(), names("/run/netns").collect());
        let settings = ["vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops"];
        let settings = settings.map(|name| fs::read_to_string(Path::new("/proc/sys").join(name)).unwrap());
        Self { mounts: mounts().into_iter().collect(), links, networks, settings: settings.to_vec() }
    }
}

fn mounts() -> Vec<String> {
    fs::read_to_string("/proc/self/mounts").unwrap().lines().map(str::to_owned).collect()
}

/// The control groups of the node of this supervisor.
fn groups(supervisor: u32) -> Vec<String> {
    let mounts = mounts();
    let hierarchies = mounts.iter().filter(|line| line.contains(" cgroup"));
    let groups = hierarchies
        .map(|line| Path::new(line.split(' ').nth(1).unwrap()).join(format!("csop-node-{supervisor}")));
    groups.filter(|group| group.exists()).map(|group| group.display().to_string()).collect()
}

fn names(folder: impl AsRef<Path>) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// One at a time, so that each sees only its own traces; nothing where there can be no node.
async fn may_run() -> Option<MutexGuard<'static, ()>> {
    static ONE: Mutex<()> = Mutex::const_new(());
    if real::may_run() { Some(ONE.lock().await) } else { None }
}

fn cluster() -> Cluster {
    Cluster::with(&["--real-node", "--nodes", "0", "--without-metrics"])
}

/// The processes that descend from this one, with the start time that tells apart who had a number one after another.
fn descendants(of: u32) -> BTreeSet<(u32, String)> {
    let all: Vec<(u32, u32, String)> = names("/proc")
        .filter_map(|path| {
            let id = path.file_name()?.to_str()?.parse().ok()?;
            let stat = fs::read_to_string(path.join("stat")).ok()?;
            let fields: Vec<_> = stat.rsplit_once(") ")?.1.split(' ').collect();
            Some((id, fields[1].parse().ok()?, fields[19].to_owned()))
        })
        .collect();
    let mut family = BTreeSet::from([of]);
    loop {
        let size = family.len();
        family.extend(
            all.iter()
                .filter(|(_, parent, _)| family.contains(parent))
                .map(|(id, ..)| *id)
                .collect::<Vec<_>>(),
        );
        if family.len() == size {
            break;
        }
    }
    all.into_iter().filter(|(id, ..)| family.contains(id)).map(|(id, _, start)| (id, start)).collect()
}

/// Those of the processes that still live.
fn alive(processes: &BTreeSet<(u32, String)>) -> Vec<(u32, String)> {
    let lives = |id: u32, start: &str| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.split(' ').nth(19) == Some(start))
    };
    processes.iter().filter(|(id, start)| lives(*id, start)).cloned().collect()
}

fn manifest() -> String {
    format!(
        "
apiVersion: csop.dev/v1alpha1
kind: CashService
metadata: {{name: shop}}
spec: {{image: {}, autoscaling: {{maxReplicas: 4}}}}
",
        node::image::SERVER
    )
}

#[tokio::test]
async fn the_smallest_service_runs_in_real_containers_and_nothing_is_left_of_them() {
    let Some(_one) = may_run().await else { return };
    let before = Traces::now();
    let cluster = cluster();
    let client = cluster.client().await;
    let real = Api::<Node>::all(client.clone()).get(node::NAME).await.unwrap();
    let versions = real.status.unwrap().node_info.unwrap();
    assert_eq!(versions.kubelet_version, client.apiserver_version().await.unwrap().git_version);

    let namespace = cluster.restricted_namespace("real").await;
    let operator = real::operator(&cluster, &namespace).await;
    cluster.apply(&namespace, &manifest()).await.ok();
    let services: Api<CashService> = Api::namespaced(client.clone(), &namespace);
    let pods: Api<Pod> = Api::namespaced(client.clone(), &namespace);
    real::ready(&services, "shop").await;

    let supervisor = cluster.supervisor().unwrap();
    let processes = descendants(supervisor);
    assert!(!groups(supervisor).is_empty());
    let pods = pods.list(&ListParams::default()).await.unwrap().items;
    assert_eq!(pods.len(), 2);
    for pod in &pods {
        assert_eq!(pod.spec.as_ref().unwrap().node_name.as_deref(), Some(node::NAME));
        let address = pod.status.as_ref().unwrap().pod_ip.as_deref().unwrap();
        assert!(address.starts_with("10.200."), "{address}");
        let name = pod.metadata.name.as_deref().unwrap();
        let log = cluster.kubectl(["logs", name, "--namespace", &namespace]).await.ok();
        assert_eq!(log, "listening on 8443\nlistening on 8080\n");
    }
    let servers = servers(&processes);
    assert_eq!(servers.len(), 2);
    servers.into_iter().for_each(assert_restricted);
    assert_eq!(ways_out(&processes), [""; 0]);
    let folder = cluster.run_folder().to_owned();
    drop((operator, namespace));
    drop(cluster);
    assert_eq!(alive(&processes), []);
    assert!(!folder.exists());
    assert_eq!(groups(supervisor), [""; 0]);
    assert_eq!(Traces::now(), before);
}

/// The processes in containers that serve.
fn servers(processes: &BTreeSet<(u32, String)>) -> Vec<u32> {
    let serves = |id: &u32| {
        fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| line == b"/program\x008443\x008080\0")
    };
    processes.iter().map(|(id, _)| *id).filter(serves).collect()
}

/// The process is what the restricted profile makes of it.
fn assert_restricted(id: u32) {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t")).unwrap();
        line.split('\t').next().unwrap().to_owned()
    };
    assert_ne!(field("Uid"), "0");
    assert_eq!(field("CapEff"), "0000000000000000");
    assert_eq!(field("NoNewPrivs"), "1");
    // System calls are filtered.
    assert_eq!(field("Seccomp"), "2");
}

/// The routes of the node's network that lead elsewhere than to its pods and Services.
fn ways_out(processes: &BTreeSet<(u32, String)>) -> Vec<String> {
    let is_kubelet = |id: &&(u32, String)| {
        fs::read_to_string(format!("/proc/{}/comm", id.0)).is_ok_and(|name| name.trim() == "kubelet")
    };
    let (kubelet, _) = processes.iter().find(is_kubelet).unwrap();
    let routes = fs::read_to_string(format!("/proc/{kubelet}/net/route")).unwrap();
    // The second field is the network, such as 10.200.0.0, with the lowest byte last.
    let inward = |network: &str| network.ends_with("C80A") || network.ends_with("600A");
    let outward = routes.lines().skip(1).filter(|line| !line.split('\t').nth(1).is_some_and(inward));
    outward.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_node_dies_with_its_killed_supervisor_and_the_next_start_removes_the_rest() {
    let Some(_one) = may_run().await else { return };
    let before = Traces::now();
    let cluster = cluster();
    let namespace = cluster.restricted_namespace("killed").await;
    let operator = real::operator(&cluster, &namespace).await;
    cluster.apply(&namespace, &manifest()).await.ok();
    let supervisor = cluster.supervisor().unwrap();
    let processes = wait::until(SOON, "two containers run", async || {
        let processes = descendants(supervisor);
        (servers(&processes).len() == 2).then_some(processes)
    })
    .await;
    assert!(!groups(supervisor).is_empty());
    let folder = cluster.run_folder().to_owned();
    kill(Pid::from_raw(supervisor.try_into().unwrap()), Signal::SIGKILL).unwrap();
    drop((operator, namespace));
    drop(cluster);
    wait::until_ok(SOON, "no process is left", async || match alive(&processes) {
        left if left.is_empty() => Ok(()),
        left => Err(format!("{left:?}")),
    })
    .await;
    // The next control plane to start does both; another test's may have been faster.
    run_dir::sweep();
    node::cgroups::sweep();
    assert_eq!(groups(supervisor), [""; 0]);
    assert!(!folder.exists());
    assert_eq!(Traces::now(), before);
}
