//! What a test of a `CashService` needs: a namespace, an operator that watches it alone, and ways to look.

use std::{
    fmt::Debug,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use csop_shared::{api::CashService, conditions};
use csop_tests::{Cluster, Process, binaries, definitions, namespace::Namespace, wait};
use k8s_openapi::{NamespaceResourceScope, api::apps::v1::Deployment};
use kube::{
    Api, CustomResourceExt as _, Resource,
    api::{Patch, PatchParams},
};
use nix::sys::signal::Signal;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// Long enough for a loaded machine; conditions are usually met within a second or two.
pub(crate) const SOON: Duration = Duration::from_secs(60);
/// The name of the service in most tests.
pub(crate) const SHOP: &str = "shop";

/// A namespace under the restricted profile and an operator with a Role in it and nothing else.
pub(crate) struct Scene {
    pub(crate) cluster: &'static Cluster,
    pub(crate) namespace: Namespace<'static>,
    pub(crate) operator: Option<Process>,
    pub(crate) kubeconfig: PathBuf,
}

impl Scene {
    /// With a running operator.
    pub(crate) async fn new(name: &str) -> Self {
        let mut scene = Self::without_operator(name).await;
        scene.start_operator().await;
        scene
    }

    /// The operator is installed and not started.
    pub(crate) async fn without_operator(name: &str) -> Self {
        let cluster = Cluster::shared();
        install_crds(cluster).await;
        Self::on(cluster, name).await
    }

    /// Like [`Self::without_operator`], on a cluster that has the CRDs.
    pub(crate) async fn on(cluster: &'static Cluster, name: &str) -> Self {
        let namespace = cluster.restricted_namespace(name).await;
        let account = install_role(cluster, &namespace, &namespace).await;
        let kubeconfig = cluster.kubeconfig_for_service_account(&namespace, &account).await;
        Self { cluster, namespace, operator: None, kubeconfig }
    }

    pub(crate) async fn start_operator(&mut self) {
        self.operator =
            Some(operator(&self.kubeconfig, &[&format!("--namespace={}", &*self.namespace)]).await);
    }

    /// Ends the operator as Kubernetes would, and returns its log.
    pub(crate) async fn stop_operator(&mut self) -> String {
        let mut operator = self.operator.take().expect("the operator runs");
        operator.signal(Signal::SIGTERM);
        assert!(operator.ended(SOON).await.success(), "the operator ends in order:\n{}", operator.log());
        operator.log()
    }

    pub(crate) async fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.cluster.client().await, &self.namespace)
    }

    /// Applies manifests as a user would.
    pub(crate) async fn apply(&self, manifest: &str) {
        self.cluster.apply(&self.namespace, manifest).await.ok();
    }

    /// Applies a `CashService` with this spec, over defaults that make the smallest one.
    pub(crate) async fn service(&self, name: &str, spec: Value) {
        self.apply(&service(name, spec).to_string()).await;
    }

    /// Merges a patch into an object.
    pub(crate) async fn patch<K>(&self, name: &str, patch: Value)
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
    {
        let params = PatchParams { field_manager: Some("somebody".to_owned()), ..PatchParams::default() };
        self.api::<K>()
            .await
            .patch(name, &params, &Patch::Merge(patch))
            .await
            .expect("the patch is accepted");
    }

    pub(crate) async fn kubectl<const N: usize>(&self, arguments: [&str; N]) -> String {
        let all = arguments.into_iter().chain(["--namespace", &*self.namespace]);
        self.cluster.kubectl(all.collect::<Vec<_>>()).await.ok()
    }

    pub(crate) async fn get<K>(&self, name: &str) -> Option<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
    {
        self.api::<K>().await.get_opt(name).await.expect("the API server answers")
    }

    /// Waits until an object exists and satisfies the predicate.
    pub(crate) async fn until<K>(&self, name: &str, what: &str, holds: impl Fn(&K) -> bool) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
    {
        let api = self.api::<K>().await;
        let what = format!("{} {name}: {what}", K::kind(&()));
        let seen = wait::try_until(SOON, &what, async || match api.get_opt(name).await {
            Ok(Some(object)) if holds(&object) => Ok(object),
            seen => Err(format!("{seen:#?}")),
        })
        .await;
        seen.unwrap_or_else(|error| panic!("{error}\n{}", self.tail()))
    }

    /// Waits until an object is gone.
    pub(crate) async fn gone<K>(&self, name: &str)
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
    {
        let api = self.api::<K>().await;
        let what = format!("{} {name} is gone", K::kind(&()));
        wait::until(SOON, &what, async || api.get_opt(name).await.ok()?.is_none().then_some(())).await;
    }

    /// Waits until the service is Ready for its newest generation.
    pub(crate) async fn ready(&self, name: &str) -> CashService {
        self.until(name, "is Ready", |s: &CashService| {
            is_current(s) && condition(s, "Ready") == Some(("True".to_owned(), "Ready".to_owned()))
        })
        .await
    }

    /// Waits until a condition of the service has this status and reason.
    pub(crate) async fn condition(&self, name: &str, kind: &str, status: &str, reason: &str) -> CashService {
        self.until(name, &format!("{kind}={status} ({reason})"), |s: &CashService| {
            condition(s, kind) == Some((status.to_owned(), reason.to_owned()))
        })
        .await
    }

    pub(crate) async fn deployment(&self, name: &str) -> Deployment {
        self.get(name).await.expect("the Deployment exists")
    }

    fn tail(&self) -> String {
        self.operator.as_ref().map(Process::log).unwrap_or_default()
    }
}

/// A `CashService` with this spec over the smallest one.
pub(crate) fn service(name: &str, spec: Value) -> Value {
    let mut all = json!({"image": "registry.example.com/shop:1.4.2", "autoscaling": {"maxReplicas": 10}});
    for (key, value) in spec.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    json!({"apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "metadata": {"name": name}, "spec": all})
}

pub(crate) fn condition(service: &CashService, kind: &str) -> Option<(String, String)> {
    let conditions = &service.status.as_ref()?.conditions;
    conditions::find(conditions, kind).map(|c| (c.status.clone(), c.reason.clone()))
}

pub(crate) fn message(service: &CashService, kind: &str) -> String {
    let conditions = service.status.as_ref().map(|s| s.conditions.as_slice()).unwrap_or_default();
    conditions::find(conditions, kind).map(|c| c.message.clone()).unwrap_or_default()
}

fn is_current(service: &CashService) -> bool {
    service.status.as_ref().and_then(|s| s.observed_generation) == service.metadata.generation
}

/// Starts the operator and waits until it serves.
pub(crate) async fn operator(kubeconfig: &Path, arguments: &[&str]) -> Process {
    let program = binaries::up_to_date("csop-operator", "csop-operator").expect("the operator is built");
    let mut command = Command::new(program);
    command.env("KUBECONFIG", kubeconfig).args(["--listen=127.0.0.1:0"]).args(arguments);
    let process = Process::start("csop-operator", &command);
    let mut process = process;
    process.wrote(SOON, "caches are filled").await;
    process
}

/// The CRDs as `crds/` has them, once in a cluster.
pub(crate) async fn install_crds(cluster: &Cluster) {
    static DONE: Mutex<bool> = Mutex::const_new(false);
    let mut done = DONE.lock().await;
    if !*done {
        apply_crds(cluster).await;
        *done = true;
    }
}

/// The CRDs as `crds/` has them.
pub(crate) async fn apply_crds(cluster: &Cluster) {
    let folder = repository("crds");
    cluster.kubectl(["apply", "--filename", &folder.display().to_string()]).await.ok();
    established(cluster).await;
}

/// Waits until the CRD serves.
pub(crate) async fn established(cluster: &Cluster) {
    let waited = definitions::established(&cluster.client().await, CashService::crd_name()).await;
    waited.expect("the CRD is established");
}

/// The account and the Role of the namespaced install, put into this namespace for the account of another; returns the
/// account's name.
pub(crate) async fn install_role(cluster: &Cluster, namespace: &str, of: &str) -> String {
    let text = std::fs::read_to_string(repository("manifests/install-namespaced.yaml"))
        .expect("the manifest is readable");
    let mut account = None;
    for document in serde_yaml::Deserializer::from_str(&text) {
        let mut object: Value = serde::Deserialize::deserialize(document).expect("the manifest is YAML");
        let kind = object["kind"].as_str().unwrap_or_default().to_owned();
        if !["ServiceAccount", "Role", "RoleBinding"].contains(&kind.as_str()) {
            continue;
        }
        object["metadata"]["namespace"] = json!(namespace);
        for subject in object["subjects"].as_array_mut().into_iter().flatten() {
            subject["namespace"] = json!(of);
        }
        if kind == "ServiceAccount" {
            account = object["metadata"]["name"].as_str().map(str::to_owned);
        }
        cluster.apply(namespace, &object.to_string()).await.ok();
    }
    account.expect("the manifest has a ServiceAccount")
}

/// A path in the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

impl Scene {
    /// Merges a patch into an object by the rules of its kind, as `kubectl edit` would.
    pub(crate) async fn patch_strategic<K>(&self, name: &str, patch: Value)
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
    {
        let params = PatchParams { field_manager: Some("somebody".to_owned()), ..PatchParams::default() };
        self.api::<K>()
            .await
            .patch(name, &params, &Patch::Strategic(patch))
            .await
            .expect("the patch is accepted");
    }
}

impl Scene {
    /// Runs the plugin as the administrator.
    pub(crate) async fn csop<const N: usize>(&self, arguments: [&str; N]) -> csop_tests::kubectl::Output {
        let program = binaries::up_to_date("kubectl-csop", "kubectl-csop").expect("the plugin is built");
        let mut command = tokio::process::Command::new(program);
        command
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .args(arguments)
            .args(["--namespace", &self.namespace]);
        let output = command.output().await.expect("the plugin starts");
        csop_tests::kubectl::Output {
            command: format!("kubectl csop {}", arguments.join(" ")),
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
