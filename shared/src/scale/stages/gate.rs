//! Whether anything may be decided at all.

use crate::{
    api::general_scaler::ScalerMode,
    scale::{CauseKind, Observation, Plan, State},
};

/// Why the number of replicas is held whatever the metrics say; none when it is not.
pub(in crate::scale) fn closed(plan: &Plan, state: &State, observation: &Observation) -> Option<CauseKind> {
    if observation.paused || plan.mode == ScalerMode::Off {
        return Some(CauseKind::Paused);
    }
    if observation.conflict {
        return Some(CauseKind::Conflict);
    }
    let Some(current) = observation.current else { return Some(CauseKind::TargetMissing) };
    // Where the scaler itself went to zero, under a minimum of 0, the bounds bring the target back.
    let by_us = state.operations.last().is_some_and(|operation| operation.to == 0);
    (current <= 0 && plan.min > 0 && !by_us).then_some(CauseKind::ManuallyDisabled)
}
