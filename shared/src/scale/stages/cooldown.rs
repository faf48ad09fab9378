//! The cooldown: how long the last change still keeps another one away.

use crate::scale::{Plan, State, decision::CooldownLeft};
use jiff::{SignedDuration, Timestamp};

/// What is left of the cooldowns since the last change that starts them.
pub(in crate::scale) fn left(plan: &Plan, state: &State, now: Timestamp) -> CooldownLeft {
    let last = state.operations.iter().rev().find(|operation| operation.starts_cooldown);
    let Some(last) = last else { return CooldownLeft::default() };
    let elapsed = now.duration_since(last.time.0);
    let left = |cooldown: SignedDuration| (cooldown - elapsed).max(SignedDuration::ZERO);
    CooldownLeft { up: left(plan.safety.up.cooldown), down: left(plan.safety.down.cooldown) }
}
