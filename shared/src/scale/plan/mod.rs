//! A scaler's spec with every default filled in, checked and ready for decisions.

mod metric;
mod safety;

pub use metric::{FallbackPlan, MetricPlan, Target};
pub use safety::{DirectionPlan, RulesPlan, SafetyPlan};

use super::{
    Shared,
    policies::{self, Expressions, Policy},
};
use crate::api::general_scaler::{GeneralScalerSpec, Metric, Objective, PolicyType, ScalerMode};
use jiff::SignedDuration;
use std::{collections::BTreeSet, sync::Arc};

const INTERVAL_SECONDS: i32 = 15;
const IDLE_SECONDS: i32 = 300;
const MAX_AGE_SECONDS: i32 = 90;
const MAX_AGE_INTERVALS: i32 = 3;

/// A spec that asks for what cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct Invalid {
    /// Where in the object.
    pub field: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

impl Invalid {
    /// Says what is wrong with a field.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

/// A spec that is ready for decisions.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The spec itself.
    pub spec: Shared<GeneralScalerSpec>,
    /// What becomes of decisions.
    pub mode: ScalerMode,
    /// Fewest replicas.
    pub min: i32,
    /// Most replicas.
    pub max: i32,
    /// Time between two decisions.
    pub interval: SignedDuration,
    /// Time without activity after which the target is scaled to zero.
    pub idle: SignedDuration,
    /// The metrics, in the order of the spec.
    pub metrics: Box<[MetricPlan]>,
    /// The policies, in order.
    pub policies: Box<[Arc<dyn Policy>]>,
    /// How fast and how often the number may change.
    pub safety: SafetyPlan,
    /// Age up to which a price counts as known.
    pub price_max_age: SignedDuration,
}

fn seconds(given: Option<i32>, default: i32) -> SignedDuration {
    SignedDuration::from_secs(given.unwrap_or(default).max(0).into())
}

impl Plan {
    /// Reads a spec; expressions of cel policies are answered by `expressions`.
    ///
    /// # Errors
    /// When the spec asks for what cannot be. Most of that is refused by the API server already.
    pub fn new(
        spec: impl Into<Shared<GeneralScalerSpec>>,
        expressions: &Arc<dyn Expressions>,
    ) -> Result<Self, Invalid> {
        let spec = spec.into();
        check(&spec)?;
        let interval = spec.interval_seconds.unwrap_or(INTERVAL_SECONDS).max(1);
        let max_age = MAX_AGE_SECONDS.max(interval.saturating_mul(MAX_AGE_INTERVALS));
        let slo = spec.all_policies().find(|p| p.type_ == PolicyType::Slo).and_then(|p| p.config.as_deref());
        let latency = slo.and_then(|config| config.objective) == Some(Objective::Latency);
        let tolerance = slo.and_then(|config| config.tolerance);
        let names = metric::names(&spec.metrics);
        let defaults = metric::Defaults { latency, tolerance, max_age };
        let metric = |(metric, name): (&Metric, _)| MetricPlan::new(metric, name, defaults);
        Ok(Self {
            mode: spec.mode.unwrap_or_default(),
            min: spec.min_replicas.unwrap_or(1),
            max: spec.max_replicas,
            interval: SignedDuration::from_secs(interval.into()),
            idle: seconds(spec.idle_seconds, IDLE_SECONDS),
            metrics: spec.metrics.iter().zip(names).map(metric).collect::<Result<_, _>>()?,
            policies: spec
                .all_policies()
                .map(|policy| policies::build(policy, expressions))
                .collect::<Result<_, _>>()?,
            safety: SafetyPlan::new(spec.safety.as_ref()),
            price_max_age: SignedDuration::from_secs(max_age.into()),
            spec,
        })
    }
}

fn check(spec: &GeneralScalerSpec) -> Result<(), Invalid> {
    if spec.target().is_none() {
        return Err(Invalid::new("spec", "names no target: give targetDeployment or targetRef"));
    }
    let (min, max) = (spec.min_replicas.unwrap_or(1), spec.max_replicas);
    if min < 0 || max < min.max(1) {
        let problem = format!("{max} is below minReplicas {min}: raise it, or lower minReplicas");
        return Err(Invalid::new("spec.maxReplicas", problem));
    }
    let mut seen = BTreeSet::new();
    match spec.metrics.iter().filter_map(|metric| metric.name.as_deref()).find(|name| !seen.insert(*name)) {
        Some(name) => Err(Invalid::new("spec.metrics", format!("has two metrics named {name}: rename one"))),
        None => Ok(()),
    }
}
