//! The changes of a target that a scaler remembers. Each is written ahead to the status before the target is written, so that a
//! crash at any point loses no cooldown.

use super::{Plan, State};
use crate::api::general_scaler::{Operation, Outcome};
use jiff::{SignedDuration, Timestamp};

/// So many operations are always kept.
const KEPT: usize = 10;
/// No more than these are kept, however young they are.
const MOST: usize = 60;

/// Adds an operation, and drops those that no rule looks back on any more.
pub(super) fn push(plan: &Plan, state: &mut State, operation: Operation) {
    let now = operation.time.0;
    let operations = state.operations.to_mut();
    operations.push(operation);
    let needed = operations.iter().rev().take_while(|op| now.duration_since(op.time.0) <= plan.safety.memory);
    let keep = needed.count().clamp(KEPT, MOST);
    operations.drain(..operations.len().saturating_sub(keep));
}

/// Settles an operation that was written ahead by an operator that did not live to tell: where the target still has the number from
/// before, it did not happen.
pub(super) fn resolve(state: &mut State, current: i32) {
    let Some(last) = state.operations.last().filter(|op| op.outcome == Outcome::Pending) else { return };
    state.settle(last.from != current);
}

impl State {
    /// Settles the operation that is pending, if one is: the target has been written, or it has not (a conflict, a refusal).
    pub fn settle(&mut self, written: bool) {
        if self.operations.last().is_none_or(|last| last.outcome != Outcome::Pending) {
            return;
        }
        let operations = self.operations.to_mut();
        if written {
            operations.last_mut().expect("the last one is pending").outcome = Outcome::Applied;
        } else {
            operations.pop();
        }
    }
}

/// Times in the status have microseconds: an operation is the same before and after it was written.
pub(super) fn whole_micros(time: Timestamp) -> Timestamp {
    let excess = SignedDuration::from_nanos((time.subsec_nanosecond() % 1000).into());
    time.checked_sub(excess).unwrap_or(time)
}
