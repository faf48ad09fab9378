//! What an expression says; where it fails, the demand stands.

use super::{CauseKind, Expressions, Invalid, Policy, PolicyStep, PolicyType, Situation};
use crate::api::general_scaler::PolicyConfig;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Cel {
    expression: String,
    time_zone: Option<String>,
    expressions: Arc<dyn Expressions>,
}

impl Cel {
    pub(super) fn new(config: PolicyConfig, expressions: &Arc<dyn Expressions>) -> Result<Self, Invalid> {
        let expression = config.expression.filter(|text| !text.trim().is_empty());
        let expression = expression.ok_or_else(|| {
            Invalid::new("spec.policies[cel].config.expression", "is missing: say what to compute")
        })?;
        Ok(Self { expression, time_zone: config.time_zone, expressions: Arc::clone(expressions) })
    }
}

impl Policy for Cel {
    fn apply(&self, situation: &Situation<'_>, desired: i32) -> PolicyStep {
        let zone = self.time_zone.as_deref();
        let answer = self.expressions.evaluate(&self.expression, zone, situation, desired);
        let after = answer.as_ref().map_or(desired, |replicas| {
            let bounded = (*replicas).clamp(0, i32::MAX.into());
            i32::try_from(bounded).expect("it was bounded to what fits")
        });
        PolicyStep { after, answer: Some(answer), ..PolicyStep::unchanged(PolicyType::Cel, desired) }
    }

    fn cause(&self) -> CauseKind {
        CauseKind::Cel
    }
}
