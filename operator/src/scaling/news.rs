//! Whether a decision has anything that a status should tell.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use csop_shared::api::general_scaler::MetricState;
use csop_shared::scale::{Decision, State};
use jiff::SignedDuration;

use super::view::Facts;
use crate::sampling::Feed;

/// Time after which a price is told again.
pub const PRICE_TOLD: SignedDuration = SignedDuration::from_mins(10);

/// A number that stays the same while nothing happens that a status tells at once. What merely goes on, as the values of metrics
/// do, is not in it.
pub(super) fn digest(
    decision: &Decision,
    state: &State,
    facts: &Facts,
    feeds: &[Feed],
    troubled: bool,
) -> u64 {
    let hash = &mut DefaultHasher::new();
    for (at, input) in decision.inputs.iter().enumerate() {
        if input.state != MetricState::Fresh {
            // A failure of another kind is told, for its remedy is another. Its words may differ each time.
            let failure = feeds.get(at).and_then(|feed| feed.latest().failure);
            failure.map(|failure| discriminant(&*failure)).hash(hash);
        }
        (discriminant(&input.state), input.proposal, input.fallback, input.suspicious).hash(hash);
        input.problem.map(|p| discriminant(&p)).hash(hash);
        input.missing_since.hash(hash);
    }
    (decision.current, decision.result, decision.wanted, decision.bounds.min, decision.bounds.max).hash(hash);
    (decision.cause.kind, decision.cause.subject.as_deref()).hash(hash);
    let limited = decision.limited;
    (limited.by_max, limited.by_min, limited.by_budget, limited.by_rate, limited.by_schedule).hash(hash);
    limited.budget_below_min.hash(hash);
    for step in &decision.policies {
        step.answer.as_ref().and_then(|answer| answer.as_ref().err()).hash(hash);
    }
    let last = state.operations.last();
    (state.operations.len(), last.map(|op| (op.time.0, discriminant(&op.outcome)))).hash(hash);
    (state.idle_since, state.effective_max).hash(hash);
    // A price moves all the time; its age is told now and then.
    state.last_price.map(|price| price.time.as_second() / PRICE_TOLD.as_secs()).hash(hash);
    (facts.target.is_some(), facts.conflict, facts.paused, troubled).hash(hash);
    for floor in &facts.floors {
        (&*floor.name, floor.replicas).hash(hash);
    }
    hash.finish()
}
