//! A decision, and everything that led to it.

use super::{Cause, Name, Number, Series};
use crate::api::general_scaler::{MetricMode, MetricState, PolicyType, SourceType};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A decision with its workings, stage by stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// When it was made.
    pub time: Timestamp,
    /// Replicas that the target asked for; 0 without a target.
    pub current: i32,
    /// Ready pods.
    pub ready: i32,
    /// What the metrics said, in the order of the spec.
    pub inputs: Vec<Input>,
    /// The bounds in force; `max` holds what is left of a raise.
    pub bounds: Range,
    /// The proposals together.
    pub combined: Combined,
    /// With minReplicas 0: whether there is work; none when nobody knows.
    pub active: Option<bool>,
    /// The demand after activation.
    pub demand: i32,
    /// The demand after stabilisation.
    pub stabilized: i32,
    /// What each policy made of it.
    pub policies: Vec<PolicyStep>,
    /// Most replicas, and whose limit that is.
    pub ceiling: Limit,
    /// Fewest replicas, and whose limit that is.
    pub floor: Limit,
    /// What is wanted before cooldown and rates.
    pub wanted: i32,
    /// What is left of the cooldowns.
    pub cooldown: CooldownLeft,
    /// What the rates allow.
    pub rate: Range,
    /// What the policies of `safety.behavior` allow.
    pub behavior: Range,
    /// Replicas that the target should have.
    pub result: i32,
    /// The one cause.
    pub cause: Cause,
    /// What is to be done.
    pub action: Action,
    /// What kept the demand from being met.
    pub limited: Limited,
    /// Whether the change starts the cooldowns.
    pub starts_cooldown: bool,
}

/// Fewest and most replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// Fewest.
    pub min: i32,
    /// Most.
    pub max: i32,
}

impl Range {
    /// Any number.
    pub const ALL: Self = Self { min: 0, max: i32::MAX };

    /// The nearest number within; where the range is empty, its end `max`.
    pub fn clamp(self, value: i32) -> i32 {
        value.max(self.min).min(self.max)
    }
}

/// A metric at a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// Its name.
    pub metric: Name,
    /// Where it comes from.
    pub source: SourceType,
    /// How its value becomes replicas.
    pub mode: MetricMode,
    /// The value to aim for.
    pub target: Option<Number>,
    /// The values as the source gave them.
    pub raw: Option<Series>,
    /// The one value that they make: this divided by `divisor`, which is above 1 for means only.
    pub reduced: Option<Number>,
    /// See `reduced`.
    pub divisor: u32,
    /// When the values held.
    pub time: Option<Timestamp>,
    /// How old they are.
    pub age: Option<SignedDuration>,
    /// Whether it can be acted on.
    pub state: MetricState,
    /// Why not, where the values themselves are the reason.
    pub problem: Option<Problem>,
    /// Whether a value below zero was taken for 0.
    pub negative: bool,
    /// Since when it has been missing.
    pub missing_since: Option<Timestamp>,
    /// Whether it has been missing for so long that its fallback counts.
    pub fallback: bool,
    /// Value / target, for showing.
    pub ratio: Option<f64>,
    /// With minReplicas 0: whether it sees work.
    pub active: Option<bool>,
    /// Whether its value does not fall although the replicas have doubled since it began to raise them.
    pub suspicious: bool,
    /// Replicas that it wants.
    pub proposal: Option<i32>,
}

/// Why values cannot be acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Problem {
    /// A value is NaN or infinite.
    NotFinite,
    /// There are several series, and the metric says that there is one.
    SeveralSeries,
    /// Neither the spec nor the source says what to aim for.
    NoTarget,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFinite => "the value is NaN or infinite",
            Self::SeveralSeries => "the answer has several series, but reduce is Single",
            Self::NoTarget => "neither targetValue nor the source says what to aim for",
        })
    }
}

/// The proposals together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Combined {
    /// The largest proposal.
    pub replicas: i32,
    /// The index of the metric that makes it.
    pub by: Option<usize>,
    /// Whether missing metrics kept it from falling.
    pub blocked: bool,
}

/// What a policy made of the number of replicas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyStep {
    /// Which policy.
    pub policy: PolicyType,
    /// Replicas before.
    pub before: i32,
    /// Replicas after.
    pub after: i32,
    /// cost: most replicas that the budget pays for; none without a limit.
    pub cap: Option<i32>,
    /// cost: the price that it counted with.
    pub price: Option<Number>,
    /// cel: what the expression gave, or why nothing.
    pub answer: Option<Result<i64, String>>,
}

/// A limit and whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Replicas.
    pub replicas: i32,
    /// Whose limit it is.
    pub origin: Origin,
}

/// Whose limit a ceiling or floor is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// minReplicas.
    #[default]
    Min,
    /// maxReplicas.
    Max,
    /// The budget.
    Budget,
    /// The schedule of this name.
    Schedule(Name),
}

/// How long a change must still wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CooldownLeft {
    /// One upwards.
    pub up: SignedDuration,
    /// One downwards.
    pub down: SignedDuration,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Nothing.
    #[default]
    None,
    /// Write the number of replicas.
    Scale,
    /// Say what would be written.
    Recommend,
}

/// What kept the demand from being met: the reasons of the condition Limited, and one condition of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limited {
    /// More was wanted than maxReplicas.
    pub by_max: bool,
    /// Less was wanted than minReplicas.
    pub by_min: bool,
    /// More was wanted than the budget pays for, or its price is unknown.
    pub by_budget: bool,
    /// The step was cut by a rate or by `safety.behavior`.
    pub by_rate: bool,
    /// Less was wanted than a schedule asks for.
    pub by_schedule: bool,
    /// The budget does not pay for minReplicas.
    pub budget_below_min: bool,
}
