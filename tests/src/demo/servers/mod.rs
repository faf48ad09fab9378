//! What the scaled applications work with: a Redis and a Prometheus.

mod beside;
mod inside;

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{Api, Client, ResourceExt as _, api::ListParams};

use super::pods::Pods;
use crate::{
    Cluster, Error, credentials,
    servers::{prometheus, redis},
};
use beside::Beside;
use inside::Inside;

/// The Deployment of workers.
pub(super) const WORKER: &str = "redis-worker";
/// The Deployment of the HTTP server.
pub(super) const HTTP_APP: &str = "http-app";

/// The load of the HTTP server: so many requests in a second, and in all.
const REQUESTS_PER_SECOND: u32 = 40;
const REQUESTS: u32 = 600;

/// A Redis and a Prometheus, with the applications' pods; gone when dropped, or with the control plane.
pub(super) struct Servers {
    place: Place,
    pods: Api<Pod>,
    deployments: Api<Deployment>,
}

/// Where the servers are.
enum Place {
    /// In pods.
    Inside(Box<Inside>),
    /// On this machine, as processes; further ones stand for the applications' pods.
    Beside(Box<Beside>),
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// Jobs that wait.
    pub(super) queue: usize,
    /// How many pods the workers' Deployment is told to have.
    pub(super) wanted: i32,
    /// How many of them are Ready.
    pub(super) ready: usize,
    /// How many workers run, with those that are about to end.
    pub(super) workers: usize,
    /// How many pods the HTTP server's Deployment is told to have.
    pub(super) http: i32,
}

impl Progress {
    /// Whether no job, no pod and no worker is left.
    pub(super) fn is_over(&self) -> bool {
        self.queue == 0 && self.wanted == 0 && self.ready == 0 && self.workers == 0
    }
}

/// Finds the programs, which are installed first where that can be.
pub(super) fn find() -> Result<(), Error> {
    for program in [redis::SERVER, redis::CLIENT, prometheus::PROGRAM] {
        program.find()?;
    }
    Ok(())
}

impl Servers {
    /// Those of this cluster. In pods, they have been applied before, and are waited for; else they are started.
    pub(super) async fn start(cluster: &Cluster, pods: Pods) -> Result<Self, Error> {
        let client = credentials::client(cluster.kubeconfig()).await?;
        let place = match pods {
            Pods::Real => Place::Inside(Box::new(Inside::find(cluster, &client).await?)),
            Pods::Simulated => Place::Beside(Box::new(Beside::start(cluster).await?)),
        };
        let (pods, deployments) = apis(client);
        Ok(Self { place, pods, deployments })
    }

    /// The address of Redis, as whoever uses it says.
    pub(super) fn redis(&self) -> String {
        match &self.place {
            Place::Inside(_) => inside::REDIS.to_owned(),
            Place::Beside(beside) => beside.redis().address(),
        }
    }

    /// The address of Prometheus, as whoever uses it says.
    pub(super) fn prometheus(&self) -> String {
        match &self.place {
            Place::Inside(_) => inside::PROMETHEUS.to_owned(),
            Place::Beside(beside) => beside.prometheus().address(),
        }
    }

    /// The command that adds jobs.
    pub(super) fn push(&self, jobs: usize) -> String {
        let client = match &self.place {
            Place::Inside(_) => "kubectl exec deployment/redis -- redis-cli".to_owned(),
            Place::Beside(beside) => format!("redis-cli -p {}", beside.redis().port()),
        };
        format!("seq {jobs} | xargs {client} rpush jobs")
    }

    /// Begins to send requests to the HTTP server; it ends by itself, after 15 seconds.
    pub(super) async fn send_requests(&mut self) -> Result<(), Error> {
        match &mut self.place {
            Place::Inside(inside) => inside.send_requests().await,
            Place::Beside(beside) => {
                beside.send_requests();
                Ok(())
            }
        }
    }

    /// Lets a worker run for each Ready pod where pods do not run themselves, and tells how far the work is.
    pub(super) async fn follow(&mut self) -> Result<Progress, Error> {
        let labelled = ListParams::default().labels(&format!("app={WORKER}"));
        let pods = self.pods.list(&labelled).await.map_err(Error::api("list the pods of the workers"))?;
        let ready: Vec<_> = pods.iter().filter(|pod| is_ready(pod)).map(|pod| pod.name_any()).collect();
        let (queue, workers) = match &mut self.place {
            Place::Inside(inside) => (inside.queue().await?, pods.iter().filter(|pod| runs(pod)).count()),
            Place::Beside(beside) => (beside.queue()?, beside.work_for(&ready)?),
        };
        Ok(Progress {
            queue,
            wanted: self.size(WORKER).await?,
            ready: ready.len(),
            workers,
            http: self.size(HTTP_APP).await?,
        })
    }

    async fn size(&self, name: &str) -> Result<i32, Error> {
        let found =
            self.deployments.get_opt(name).await.map_err(Error::api(format!("get Deployment {name}")))?;
        Ok(found.and_then(|found| found.spec?.replicas).unwrap_or_default())
    }
}

fn apis(client: Client) -> (Api<Pod>, Api<Deployment>) {
    (Api::default_namespaced(client.clone()), Api::default_namespaced(client))
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    let ready = conditions.into_iter().flatten().any(|c| c.type_ == "Ready" && c.status == "True");
    ready && pod.metadata.deletion_timestamp.is_none()
}

/// Whether it has a running container.
fn runs(pod: &Pod) -> bool {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    let mut states = statuses.into_iter().flatten().filter_map(|status| status.state.as_ref());
    states.any(|state| state.running.is_some())
}
