//! How services come to be: by the operator, and by a bare client.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use csop_shared::api::CashService;
use csop_tests::{Error, requests::Write};
use serde_json::{Map, Value, json};

use crate::{
    bare::Bare,
    load,
    operator::Operator,
    process,
    report::round,
    say,
    scene::{OPERATOR, Scene},
    statistics::{count, millis},
};

/// What the making of services took.
#[derive(Clone, Debug)]
pub struct Birth {
    services: usize,
    /// From the first request until the last object exists.
    wall: Duration,
    /// CPU time of whoever made the children, until there was nothing more to do.
    cpu: Duration,
    /// CPU time of the control plane.
    cluster_cpu: Duration,
    /// Requests of whoever made the children, by verb and resource.
    requests: BTreeMap<String, f64>,
}

/// The same services made in both ways, one after the other.
#[derive(Clone, Debug)]
pub struct Pair {
    pub bare: Birth,
    pub operator: Birth,
}

/// Services that the operator has made and keeps.
pub struct Fleet {
    pub birth: Birth,
    pub operator: Operator,
    pub services: Vec<CashService>,
    pub namespaces: Vec<String>,
}

impl Birth {
    /// Wall-clock seconds for one service.
    pub fn seconds_each(&self) -> f64 {
        self.wall.as_secs_f64() / count(self.services)
    }

    /// Requests for one service, by verb and resource.
    pub fn requests_each(&self) -> Value {
        let each =
            |(what, number): (&String, &f64)| (what.clone(), json!(round(number / count(self.services))));
        self.requests.iter().map(each).collect::<Map<String, Value>>().into()
    }

    fn cpu_ms_each(&self, of: Duration) -> f64 {
        round(millis(of) / count(self.services))
    }

    fn json(&self) -> Value {
        json!({
            "seconds": round(self.wall.as_secs_f64()),
            "cpu_ms_per_service": self.cpu_ms_each(self.cpu),
            "control_plane_cpu_ms_per_service": self.cpu_ms_each(self.cluster_cpu),
        })
    }
}

impl Pair {
    /// The operator's wall-clock time to the bare client's.
    pub fn ratio(&self) -> f64 {
        self.operator.seconds_each() / self.bare.seconds_each()
    }

    /// The operator's CPU time for one service, in milliseconds.
    pub fn cost(&self) -> f64 {
        millis(self.operator.cpu) / count(self.operator.services)
    }

    /// For the context.
    pub fn json(&self) -> Value {
        json!({
            "ratio": round(self.ratio()),
            "bare": self.bare.json(),
            "operator": self.operator.json(),
        })
    }
}

/// Makes services in both ways, and removes them.
pub async fn pair(scene: &Scene, services: usize, operator_first: bool) -> Result<Pair, Error> {
    let pair = if operator_first {
        let operator = operator(scene, services).await?.end(scene).await?;
        Pair { operator, bare: bare(scene, services).await? }
    } else {
        let bare = bare(scene, services).await?;
        Pair { bare, operator: operator(scene, services).await?.end(scene).await? }
    };
    say(&format!("  {}", pair.json()));
    Ok(pair)
}

/// Makes services with a bare client, while no operator runs, and removes them.
pub async fn bare(scene: &Scene, services: usize) -> Result<Birth, Error> {
    let namespaces = scene.namespaces("bare", services).await?;
    let wanted = load::services(&namespaces, services);
    let worker = scene.operator_client().await?;
    let bare = Bare::new(&wanted);
    let watch = Stopwatch::start(scene).await?;
    let own = || process::cpu(std::process::id());
    let before = own()?;
    bare.make(scene.client(), &worker).await?;
    let (wall, cpu) = (watch.begun.elapsed(), own()?.saturating_sub(before));
    scene.settled().await;
    let birth = watch.stop(scene, services, wall, cpu).await?;
    scene.clean(&namespaces).await?;
    Ok(birth)
}

/// Lets a new operator make services.
pub async fn operator(scene: &Scene, services: usize) -> Result<Fleet, Error> {
    let namespaces = scene.namespaces("fleet", services).await?;
    let wanted = load::services(&namespaces, services);
    let children = count(Bare::new(&wanted).objects());
    let operator = Operator::start(scene.operator_kubeconfig()).await?;
    operator.ready().await?;
    let watch = Stopwatch::start(scene).await?;
    let before = operator.cpu()?;
    let create = load::create(scene.client(), &wanted, |_, _| {});
    futures::future::try_join(create, operator.has_created(children)).await?;
    let wall = watch.begun.elapsed();
    operator.is_quiet().await?;
    scene.settled().await;
    let cpu = operator.cpu()?.saturating_sub(before);
    let birth = watch.stop(scene, services, wall, cpu).await?;
    Ok(Fleet { birth, operator, services: wanted, namespaces })
}

impl Fleet {
    /// Ends the operator and removes the services.
    pub async fn end(self, scene: &Scene) -> Result<Birth, Error> {
        self.operator.stop().await;
        scene.clean(&self.namespaces).await?;
        Ok(self.birth)
    }
}

/// The moment at which the making begins, by every clock.
struct Stopwatch {
    mark: csop_tests::requests::Mark,
    reads: BTreeMap<&'static str, f64>,
    cluster_cpu: Duration,
    begun: Instant,
}

impl Stopwatch {
    async fn start(scene: &Scene) -> Result<Self, Error> {
        let (mark, reads) = (scene.requests().await.mark().await, scene.single_reads().await?);
        Ok(Self { mark, reads, cluster_cpu: scene.cpu()?, begun: Instant::now() })
    }

    async fn stop(
        &self,
        scene: &Scene,
        services: usize,
        wall: Duration,
        cpu: Duration,
    ) -> Result<Birth, Error> {
        let cluster_cpu = scene.cpu()?.saturating_sub(self.cluster_cpu);
        Ok(Birth { services, wall, cpu, cluster_cpu, requests: self.requests(scene).await? })
    }

    /// The writes since then of whoever is the operator, and everybody's reads of single children.
    async fn requests(&self, scene: &Scene) -> Result<BTreeMap<String, f64>, Error> {
        let mut all = BTreeMap::new();
        for write in writes_of_operator(&scene.requests().await.all(self.mark).await) {
            *all.entry(format!("{} {}", write.verb, write.resource)).or_insert(0.0) += 1.0;
        }
        for (resource, reads) in scene.single_reads().await? {
            let new = reads - self.reads.get(resource).unwrap_or(&0.0);
            if new > 0.0 {
                all.insert(format!("get {resource}"), new);
            }
        }
        Ok(all)
    }
}

/// What the operator's account has asked to change, but for leases.
pub fn writes_of_operator(all: &[Write]) -> impl Iterator<Item = &Write> {
    all.iter().filter(|write| write.user == OPERATOR && write.resource != "leases")
}
