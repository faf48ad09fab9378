//! What the scaled applications work with: a real Redis, a real Prometheus, and real processes of the applications in place of
//! simulated pods.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{Api, ResourceExt as _, api::ListParams};
use nix::sys::signal::Signal;
use tokio::task::JoinSet;

use crate::{
    Cluster, Error, Process, binaries, credentials, pages, ports,
    servers::{
        prometheus::{self, Prometheus},
        redis::{self, Redis},
    },
};

/// The Deployment of workers, and the program that stands for each of its pods.
pub(super) const WORKER: &str = "redis-worker";
/// The Deployment of the HTTP server, and the program that stands for all of its pods.
pub(super) const HTTP_APP: &str = "http-app";
/// How long a job takes, as in the worker's manifest.
const JOB_MILLIS: &str = "150";

/// The load of the HTTP server: so many requests, one in each period.
const REQUESTS: usize = 600;
const PERIOD: Duration = Duration::from_millis(25);

/// What runs in place of the cloud; gone when dropped.
pub(super) struct Servers {
    // Clients before what they talk to.
    load: JoinSet<()>,
    workers: BTreeMap<String, Process>,
    ending: Vec<Process>,
    _http_app: Process,
    http_address: String,
    redis: Redis,
    prometheus: Prometheus,
    folder: PathBuf,
    pods: Api<Pod>,
    deployments: Api<Deployment>,
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
    /// How many processes work.
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
    /// Starts them, with all their files in the folder of this control plane, so that they go with it.
    pub(super) async fn start(cluster: &Cluster) -> Result<Self, Error> {
        let folder = cluster.run_folder().to_owned();
        let parent = Some(folder.clone());
        let redis =
            Redis::try_start(redis::Settings { parent: parent.clone(), ..Default::default() }).await?;
        let [port] = ports::free()?;
        let http_address = format!("127.0.0.1:{port}");
        let http_app = application(&folder, HTTP_APP, &[("LISTEN", &http_address)])?;
        let targets = vec![http_address.clone()];
        let settings = prometheus::Settings { parent, targets, ..Default::default() };
        let prometheus = Prometheus::try_start(settings).await?;
        let client = credentials::client(cluster.kubeconfig()).await?;
        Ok(Self {
            load: JoinSet::new(),
            workers: BTreeMap::new(),
            ending: Vec::new(),
            _http_app: http_app,
            http_address,
            redis,
            prometheus,
            folder,
            pods: Api::default_namespaced(client.clone()),
            deployments: Api::default_namespaced(client),
        })
    }

    pub(super) fn redis(&self) -> &Redis {
        &self.redis
    }

    pub(super) fn prometheus(&self) -> &Prometheus {
        &self.prometheus
    }

    /// Begins to send requests to the HTTP server; it ends by itself, after 15 seconds.
    pub(super) fn send_requests(&mut self) {
        let address = self.http_address.clone();
        self.load.spawn(async move {
            let mut ticks = tokio::time::interval(PERIOD);
            for _ in 0..REQUESTS {
                ticks.tick().await;
                // One that fails is missing in the rate, which is what is looked at.
                let _ = pages::get(&address, "/work?ms=5").await;
            }
        });
    }

    /// Lets one worker run for each Ready pod of their Deployment, ends the others, and tells how far the work is.
    pub(super) async fn follow(&mut self) -> Result<Progress, Error> {
        let labelled = ListParams::default().labels(&format!("app={WORKER}"));
        let pods = self.pods.list(&labelled).await.map_err(Error::api("list the pods of the workers"))?;
        let ready: BTreeSet<_> = pods.iter().filter(|pod| is_ready(pod)).map(|pod| pod.name_any()).collect();
        let gone: Vec<_> = self.workers.keys().filter(|name| !ready.contains(*name)).cloned().collect();
        for worker in gone.iter().filter_map(|name| self.workers.remove(name)) {
            worker.signal(Signal::SIGTERM);
            self.ending.push(worker);
        }
        self.ending.retain_mut(Process::is_running);
        for name in &ready {
            if !self.workers.contains_key(name) {
                self.workers.insert(name.clone(), self.worker()?);
            }
        }
        Ok(Progress {
            queue: self.queue()?,
            wanted: self.size(WORKER).await?,
            ready: ready.len(),
            workers: self.workers.len() + self.ending.len(),
            http: self.size(HTTP_APP).await?,
        })
    }

    fn worker(&self) -> Result<Process, Error> {
        let url = format!("redis://{}", self.redis.address());
        let settings = [("LISTEN", "127.0.0.1:0"), ("REDIS_URL", &*url), ("JOB_MILLIS", JOB_MILLIS)];
        application(&self.folder, WORKER, &settings)
    }

    fn queue(&self) -> Result<usize, Error> {
        let length = self.redis.try_run("LLEN jobs")?;
        length.parse().map_err(|_| Error::Missing(format!("the length of the queue is {length:?}")))
    }

    async fn size(&self, name: &str) -> Result<i32, Error> {
        let found =
            self.deployments.get_opt(name).await.map_err(Error::api(format!("get Deployment {name}")))?;
        Ok(found.and_then(|found| found.spec?.replicas).unwrap_or_default())
    }
}

/// Starts a sample application, with its output in a folder inside this one.
fn application(folder: &Path, name: &str, settings: &[(&str, &str)]) -> Result<Process, Error> {
    let mut command = Command::new(binaries::beside_tests(name)?);
    command.envs(settings.iter().copied());
    Process::try_start_in(folder, name, &command)
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    let ready = conditions.into_iter().flatten().any(|c| c.type_ == "Ready" && c.status == "True");
    ready && pod.metadata.deletion_timestamp.is_none()
}
