//! The operator's own records of a scaler: through the API server's proxy to the leader's pod, or from an address.

use super::super::version;
use super::plain::{self, Refusal};
use crate::client::Cluster;
use crate::error::{Attempt, Error};
use crate::view::scaler::Live;
use csop_shared::names::managers;
use csop_shared::scale::Records;
use http::Uri;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, ResourceExt};
use std::time::Duration;

/// The status is shown instead when the operator has not answered within this time.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where csop is installed unless somebody chose otherwise.
const NAMESPACE: &str = "csop-system";
/// The operator's port unless somebody chose otherwise.
const PORT: i32 = 8080;

/// Where to ask the operator.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// Address of an operator that runs outside the cluster, such as http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    operator_url: Option<Uri>,
}

/// The operator that leads.
pub struct Operator<'a> {
    cluster: &'a Cluster,
    url: Option<&'a Uri>,
    /// The leader that was found.
    leader: Option<Leader>,
}

#[derive(Clone)]
struct Leader {
    namespace: String,
    pod: String,
    port: i32,
}

impl<'a> Operator<'a> {
    /// The operator of a cluster; it is looked for when it is asked.
    pub fn new(options: &'a Options, cluster: &'a Cluster) -> Self {
        Self { cluster, url: options.operator_url.as_ref(), leader: None }
    }

    /// The records of a scaler, or why they cannot be had.
    pub async fn records(&mut self, name: &str) -> Live {
        match tokio::time::timeout(PATIENCE, self.ask(name)).await {
            Ok(Ok(records)) => Ok(records),
            Ok(Err(reason)) => {
                // Another one may lead by now.
                self.leader = None;
                Err(reason)
            }
            Err(_) => {
                Err(format!("the operator has not answered within {}", crate::duration::text(PATIENCE)))
            }
        }
    }

    async fn ask(&mut self, name: &str) -> Live {
        let path = Records::path(&self.cluster.namespace, name);
        let text = match self.url {
            Some(url) => from(url, &path).await?,
            None => self.through_proxy(&path).await?,
        };
        serde_json::from_str(&text).map_err(|error| {
            format!("the operator's answer makes no sense ({error}): is it of this version?")
        })
    }

    async fn through_proxy(&mut self, path: &str) -> Result<String, String> {
        let leader = match self.leader.take() {
            Some(leader) => leader,
            None => leader(self.cluster).await?,
        };
        let Leader { namespace, pod, port } = &leader;
        let uri = format!("/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}");
        let attempt = Attempt::new("get", "pods/proxy").of(pod).within(Some(namespace));
        let answer =
            self.cluster.call(attempt, self.cluster.client.request_text(plain::request(&uri)?)).await;
        self.leader = Some(leader);
        answer.map_err(|error| match error {
            Error::NotFound(_) => unknown(),
            other => other.to_string(),
        })
    }
}

fn unknown() -> String {
    "the operator has no records of it: it has decided nothing yet, or keeps no records".to_owned()
}

async fn from(url: &Uri, path: &str) -> Result<String, String> {
    plain::get(url, path).await.map_err(|refusal| match refusal {
        Refusal::NotFound => unknown(),
        Refusal::Other(reason) => format!("no operator answers at {}: {reason}", plain::address(url)),
    })
}

/// The pod that holds the lease.
async fn leader(cluster: &Cluster) -> Result<Leader, String> {
    let found = version::deployments(cluster).await.unwrap_or_default();
    let operator = found.first();
    let namespace = operator.and_then(ResourceExt::namespace).unwrap_or_else(|| NAMESPACE.to_owned());
    // The chart names the lease after the Deployment.
    let lease = operator.map_or_else(|| managers::OPERATOR.to_owned(), ResourceExt::name_any);
    let api = Api::<Lease>::namespaced(cluster.client.clone(), &namespace);
    let attempt = Attempt::new("get", "leases.coordination.k8s.io").of(&lease).within(Some(&namespace));
    let held = cluster.call(attempt, api.get(&lease)).await.map_err(|error| match error {
        Error::NotFound(_) => {
            format!("no operator was found, nor its lease {lease} in namespace {namespace}; --operator-url names one")
        }
        other => other.to_string(),
    })?;
    let holder = held.spec.and_then(|spec| spec.holder_identity).filter(|holder| !holder.is_empty());
    match holder {
        None => {
            Err(format!("no operator leads now: nobody holds the lease {lease} in namespace {namespace}"))
        }
        // Outside of a cluster an operator calls itself HOST_PID.
        Some(holder) if holder.contains('_') => {
            Err(format!("the operator {holder} runs outside the cluster: --operator-url says where"))
        }
        Some(pod) => Ok(Leader { namespace, pod, port: operator.map_or(PORT, port) }),
    }
}

fn port(operator: &Deployment) -> i32 {
    let pod = operator.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let ports = pod.into_iter().flat_map(|pod| &pod.containers).flat_map(|it| it.ports.iter().flatten());
    let mut http = ports.filter(|port| port.name.as_deref() == Some("http"));
    http.next().map_or(PORT, |port| port.container_port)
}
