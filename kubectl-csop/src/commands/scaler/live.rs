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

/// Why the operator's records cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Away {
    /// In words.
    #[error("{0}")]
    Reason(String),
    /// A call failed.
    #[error("{0}")]
    Error(#[from] Error),
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
    pub async fn records(&mut self, name: &str) -> Result<Records, Away> {
        match tokio::time::timeout(PATIENCE, self.ask(name)).await {
            Ok(Ok(records)) => Ok(records),
            Ok(Err(away)) => {
                // Another one may lead by now.
                self.leader = None;
                Err(away)
            }
            Err(_) => {
                let patience = crate::duration::text(PATIENCE);
                Err(Away::Reason(format!("the operator has not answered within {patience}")))
            }
        }
    }

    /// The same for a view, which keeps the reason as text.
    pub async fn live(&mut self, name: &str) -> Live {
        self.records(name).await.map_err(|away| away.to_string())
    }

    async fn ask(&mut self, name: &str) -> Result<Records, Away> {
        let path = Records::path(&self.cluster.namespace, name);
        let text = match self.url {
            Some(url) => from(url, &path).await?,
            None => self.through_proxy(&path).await?,
        };
        serde_json::from_str(&text).map_err(|error| {
            Away::Reason(format!("the operator's answer makes no sense ({error}): is it of this version?"))
        })
    }

    async fn through_proxy(&mut self, path: &str) -> Result<String, Away> {
        let leader = match self.leader.take() {
            Some(leader) => leader,
            None => leader(self.cluster).await?,
        };
        let Leader { namespace, pod, port } = &leader;
        let uri = format!("/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}");
        let attempt = Attempt::new("get", "pods/proxy").of(pod).within(Some(namespace));
        let answer = self
            .cluster
            .call(attempt, self.cluster.client.request_text(plain::request(&uri).map_err(Away::Reason)?))
            .await;
        self.leader = Some(leader);
        answer.map_err(|error| match error {
            Error::NotFound(_) => unknown(),
            other => Away::Error(other),
        })
    }
}

fn unknown() -> Away {
    let reason = "the operator has no records of it: it has decided nothing yet, or keeps no records";
    Away::Reason(reason.to_owned())
}

async fn from(url: &Uri, path: &str) -> Result<String, Away> {
    plain::get(url, path).await.map_err(|refusal| match refusal {
        Refusal::NotFound => unknown(),
        Refusal::Other(reason) => {
            Away::Reason(format!("no operator answers at {}: {reason}", plain::address(url)))
        }
    })
}

/// The pod that holds the lease: where csop is installed usually, else where its Deployment is.
async fn leader(cluster: &Cluster) -> Result<Leader, Away> {
    let usual = lease(cluster, NAMESPACE, managers::OPERATOR).await;
    if let Ok(Some(held)) = usual {
        return holder(held, NAMESPACE, PORT);
    }
    let place = |it: &Deployment| (it.namespace().unwrap_or_default(), it.name_any());
    let found = version::deployments(cluster).await.unwrap_or_default();
    let elsewhere = |it: &&Deployment| place(it) != (NAMESPACE.to_owned(), managers::OPERATOR.to_owned());
    let Some(operator) = found.iter().find(elsewhere) else {
        return Err(usual.err().unwrap_or_else(nowhere));
    };
    // The chart names the lease after the Deployment.
    let (namespace, name) = place(operator);
    let held = lease(cluster, &namespace, &name).await?.ok_or_else(nowhere)?;
    holder(held, &namespace, port(operator))
}

fn nowhere() -> Away {
    let place = format!("lease {} in namespace {NAMESPACE}", managers::OPERATOR);
    Away::Reason(format!("no operator was found, nor its {place}; --operator-url names one"))
}

/// A lease; none when it is not there.
async fn lease(cluster: &Cluster, namespace: &str, name: &str) -> Result<Option<Lease>, Away> {
    let api = Api::<Lease>::namespaced(cluster.client.clone(), namespace);
    let attempt = Attempt::new("get", "leases.coordination.k8s.io").of(name).within(Some(namespace));
    match cluster.call(attempt, api.get(name)).await {
        Ok(lease) => Ok(Some(lease)),
        Err(Error::NotFound(_) | Error::NamespaceMissing(_)) => Ok(None),
        Err(error) => Err(Away::Error(error)),
    }
}

fn holder(lease: Lease, namespace: &str, port: i32) -> Result<Leader, Away> {
    let holder = lease.spec.and_then(|spec| spec.holder_identity).filter(|holder| !holder.is_empty());
    match holder {
        None => Err(Away::Reason(format!(
            "no operator leads now: nobody holds its lease in namespace {namespace}"
        ))),
        // Outside of a cluster an operator calls itself HOST_PID.
        Some(holder) if holder.contains('_') => Err(Away::Reason(format!(
            "the operator {holder} runs outside the cluster: --operator-url says where"
        ))),
        Some(pod) => Ok(Leader { namespace: namespace.to_owned(), pod, port }),
    }
}

fn port(operator: &Deployment) -> i32 {
    let pod = operator.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let ports = pod.into_iter().flat_map(|pod| &pod.containers).flat_map(|it| it.ports.iter().flatten());
    let mut http = ports.filter(|port| port.name.as_deref() == Some("http"));
    http.next().map_or(PORT, |port| port.container_port)
}
