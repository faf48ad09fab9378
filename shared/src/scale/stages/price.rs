//! What is known of the price of a pod.

use super::reduce::reduce;
use crate::{
    api::general_scaler::Reduce,
    scale::{Observation, Plan, Reading, State, policies::PriceKnown, state::Price},
};
use jiff::{SignedDuration, Timestamp};

/// For so long the last price stands in for an unknown one.
const TRUSTED: SignedDuration = SignedDuration::from_hours(1);

/// The price to count with; what is newly known is remembered.
pub(in crate::scale) fn price(
    plan: &Plan,
    state: &mut State,
    observation: &Observation,
    now: Timestamp,
) -> PriceKnown {
    if let Some(price) = observation.price.as_ref().and_then(|reading| fresh(plan, reading, now)) {
        state.last_price = Some(price);
    }
    match state.last_price {
        None => PriceKnown::Never,
        Some(price) if now.duration_since(price.time) <= TRUSTED => PriceKnown::Known(price.value),
        Some(_) => PriceKnown::Lost,
    }
}

/// A price that is one number above zero, and not old. Without one that can be divided by, nothing is known.
fn fresh(plan: &Plan, reading: &Reading, now: Timestamp) -> Option<Price> {
    let Reading::Sample { values, time, .. } = reading else { return None };
    let value = reduce(values, Reduce::Single).ok()??.sum;
    let usable = value.is_positive() && now.duration_since(*time) <= plan.price_max_age;
    usable.then(|| Price { value, time: (*time).min(now) })
}
