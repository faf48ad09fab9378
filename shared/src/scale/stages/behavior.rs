//! The rates, and the scaling policies of `safety.behavior` by the rules of the HorizontalPodAutoscaler.
//!
//! A policy counts from the replicas at the beginning of its period: the current number without what has been added since then, and
//! with what has been removed. A change that is exactly as old as the period no longer counts. Percentages are those of integers,
//! rounded up on the way up and down on the way down. Only changes that start the cooldowns count: a schedule takes nothing away.

use crate::{
    api::general_scaler::{PolicyUnit, ScalingPolicy, SelectPolicy},
    scale::{
        Plan, State,
        decision::Range,
        plan::{DirectionPlan, RulesPlan},
    },
};
use jiff::{SignedDuration, Timestamp};

/// What one operation may change by the rates.
pub(in crate::scale) fn rate(plan: &Plan, current: i32) -> Range {
    let (up, down) = (plan.safety.up.rate, plan.safety.down.rate);
    Range { min: current.saturating_sub(down).max(0), max: current.saturating_add(up) }
}

/// What the policies of `safety.behavior` allow in the direction of `wanted`.
pub(in crate::scale) fn behavior(
    plan: &Plan,
    state: &State,
    current: i32,
    wanted: i32,
    now: Timestamp,
) -> Range {
    let select =
        |direction: &DirectionPlan, limit: fn(ScalingPolicy, i64) -> i64, pick: [fn(i64, i64) -> i64; 2]| {
            let rules = direction.rules.as_ref()?;
            let [largest, smallest] = pick;
            let pick = match rules.select {
                SelectPolicy::Disabled => return Some(current),
                SelectPolicy::Max => largest,
                SelectPolicy::Min => smallest,
            };
            proposals(rules, state, current, now, limit).reduce(pick).map(bounded)
        };
    let mut range = Range::ALL;
    if wanted > current {
        range.max =
            select(&plan.safety.up, raised, [i64::max, i64::min]).map_or(i32::MAX, |most| most.max(current));
    } else if wanted < current {
        range.min =
            select(&plan.safety.down, lowered, [i64::min, i64::max]).map_or(0, |least| least.min(current));
    }
    range
}

fn proposals<'a>(
    rules: &'a RulesPlan,
    state: &'a State,
    current: i32,
    now: Timestamp,
    limit: fn(ScalingPolicy, i64) -> i64,
) -> impl Iterator<Item = i64> + 'a {
    rules.policies.iter().map(move |policy| {
        let period = SignedDuration::from_secs(policy.period_seconds.into());
        limit(*policy, i64::from(current) - change_within(state, now, period))
    })
}

/// By how much the replicas have grown within the period, demand-driven.
fn change_within(state: &State, now: Timestamp, period: SignedDuration) -> i64 {
    let recent = state.operations.iter().rev().take_while(|op| now.duration_since(op.time.0) < period);
    recent.filter(|op| op.starts_cooldown).map(|op| i64::from(op.to) - i64::from(op.from)).sum()
}

fn raised(policy: ScalingPolicy, start: i64) -> i64 {
    let value = i64::from(policy.value);
    match policy.type_ {
        PolicyUnit::Pods => start + value,
        // A percentage of nothing would never wake a target.
        PolicyUnit::Percent if start <= 0 => 1,
        PolicyUnit::Percent => (start * (100 + value) + 99).div_euclid(100),
    }
}

fn lowered(policy: ScalingPolicy, start: i64) -> i64 {
    let value = i64::from(policy.value);
    match policy.type_ {
        PolicyUnit::Pods => start - value,
        PolicyUnit::Percent => (start * (100 - value)).div_euclid(100),
    }
}

fn bounded(replicas: i64) -> i32 {
    i32::try_from(replicas.clamp(0, i32::MAX.into())).expect("it was bounded to what fits")
}
