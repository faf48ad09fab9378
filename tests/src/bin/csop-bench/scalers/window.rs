//! A stretch of time in which nothing happens but decisions.

use std::time::{Duration, Instant};

use csop_tests::{Error, servers::prometheus::Prometheus};

use crate::{
    counters,
    fleet::writes_of_operator,
    operator::{self, Operator},
    say,
    scene::Scene,
    statistics::count,
};

const LAG: &str = "csop_scaler_lag_seconds";
/// Every interval in this benchmark.
const INTERVAL: Duration = Duration::from_secs(1);

/// What was counted.
pub struct Window {
    time: Duration,
    cpu: Duration,
    queries: f64,
    writes: usize,
    /// Decisions by the most that they came too late, in seconds.
    lags: Vec<(f64, f64)>,
    evaluations: f64,
}

struct Counters {
    cpu: Duration,
    metrics: String,
    queries: f64,
}

impl Counters {
    async fn read(operator: &Operator, server: &Prometheus) -> Result<Self, Error> {
        let address = server.listens_on().parse().expect("a server listens on an address");
        let text = operator::get(address, "/metrics").await.map_err(Error::spawn("prometheus"))?.1;
        let handler = [("handler", "/api/v1/query")];
        Ok(Self {
            cpu: operator.cpu()?,
            metrics: operator.metrics().await?,
            queries: counters::sum(&text, "prometheus_http_requests_total", &handler),
        })
    }
}

impl Window {
    /// Counts for this long.
    pub async fn watch(
        scene: &Scene,
        operator: &Operator,
        server: &Prometheus,
        time: Duration,
    ) -> Result<Self, Error> {
        say(&format!("{} s of decisions", time.as_secs()));
        let requests = scene.requests().await;
        let (mark, before, begun) =
            (requests.mark().await, Counters::read(operator, server).await?, Instant::now());
        tokio::time::sleep(time).await;
        let (after, time) = (Counters::read(operator, server).await?, begun.elapsed());
        let all = requests.all(mark).await;
        let total = |counters: &Counters| counters::sum(&counters.metrics, &format!("{LAG}_count"), &[]);
        Ok(Self {
            time,
            cpu: after.cpu.saturating_sub(before.cpu),
            queries: after.queries - before.queries,
            writes: writes_of_operator(&all).count(),
            lags: buckets(&before.metrics, &after.metrics),
            evaluations: total(&after) - total(&before),
        })
    }

    /// The lag that 99 of 100 decisions do not exceed, as the bounds of the histogram tell.
    pub fn lag_p99_ms(&self) -> f64 {
        let share = |(_, number): &&(f64, f64)| *number >= 0.99 * self.evaluations;
        self.lags.iter().find(share).map_or(f64::INFINITY, |(bound, _)| bound * 1000.0)
    }

    /// Decisions that came later than by a whole interval.
    pub fn lost(&self) -> f64 {
        let within = self.lags.iter().find(|(bound, _)| *bound >= INTERVAL.as_secs_f64());
        within.map_or(self.evaluations, |(_, number)| self.evaluations - number)
    }

    pub fn evaluations_per_s(&self) -> f64 {
        self.evaluations / self.time.as_secs_f64()
    }

    pub fn cpu_s_per_min(&self) -> f64 {
        self.cpu.as_secs_f64() * 60.0 / self.time.as_secs_f64()
    }

    /// Queries to one for each distinct query and interval.
    pub fn queries_ratio(&self, distinct: usize) -> f64 {
        self.queries / (count(distinct) * self.time.as_secs_f64())
    }

    pub fn writes(&self) -> f64 {
        count(self.writes)
    }
}

/// The new samples of a histogram, by upper bound.
fn buckets(before: &str, after: &str) -> Vec<(f64, f64)> {
    let bounds = after.lines().filter_map(|line| {
        let (_, rest) = line.strip_prefix(LAG)?.strip_prefix("_bucket")?.split_once("le=\"")?;
        let (bound, _) = rest.split_once('"')?;
        Some(bound.to_owned()).filter(|bound| bound != "+Inf")
    });
    let number = |text: &str, bound: &str| counters::sum(text, &format!("{LAG}_bucket"), &[("le", bound)]);
    bounds
        .filter_map(|bound| Some((bound.parse().ok()?, number(after, &bound) - number(before, &bound))))
        .collect()
}
