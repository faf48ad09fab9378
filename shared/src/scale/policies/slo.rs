//! The demand of the metrics, as it is: objective and tolerance are read where the proposals are made.

use super::{CauseKind, Policy, PolicyStep, PolicyType, Situation};

#[derive(Debug)]
pub(super) struct Slo;

impl Policy for Slo {
    fn apply(&self, _: &Situation<'_>, desired: i32) -> PolicyStep {
        PolicyStep::unchanged(PolicyType::Slo, desired)
    }

    fn cause(&self) -> CauseKind {
        CauseKind::Demand
    }
}
