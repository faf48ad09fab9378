//! A simulation in figures.

use super::{run::Settings, world::Seen};
use crate::{api::general_scaler::MetricMode, scale::MetricPlan};
use jiff::SignedDuration;
use serde::Serialize;

/// What a division leaves behind does not count as above a target.
const SLACK: f64 = 1.0 + 1e-9;
const HOUR: f64 = 3600.0;

/// A simulation in figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Seconds that were simulated.
    pub seconds: f64,
    /// Decisions that were made.
    pub decisions: usize,
    /// Seconds in which a metric was known.
    pub known_seconds: f64,
    /// Of these: in which none was above its target for the ready pods.
    pub under_target_seconds: f64,
    /// Each metric.
    pub metrics: Vec<MetricSummary>,
    /// Pods, times the hours that they ran.
    pub pod_hours: f64,
    /// What that cost; none without a price.
    pub cost: Option<f64>,
    /// Changes.
    pub operations: usize,
    /// Fewest replicas that there were.
    pub fewest: i32,
    /// Most replicas that there were.
    pub most: i32,
}

/// A metric of a simulation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricSummary {
    /// Its name.
    pub name: String,
    /// Seconds in which it was known.
    pub known_seconds: f64,
    /// Of these: in which it was not above its target for the ready pods.
    pub under_target_seconds: f64,
}

/// Counts, decision by decision.
pub(super) struct Counter {
    seconds: f64,
    targets: Vec<(MetricMode, f64)>,
    settings: Settings,
    priced: bool,
    total: Summary,
}

impl Counter {
    pub(super) fn new(metrics: &[MetricPlan], interval: SignedDuration, settings: Settings) -> Self {
        let target =
            |metric: &MetricPlan| metric.target.map_or(f64::INFINITY, |target| target.value.to_f64());
        let named =
            |metric: &MetricPlan| MetricSummary { name: metric.name.to_string(), ..MetricSummary::default() };
        Self {
            seconds: interval.as_secs_f64(),
            targets: metrics.iter().map(|metric| (metric.mode, target(metric))).collect(),
            settings,
            priced: true,
            total: Summary {
                metrics: metrics.iter().map(named).collect(),
                cost: Some(0.0),
                fewest: i32::MAX,
                ..Summary::default()
            },
        }
    }

    /// What was seen at a decision, with the replicas that it led to; it holds until the next one.
    pub(super) fn add(&mut self, seen: &Seen) {
        let (seconds, total) = (self.seconds, &mut self.total);
        total.seconds += seconds;
        total.decisions += 1;
        let (mut known, mut under) = (false, true);
        for ((value, (mode, target)), metric) in seen.values.iter().zip(&self.targets).zip(&mut total.metrics)
        {
            if value.is_nan() {
                continue;
            }
            known = true;
            let room = match mode {
                MetricMode::PerReplica => target * f64::from(seen.ready.max(0)),
                MetricMode::Ratio | MetricMode::Latency => *target,
            };
            metric.known_seconds += seconds;
            if *value <= room * SLACK {
                metric.under_target_seconds += seconds;
            } else {
                under = false;
            }
        }
        if known {
            total.known_seconds += seconds;
            total.under_target_seconds += if under { seconds } else { 0.0 };
        }
        let pod_hours = f64::from(seen.current) * seconds / HOUR;
        total.pod_hours += pod_hours;
        match seen.price.or(self.settings.price) {
            Some(price) => {
                let cost = pod_hours * price + self.settings.fixed * seconds / HOUR;
                total.cost = total.cost.map(|sum| sum + cost);
            }
            None => self.priced = false,
        }
        total.fewest = total.fewest.min(seen.current);
        total.most = total.most.max(seen.current);
    }

    pub(super) fn summary(mut self, operations: usize) -> Summary {
        self.total.operations = operations;
        self.total.cost = self.total.cost.filter(|_| self.priced);
        self.total
    }
}
