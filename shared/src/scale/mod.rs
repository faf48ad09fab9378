//! The scaling engine: from what is known of a target to the replicas that it should have, as a pure function.
//!
//! A [`Plan`] is a scaler's spec with every default filled in. [`decide`] takes it with what is remembered ([`State`]) and what is
//! known now ([`Observation`]), and gives a [`Decision`] with all its workings. Time is an argument. A [`Record`] holds a decision with
//! all that it was made from; replaying it gives the same decision.

mod cause;
mod course;
mod decide;
mod decision;
mod number;
mod observation;
mod operations;
mod plan;
mod policies;
mod record;
mod records;
mod ring;
pub mod simulate;
mod stages;
mod state;
mod text;

pub use cause::{Cause, CauseKind, Facts, Obeys, UnknownCause};
pub use decide::{advance, decide};
pub use decision::{
    Action, Combined, CooldownLeft, Decision, Input, Limit, Limited, Origin, PolicyStep, Problem, Range,
};
pub use number::Number;
pub use observation::{Floor, Observation, Reading, Series};
pub use plan::{DirectionPlan, FallbackPlan, Invalid, MetricPlan, Plan, RulesPlan, SafetyPlan, Target};
pub use policies::{Expressions, NoExpressions, Policy, PriceKnown, Situation, affordable};
pub use record::{Record, WriteOutcome, replay};
pub use records::Records;
pub use ring::Ring;
pub use state::{Baseline, History, Memory, Price, Recommendation, State};
pub use text::{Name, Shared};
