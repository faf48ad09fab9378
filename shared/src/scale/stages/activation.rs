//! To zero and back: whether there is work for a target whose minimum is 0.

use crate::{
    api::general_scaler::MetricState,
    scale::{CauseKind, Plan, State, decision::Input, plan::MetricPlan},
};
use jiff::Timestamp;
use std::cmp::Ordering;

/// What activation makes of the demand.
#[derive(Clone, Copy, Debug)]
pub(in crate::scale) struct Activated {
    /// Whether there is work; none when nobody knows, or when it does not matter.
    pub(in crate::scale) active: Option<bool>,
    /// The demand.
    pub(in crate::scale) demand: i32,
    /// The cause, where activation turns the decision.
    pub(in crate::scale) cause: CauseKind,
    /// Whether stabilisation has no say: `idleSeconds` has waited already.
    pub(in crate::scale) idle: bool,
}

/// Keeps a target with work above zero, and lets one without work go to zero after `idleSeconds`.
pub(in crate::scale) fn activate(
    plan: &Plan,
    state: &mut State,
    inputs: &mut [Input],
    current: i32,
    demand: i32,
    now: Timestamp,
) -> Activated {
    if plan.min > 0 || inputs.is_empty() {
        state.idle_since = None;
        return Activated { active: None, demand, cause: CauseKind::Activation, idle: false };
    }
    for (metric, input) in plan.metrics.iter().zip(&mut *inputs) {
        input.active = activity(metric, input);
    }
    let active = if inputs.iter().any(|input| input.active == Some(true)) {
        Some(true)
    } else {
        inputs.iter().all(|input| input.active.is_some()).then_some(false)
    };
    let (demand, cause, idle) = match active {
        Some(true) => {
            state.idle_since = None;
            (demand.max(1), CauseKind::Activation, false)
        }
        // Nobody knows: nothing wakes, and nothing goes to sleep.
        None => (if current == 0 { 0 } else { demand.max(1) }, CauseKind::MissingBlocksDown, false),
        Some(false) if current == 0 => {
            state.idle_since = None;
            (0, CauseKind::Idle, false)
        }
        Some(false) => {
            let since = *state.idle_since.get_or_insert(now);
            let over = now.duration_since(since) >= plan.idle;
            (if over { 0 } else { demand.max(1) }, CauseKind::Idle, over)
        }
    };
    Activated { active, demand, cause, idle }
}

/// Whether a metric sees work; none when it is missing.
fn activity(metric: &MetricPlan, input: &Input) -> Option<bool> {
    if input.fallback {
        return Some(true);
    }
    let sum = input.reduced.filter(|_| input.state == MetricState::Fresh)?;
    let above = sum.compare(1, metric.activation, input.divisor.into()) == Ordering::Greater;
    // A source that knows whether there is work is believed, unless the spec sets a limit of its own.
    Some(match input.active {
        Some(said) => said || (metric.activation_given && above),
        None => above,
    })
}
