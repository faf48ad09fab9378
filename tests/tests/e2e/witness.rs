//! What must hold after any fault: no child lost, doubled or made anew, no secret regenerated, no replica count that jumped,
//! the same process with as much memory as before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use csop_tests::{Process, wait};
use futures::StreamExt as _;
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Secret};
use kube::{
    ResourceExt,
    runtime::{WatchStreamExt as _, watcher},
};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::scene::{SOON, Scene};

/// Kinds that the operator makes.
const KINDS: &str = "deployments,services,serviceaccounts,networkpolicies,horizontalpodautoscalers,\
                     poddisruptionbudgets,configmaps,secrets,controllerrevisions";

/// Objects of one namespace by kind and name.
pub(crate) type Objects = BTreeMap<(String, String), Value>;

type Values<T> = Arc<Mutex<BTreeMap<String, BTreeSet<T>>>>;

/// Watches a namespace from the beginning to the end of a test.
pub(crate) struct Witness {
    /// Every value of `spec.replicas` by Deployment.
    replicas: Values<i32>,
    /// Every content by UID and name of the Secret.
    secrets: Values<String>,
    _watches: JoinSet<()>,
}

fn note<T: Ord>(into: &Values<T>, name: String, value: T) {
    into.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default().insert(value);
}

impl Witness {
    pub(crate) async fn of(scene: &Scene) -> Self {
        let (replicas, secrets) = (Values::default(), Values::default());
        let mut watches = JoinSet::new();
        let (api, into) = (scene.api::<Deployment>().await, replicas.clone());
        watches.spawn(async move {
            let seen = watcher(api, watcher::Config::default()).default_backoff().applied_objects();
            let keep = async |deployment: Deployment| {
                let name = deployment.name_any();
                note(&into, name, deployment.spec.and_then(|spec| spec.replicas).unwrap_or_default());
            };
            seen.filter_map(async |event| event.ok()).for_each(keep).await;
        });
        let (api, into) = (scene.api::<Secret>().await, secrets.clone());
        watches.spawn(async move {
            let seen = watcher(api, watcher::Config::default()).default_backoff().applied_objects();
            let keep = async |secret: Secret| {
                let name = secret.name_any();
                let content = serde_json::to_string(&secret.data).expect("a Secret is JSON");
                note(&into, name, format!("{} {content}", secret.uid().unwrap_or_default()));
            };
            seen.filter_map(async |event| event.ok()).for_each(keep).await;
        });
        Self { replicas, secrets, _watches: watches }
    }

    /// Every number of replicas that a Deployment had, sorted.
    pub(crate) fn sizes(&self, name: &str) -> Vec<i32> {
        let replicas = self.replicas.lock().unwrap_or_else(PoisonError::into_inner);
        replicas.get(name).into_iter().flatten().copied().collect()
    }

    /// Nothing that was seen is a jump of replicas or another content of a generated secret.
    pub(crate) fn saw_nothing_odd(&self, sizes: &[i32]) {
        let replicas = self.replicas.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(!replicas.is_empty(), "there was something to see");
        for (name, seen) in replicas {
            assert!(seen.iter().all(|size| sizes.contains(size)), "{name} had {seen:?} replicas");
        }
        for (name, seen) in self.secrets.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            assert_eq!(seen.len(), 1, "the Secret {name} had several contents or lives");
        }
    }
}

/// The managed objects of the namespace, and its services if asked for.
pub(crate) async fn objects(scene: &Scene, kinds: &str) -> Objects {
    let arguments =
        ["get", kinds, "--selector", "app.kubernetes.io/managed-by=csop", "--output", "json"].to_vec();
    let arguments = arguments.into_iter().chain(["--namespace", &*scene.namespace]);
    let text = scene.cluster.kubectl(arguments.collect::<Vec<_>>()).await.ok();
    let list: Value = serde_json::from_str(&text).expect("kubectl writes JSON");
    let items = list["items"].as_array().cloned().unwrap_or_default().into_iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    items.map(|item| ((text(&item["kind"]), text(&item["metadata"]["name"])), item)).collect()
}

/// All children of the namespace.
pub(crate) async fn children(scene: &Scene) -> Objects {
    objects(scene, KINDS).await
}

/// Those of before are still there, each the same object; returns the names of new ones.
pub(crate) fn kept(before: &Objects, after: &Objects) -> Vec<String> {
    assert!(!before.is_empty(), "there was something to keep");
    for (name, object) in before {
        let uid = after.get(name).map(|now| &now["metadata"]["uid"]);
        assert_eq!(uid, Some(&object["metadata"]["uid"]), "{name:?} is another object");
    }
    let new = after.keys().filter(|name| !before.contains_key(*name));
    new.map(|(kind, name)| format!("{kind}/{name}")).collect()
}

/// Resident memory of a process, in MB.
pub(crate) fn memory(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("the process runs") / 1024
}

/// Waits until the memory is back to about what it was: buffers are given back late, and an allocator keeps some.
pub(crate) async fn memory_is_back(process: &Process, before: u64) {
    wait::until_ok(SOON, "memory is back to its level", async || match memory(process) {
        now if now <= before * 2 + 24 => Ok(()),
        now => Err(format!("{before} MB before, {now} MB now")),
    })
    .await;
}
