//! A Redis and a Prometheus on this machine, and processes of the applications in place of simulated pods.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use nix::sys::signal::Signal;
use tokio::task::JoinSet;

use super::{HTTP_APP, REQUESTS, REQUESTS_PER_SECOND, WORKER};
use crate::{
    Cluster, Error, Process, binaries, pages, ports,
    servers::{
        prometheus::{self, Prometheus},
        redis::{self, Redis},
    },
};

/// How long a job takes, as in the worker's manifest.
const JOB_MILLIS: &str = "150";

/// What runs in place of the cluster's pods; gone when dropped.
pub(super) struct Beside {
    // Clients before what they talk to.
    load: JoinSet<()>,
    workers: BTreeMap<String, Process>,
    ending: Vec<Process>,
    _http_app: Process,
    http_address: String,
    redis: Redis,
    prometheus: Prometheus,
    folder: PathBuf,
}

impl Beside {
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
        Ok(Self {
            load: JoinSet::new(),
            workers: BTreeMap::new(),
            ending: Vec::new(),
            _http_app: http_app,
            http_address,
            redis,
            prometheus,
            folder,
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
            let mut ticks = tokio::time::interval(Duration::from_secs(1) / REQUESTS_PER_SECOND);
            for _ in 0..REQUESTS {
                ticks.tick().await;
                // One that fails is missing in the rate, which is what is looked at.
                let _ = pages::get(&address, "/work?ms=5").await;
            }
        });
    }

    /// Lets one worker run for each of these pods, ends the others, and says how many run.
    pub(super) fn work_for(&mut self, ready: &[String]) -> Result<usize, Error> {
        let gone: Vec<_> = self.workers.keys().filter(|name| !ready.contains(name)).cloned().collect();
        for worker in gone.iter().filter_map(|name| self.workers.remove(name)) {
            worker.signal(Signal::SIGTERM);
            self.ending.push(worker);
        }
        self.ending.retain_mut(Process::is_running);
        for name in ready {
            if !self.workers.contains_key(name) {
                self.workers.insert(name.clone(), self.worker()?);
            }
        }
        Ok(self.workers.len() + self.ending.len())
    }

    fn worker(&self) -> Result<Process, Error> {
        let url = format!("redis://{}", self.redis.address());
        let settings = [("LISTEN", "127.0.0.1:0"), ("REDIS_URL", &*url), ("JOB_MILLIS", JOB_MILLIS)];
        application(&self.folder, WORKER, &settings)
    }

    /// How many jobs wait.
    pub(super) fn queue(&self) -> Result<usize, Error> {
        let length = self.redis.try_run("LLEN jobs")?;
        length.parse().map_err(|_| Error::Missing(format!("the length of the queue is {length:?}")))
    }
}

/// Starts a sample application, with its output in a folder inside this one.
fn application(folder: &Path, name: &str, settings: &[(&str, &str)]) -> Result<Process, Error> {
    let mut command = Command::new(binaries::beside_tests(name)?);
    command.envs(settings.iter().copied());
    Process::try_start_in(folder, name, &command)
}
