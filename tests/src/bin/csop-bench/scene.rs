//! A control plane with csop's definitions and the operator's account in it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use csop_shared::api::CashService;
use csop_tests::{Cluster, Error, definitions, requests::Requests, wait};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client, CustomResourceExt as _,
    api::{DeleteParams, ListParams, PostParams},
};
use serde::Deserialize as _;
use serde_json::{Value, json};

/// What the installation calls the operator, and where it puts it.
const ACCOUNT: (&str, &str) = ("csop-system", "csop-operator");
/// The user that requests of that account are made by.
pub const OPERATOR: &str = "system:serviceaccount:csop-system:csop-operator";

/// How many requests of ours are under way at once: as many as reconciles of the operator.
pub const PARALLEL: usize = 16;
/// Services in one namespace.
const PER_NAMESPACE: usize = 100;

/// Enough for thousands of objects on a small machine.
pub const LONG: Duration = Duration::from_secs(1800);

/// A control plane with csop installed, and no operator.
pub struct Scene {
    cluster: Cluster,
    client: Client,
    operator: PathBuf,
}

impl Scene {
    /// With this many nodes.
    pub async fn new(nodes: usize) -> Result<Self, Error> {
        let cluster = Cluster::with(&["--without-metrics", "--nodes", &nodes.to_string()]);
        let client = cluster.client().await;
        install(&cluster, &client).await?;
        let operator = cluster.kubeconfig_for_service_account(ACCOUNT.0, ACCOUNT.1).await;
        Ok(Self { cluster, client, operator })
    }

    /// The administrator's client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        self.cluster.kubeconfig()
    }

    /// The operator's kubeconfig.
    pub fn operator_kubeconfig(&self) -> &Path {
        &self.operator
    }

    /// A client as the operator.
    pub async fn operator_client(&self) -> Result<Client, Error> {
        csop_tests::credentials::client(&self.operator).await
    }

    /// The log of changing requests.
    pub async fn requests(&self) -> Requests {
        self.cluster.requests().await
    }

    /// The CPU time of the control plane.
    pub fn cpu(&self) -> Result<Duration, Error> {
        let supervisor = self.cluster.supervisor().expect("the control plane is a local one");
        crate::process::cpu_of_children(supervisor)
    }

    /// Makes namespaces for this many services.
    pub async fn namespaces(&self, prefix: &str, services: usize) -> Result<Vec<String>, Error> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let names = (0..services.div_ceil(PER_NAMESPACE)).map(|n| format!("{prefix}-{n}"));
        let made = stream::iter(names).map(|name| {
            let api = api.clone();
            async move {
                let object = serde_json::from_value(json!({"metadata": {"name": name}}));
                let object: Namespace = object.expect("a fixed object has its kind's shape");
                let made = api.create(&PostParams::default(), &object).await;
                made.map_err(Error::api(format!("create the namespace {name}")))?;
                Ok(name)
            }
        });
        let names = made.buffered(PARALLEL).try_collect().await?;
        self.settled().await;
        Ok(names)
    }

    /// Deletes namespaces, and waits until nothing of them is left.
    pub async fn clean(&self, namespaces: &[String]) -> Result<(), Error> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        for name in namespaces {
            let deleted = api.delete(name, &DeleteParams::default()).await;
            deleted.map_err(Error::api(format!("delete the namespace {name}")))?;
        }
        wait::try_until(LONG, "the namespaces are gone", async || {
            let left = api.list_metadata(&ListParams::default()).await.map_err(|error| error.to_string())?;
            let is_ours = |name: &Option<String>| name.as_ref().is_some_and(|name| namespaces.contains(name));
            match left.items.iter().filter(|object| is_ours(&object.metadata.name)).count() {
                0 => Ok(()),
                left => Err(format!("{left} are left")),
            }
        })
        .await?;
        self.settled().await;
        Ok(())
    }

    /// Waits until nobody has changed anything for a second.
    pub async fn settled(&self) {
        let requests = self.requests().await;
        wait::until(LONG, "nobody changes anything", async || {
            let mark = requests.mark().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            requests.mutating(mark).await.is_empty().then_some(())
        })
        .await;
    }

    /// How often the API server has answered to reads of single objects, by resource.
    pub async fn single_reads(&self) -> Result<BTreeMap<&'static str, f64>, Error> {
        let request = http::Request::get("/metrics").body(vec![]).expect("the path is a valid one");
        let text =
            self.client.request_text(request).await.map_err(Error::api("read the API server's metrics"))?;
        let of = |resource| {
            let labels = [("verb", "GET"), ("resource", resource)];
            (resource, crate::counters::sum(&text, "apiserver_request_total", &labels))
        };
        Ok(CHILDREN.map(of).into())
    }
}

/// The resources of the children of the measured services.
const CHILDREN: [&str; 6] =
    ["configmaps", "controllerrevisions", "deployments", "networkpolicies", "serviceaccounts", "services"];

/// Everything of the installation but the operator itself.
async fn install(cluster: &Cluster, client: &Client) -> Result<(), Error> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/install.yaml");
    let text = std::fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    let mut documents = vec![];
    for document in serde_yaml::Deserializer::from_str(&text) {
        let value = Value::deserialize(document)
            .map_err(|error| Error::Missing(format!("{} is no YAML: {error}", path.display())))?;
        if value.is_object() && value["kind"] != "Deployment" {
            documents.push(value);
        }
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": documents});
    cluster.apply(ACCOUNT.0, &list.to_string()).await.ok();
    definitions::established(client, CashService::crd_name()).await
}
