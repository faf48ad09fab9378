//! A metric with its defaults.

use super::{Invalid, seconds};
use crate::{
    api::general_scaler::{
        Fallback, FallbackBehavior, Metric, MetricMode, OnEmpty, Reduce, SourceType, Tolerance,
    },
    scale::{Name, Number},
};
use jiff::SignedDuration;
use std::collections::BTreeSet;

const FALLBACK_SECONDS: i32 = 180;
/// Cloud Monitoring's metrics are minutes old when they appear.
const PUBSUB_MAX_AGE_SECONDS: i32 = 300;
/// A tenth.
const TOLERANCE: Number = Number::decimal(1, -1);
const MOST_TOLERANCE: Number = Number::integer(10);
/// Up to this part of the target a latency is low enough to scale down.
const LATENCY_LOW: Number = Number::decimal(7, -1);

/// A metric with its defaults.
#[derive(Clone, Debug)]
pub struct MetricPlan {
    /// Its name.
    pub name: Name,
    /// Where it comes from.
    pub source: SourceType,
    /// How its value becomes replicas.
    pub mode: MetricMode,
    /// The value to aim for; none where the source states it.
    pub target: Option<Target>,
    /// The largest part of the target that changes nothing.
    pub high: Number,
    /// The smallest part of the target that changes nothing; for Latency the largest that is low.
    pub low: Number,
    /// Above this it sees work.
    pub activation: Number,
    /// Whether the spec itself says so.
    pub activation_given: bool,
    /// How several series become one value.
    pub reduce: Reduce,
    /// Whether an answer without series means zero.
    pub empty_is_zero: bool,
    /// Age up to which a sample is fresh.
    pub max_age: SignedDuration,
    /// What to do when it has been missing for long.
    pub fallback: Option<FallbackPlan>,
}

/// A value to aim for, and how far a value may be off it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The value to aim for.
    pub value: Number,
    /// The largest value that changes nothing.
    pub high: Number,
    /// The smallest value that changes nothing; for Latency the largest that is low.
    pub low: Number,
}

/// A fallback with its defaults.
#[derive(Clone, Copy, Debug)]
pub struct FallbackPlan {
    /// Time for which the metric must have been missing.
    pub after: SignedDuration,
    /// Replicas.
    pub replicas: i32,
    /// What to do with a different current number.
    pub behavior: FallbackBehavior,
}

/// What metrics take over from elsewhere in the spec.
#[derive(Clone, Copy)]
pub(super) struct Defaults {
    pub(super) latency: bool,
    pub(super) tolerance: Option<Tolerance>,
    pub(super) max_age: i32,
}

impl MetricPlan {
    pub(super) fn new(metric: &Metric, name: Name, defaults: Defaults) -> Result<Self, Invalid> {
        let field = |key: &str| format!("spec.metrics[{name}].{key}");
        match metric.target_value {
            Some(target) if !target.is_positive() => {
                return Err(Invalid::new(field("targetValue"), format!("is {target}: it must be above 0")));
            }
            None if metric.type_ != SourceType::External => {
                return Err(Invalid::new(field("targetValue"), "is missing: say which value to aim for"));
            }
            _ => {}
        }
        let mode = metric.mode.unwrap_or_else(|| default_mode(metric.type_, defaults.latency));
        let (up, down) = tolerance(metric.tolerance.or(defaults.tolerance), &field("tolerance"))?;
        let max_age = match metric.type_ {
            SourceType::Pubsub => PUBSUB_MAX_AGE_SECONDS.max(defaults.max_age),
            _ => defaults.max_age,
        };
        let low = if mode == MetricMode::Latency { LATENCY_LOW } else { Number::ONE.minus(down) };
        let reduce = match mode {
            MetricMode::PerReplica => Reduce::Sum,
            MetricMode::Ratio | MetricMode::Latency => Reduce::Max,
        };
        let high = Number::ONE.plus(up);
        Ok(Self {
            source: metric.type_,
            mode,
            target: metric.target_value.map(|value| Target::new(value, high, low)),
            high,
            low,
            activation: metric.activation.unwrap_or_default(),
            activation_given: metric.activation.is_some(),
            reduce: metric.reduce.unwrap_or(reduce),
            empty_is_zero: metric.on_empty == Some(OnEmpty::Zero),
            max_age: seconds(metric.max_age_seconds, max_age),
            fallback: metric.fallback.as_ref().map(FallbackPlan::new),
            name,
        })
    }
}

impl Target {
    fn new(value: Number, high: Number, low: Number) -> Self {
        Self { value, high: value.times(high), low: value.times(low) }
    }
}

impl MetricPlan {
    /// The spec's target, or one that the source states.
    pub fn target(&self, stated: Number) -> Target {
        self.target.unwrap_or_else(|| Target::new(stated, self.high, self.low))
    }
}

fn default_mode(source: SourceType, latency: bool) -> MetricMode {
    match source {
        SourceType::Redis | SourceType::Pubsub | SourceType::External => MetricMode::PerReplica,
        SourceType::Prometheus | SourceType::Http if latency => MetricMode::Latency,
        SourceType::Prometheus | SourceType::Http | SourceType::Resource => MetricMode::Ratio,
    }
}

fn tolerance(given: Option<Tolerance>, field: &str) -> Result<(Number, Number), Invalid> {
    let (up, down) = match given {
        None => (TOLERANCE, TOLERANCE),
        Some(Tolerance::Both(both)) => (both, both),
        Some(Tolerance::Each(each)) => (each.up.unwrap_or(TOLERANCE), each.down.unwrap_or(TOLERANCE)),
    };
    match [up, down].into_iter().find(|value| value.is_negative() || *value > MOST_TOLERANCE) {
        Some(value) => Err(Invalid::new(field, format!("is {value}: it must be from 0 to {MOST_TOLERANCE}"))),
        None => Ok((up, down)),
    }
}

impl FallbackPlan {
    fn new(fallback: &Fallback) -> Self {
        Self {
            after: seconds(fallback.after_seconds, FALLBACK_SECONDS),
            replicas: fallback.replicas,
            behavior: fallback.behavior.unwrap_or_default(),
        }
    }
}

/// The names of metrics: given, or the type with a number from the second one on.
pub(super) fn names(metrics: &[Metric]) -> Vec<Name> {
    let mut taken: BTreeSet<String> = metrics.iter().filter_map(|metric| metric.name.clone()).collect();
    let mut name_of = |metric: &Metric| {
        if let Some(name) = &metric.name {
            return Name::from(name.as_str());
        }
        let type_ = metric.type_.as_str();
        let numbered = (2..).map(|number| format!("{type_}-{number}"));
        let mut free = std::iter::once(type_.to_owned()).chain(numbered).filter(|name| !taken.contains(name));
        let name = free.next().expect("one of endlessly many names is free");
        taken.insert(name.clone());
        Name::from(name.as_str())
    };
    metrics.iter().map(&mut name_of).collect()
}
