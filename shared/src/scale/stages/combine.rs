//! The proposals together: the largest counts, and what is missing holds.

use crate::scale::{
    Plan,
    decision::{Combined, Input},
};
use std::cmp::Reverse;

/// The largest proposal, not below `current` while a metric is missing without a fallback.
pub(in crate::scale) fn combine(plan: &Plan, inputs: &[Input], current: i32) -> Combined {
    if inputs.is_empty() {
        return Combined { replicas: plan.min, by: None, blocked: false };
    }
    let proposals = inputs.iter().enumerate().filter_map(|(at, input)| Some((input.proposal?, at)));
    // Of equal proposals the first name counts, so that the order of metrics means nothing.
    let largest = proposals.max_by_key(|(proposal, at)| (*proposal, Reverse(&inputs[*at].metric)));
    let missing = inputs.iter().any(|input| input.proposal.is_none());
    match largest {
        Some((replicas, by)) if !missing || replicas >= current => {
            Combined { replicas, by: Some(by), blocked: false }
        }
        _ => Combined { replicas: current, by: largest.map(|(_, at)| at), blocked: true },
    }
}
