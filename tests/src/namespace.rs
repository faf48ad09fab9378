//! A namespace for one test.

use std::{
    fmt,
    ops::Deref,
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use k8s_openapi::api::core::v1;
use kube::{Api, api::PostParams};
use serde_json::json;

use crate::{Cluster, kubectl};

/// A namespace that only one test uses; it reads as its name. In the local control plane it goes with the cluster, in
/// any other it is deleted when dropped.
#[derive(Debug)]
pub struct Namespace<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl Cluster {
    /// Makes a namespace with a name of its own that begins with the prefix.
    ///
    /// # Panics
    /// When the API server refuses it.
    pub async fn namespace(&self, prefix: &str) -> Namespace<'_> {
        self.make_namespace(prefix, json!({})).await
    }

    /// Like [`Self::namespace`], but only pods that pass the restricted pod security profile are admitted to it.
    ///
    /// # Panics
    /// When the API server refuses it.
    pub async fn restricted_namespace(&self, prefix: &str) -> Namespace<'_> {
        self.make_namespace(prefix, json!({"pod-security.kubernetes.io/enforce": "restricted"})).await
    }

    async fn make_namespace(&self, prefix: &str, labels: serde_json::Value) -> Namespace<'_> {
        let name = format!("{prefix}-{}", unique());
        let object: v1::Namespace =
            serde_json::from_value(json!({"metadata": {"name": name, "labels": labels}}))
                .expect("a fixed object has its kind's shape");
        let api: Api<v1::Namespace> = Api::all(self.client().await);
        if let Err(error) = api.create(&PostParams::default(), &object).await {
            panic!("cannot create the namespace {name}: {error}");
        }
        Namespace { cluster: self, name }
    }
}

/// Differs between tests of a process, between processes at one time, and between runs.
pub(crate) fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:x}-{:x}-{count}", seconds & 0xff_ffff, process::id())
}

impl Deref for Namespace<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Namespace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        if self.cluster.is_local() {
            return;
        }
        // The best that can be done here; a namespace that stays is visible by its name.
        if let Ok(program) = kubectl::program() {
            let mut command = process::Command::new(program);
            command.arg("--kubeconfig").arg(self.cluster.kubeconfig());
            let _ = command.args(["delete", "namespace", &self.name, "--wait=false"]).output();
        }
    }
}
