//! Enforces NetworkPolicies on the pods of a real node, as a network plugin would: there is none that needs no more than
//! a kernel. Watches policies, pods and namespaces, and keeps one table of nftables in step with them.

mod rules;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use futures::{StreamExt as _, stream::select_all};
use k8s_openapi::api::{
    core::v1::{Namespace, Pod},
    networking::v1::NetworkPolicy,
};
use kube::{
    Api, Client, Resource,
    runtime::{
        WatchStreamExt as _,
        reflector::{self, Store},
        watcher,
    },
};
use serde::de::DeserializeOwned;
use tokio::{runtime, time::Instant};

use crate::{Error, credentials, programs::say};

/// The hidden subcommand of `csop-cluster` that becomes this program.
pub const SUBCOMMAND: &str = "network-policies";

/// As the node's root has it.
const KUBECONFIG: &str = "/etc/csop/csop.kubeconfig";

/// What changes together is applied together.
const TOGETHER: Duration = Duration::from_millis(20);
const AT_LATEST: Duration = Duration::from_millis(200);

/// Enforces policies. Returns only when it fails.
pub fn run() -> Result<(), Error> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Error::spawn("the runtime"))?.block_on(enforce())
}

async fn enforce() -> Result<(), Error> {
    let client = credentials::client(Path::new(KUBECONFIG)).await?;
    let (policies, policy_changes) = watch::<NetworkPolicy>(&client);
    let (pods, pod_changes) = watch::<Pod>(&client);
    let (namespaces, namespace_changes) = watch::<Namespace>(&client);
    let mut changes = select_all([policy_changes, pod_changes, namespace_changes]);
    let mut applied = String::new();
    while changes.next().await.is_some() {
        let end = Instant::now() + AT_LATEST;
        while Instant::now() < end
            && matches!(tokio::time::timeout(TOGETHER, changes.next()).await, Ok(Some(())))
        {}
        let rules = rules::table(&policies.state(), &pods.state(), &namespaces.state());
        if rules == applied {
            continue;
        }
        match apply(&rules) {
            Ok(()) => applied = rules,
            // What was there last stays in force.
            Err(error) => say(&format!("{error}\n{rules}")),
        }
    }
    Err(Error::Missing("the watches have ended".to_owned()))
}

type Changes = futures::stream::BoxStream<'static, ()>;

/// What there is of a kind, and a stream that says that it has changed.
fn watch<K>(client: &Client) -> (Store<K>, Changes)
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + 'static,
{
    let (reader, writer) = reflector::store();
    let changes = watcher(Api::<K>::all(client.clone()), watcher::Config::default())
        .default_backoff()
        .reflect(writer)
        .touched_objects()
        // It is tried again; what was there last stays in force.
        .filter_map(async |change| change.ok().map(drop));
    (reader, changes.boxed())
}

/// Puts these rules into force, all at once.
fn apply(rules: &str) -> Result<(), Error> {
    let mut command = Command::new("nft");
    command.args(["--file", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(Error::spawn("nft"))?;
    let mut stdin = child.stdin.take().expect("the input is piped");
    // When it reads nothing it says below why.
    let _ = stdin.write_all(rules.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().map_err(Error::spawn("nft"))?;
    Error::unless_succeeded("nft", &output)
}
