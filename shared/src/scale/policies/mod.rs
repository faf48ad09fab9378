//! Policies: what the demand passes through on its way to a decision. One file and one line of [`build`] for each.

mod cel;
mod cost;
mod slo;

pub use cost::affordable;

use super::{
    Number,
    cause::CauseKind,
    decision::{Input, PolicyStep},
    plan::Invalid,
};
use crate::api::general_scaler::{self as api, PolicyType};
use jiff::Timestamp;
use std::{fmt::Debug, sync::Arc};

/// A policy that is ready for decisions.
pub trait Policy: Debug + Send + Sync {
    /// What it makes of `desired`; the result of one policy is what the next one gets.
    fn apply(&self, situation: &Situation<'_>, desired: i32) -> PolicyStep;

    /// The cause of a decision that this policy turns.
    fn cause(&self) -> CauseKind;
}

/// The policy that a spec asks for, `expressions` answering for those that hold one.
///
/// # Errors
/// When its configuration asks for what cannot be.
pub(super) fn build(
    policy: &api::Policy,
    expressions: &Arc<dyn Expressions>,
) -> Result<Arc<dyn Policy>, Invalid> {
    let config = policy.config.as_deref().cloned().unwrap_or_default();
    if policy.type_ != PolicyType::Slo && config.tolerance.is_some() {
        return Err(Invalid::new(
            "spec.policies[].config.tolerance",
            "is for policies of type slo: move it there",
        ));
    }
    Ok(match policy.type_ {
        PolicyType::Slo => Arc::new(slo::Slo),
        PolicyType::Cost => Arc::new(cost::Cost::new(&config)?),
        PolicyType::Cel => Arc::new(cel::Cel::new(config, expressions)?),
    })
}

/// What policies look at.
#[derive(Debug)]
pub struct Situation<'a> {
    /// Replicas that the target asks for.
    pub current: i32,
    /// Ready pods.
    pub ready: i32,
    /// Fewest replicas.
    pub min: i32,
    /// Most replicas, a raise by a schedule included.
    pub max: i32,
    /// The metrics.
    pub inputs: &'a [Input],
    /// What is known of the price of a pod.
    pub price: PriceKnown,
    /// When the decision is made.
    pub now: Timestamp,
}

/// What is known of the price of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceKnown {
    /// Its source says so, or did within the hour.
    Known(Number),
    /// Its source has been silent for longer.
    Lost,
    /// Its source has never said anything.
    Never,
}

/// Evaluates the expressions of cel policies. It must be a function of its arguments: the same question has the same answer.
pub trait Expressions: Debug + Send + Sync {
    /// What `expression` gives, with `desired` replicas so far.
    ///
    /// # Errors
    /// Why it gives no whole number, in words.
    fn evaluate(
        &self,
        expression: &str,
        time_zone: Option<&str>,
        situation: &Situation<'_>,
        desired: i32,
    ) -> Result<i64, String>;
}

/// For scalers without expressions.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoExpressions;

impl Expressions for NoExpressions {
    fn evaluate(&self, _: &str, _: Option<&str>, _: &Situation<'_>, _: i32) -> Result<i64, String> {
        Err("expressions are not evaluated here".to_owned())
    }
}

impl PolicyStep {
    /// A step that changes nothing.
    fn unchanged(policy: PolicyType, desired: i32) -> Self {
        Self { policy, before: desired, after: desired, cap: None, price: None, answer: None }
    }
}
