//! The bounds in force, and what is left of them after a schedule had raised the maximum.

use crate::scale::{Observation, Plan, State, decision::Range};

/// The maximum that the spec and the schedules now in force set.
pub(in crate::scale) fn ceiling(plan: &Plan, observation: &Observation) -> i32 {
    let raises = observation.floors.iter().filter(|floor| floor.raise_max);
    raises.map(|floor| floor.replicas).fold(plan.max, i32::max)
}

/// The bounds in force: outside of them the target is brought back at once.
///
/// When a raise ends, the maximum stays at the current number and falls with it, so that the way down is made of ordinary steps.
pub(in crate::scale) fn in_force(
    plan: &Plan,
    state: &mut State,
    observation: &Observation,
    current: i32,
) -> Range {
    let max = ceiling(plan, observation);
    let left = state.effective_max.map_or(max, |effective| effective.min(current).max(max));
    state.effective_max = (left > plan.max).then_some(left);
    Range { min: plan.min, max: left }
}
