//! A Ratio value that does not fall although the replicas have doubled is a total rather than a level.

use crate::{
    api::general_scaler::{MetricMode, MetricState},
    scale::{Cause, CauseKind, State, decision::Input, state::Baseline},
};

/// Marks the metrics whose value has not fallen although replicas have doubled since they began to raise them.
pub(in crate::scale) fn watch(state: &mut State, inputs: &mut [Input], current: i32, ready: i32) {
    if state.metrics.is_empty() {
        return;
    }
    for input in inputs {
        let Some(memory) = state.metrics.get_mut(&input.metric) else { continue };
        let Some(baseline) = memory.baseline else { continue };
        let Some(value) = input.reduced.filter(|_| input.state == MetricState::Fresh) else { continue };
        if value < baseline.value || current < baseline.replicas {
            memory.baseline = None;
            if memory.missing_since.is_none() {
                state.metrics.remove(&input.metric);
            }
        } else {
            input.suspicious = ready.min(current) >= baseline.replicas.saturating_mul(2);
        }
    }
}

/// Remembers where a metric begins to raise the replicas.
pub(in crate::scale) fn remember(state: &mut State, inputs: &[Input], current: i32, cause: &Cause) {
    if cause.kind != CauseKind::Demand || current == 0 {
        return;
    }
    let by = inputs.iter().find(|input| Some(&input.metric) == cause.subject.as_ref());
    let Some(input) = by.filter(|input| input.mode == MetricMode::Ratio) else { return };
    let Some(value) = input.reduced else { return };
    let memory = state.metrics.entry(input.metric.clone()).or_default();
    memory.baseline.get_or_insert(Baseline { replicas: current, value });
}
