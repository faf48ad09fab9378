//! Ceiling and floors: hard minimum before budget, budget before schedules, schedules before demand.

use super::bounds;
use crate::scale::{
    Observation, Plan,
    decision::{Limit, Limited, Origin, PolicyStep},
};

/// The ceiling: the maximum, or what the budget pays for where that is less, but never below the minimum.
pub(in crate::scale) fn ceiling(
    plan: &Plan,
    observation: &Observation,
    policies: &[PolicyStep],
    limited: &mut Limited,
) -> Limit {
    let max = bounds::ceiling(plan, observation);
    let raised = || observation.floors.iter().find(|floor| floor.raise_max && floor.replicas == max);
    let origin = match (max > plan.max).then(raised).flatten() {
        Some(floor) => Origin::Schedule(floor.name.clone()),
        None => Origin::Max,
    };
    let cap = policies.iter().filter_map(|step| step.cap).min();
    limited.budget_below_min = cap.is_some_and(|cap| cap < plan.min);
    match cap {
        Some(cap) if cap < plan.min => Limit { replicas: plan.min, origin: Origin::Budget },
        Some(cap) if cap < max => Limit { replicas: cap, origin: Origin::Budget },
        _ => Limit { replicas: max, origin },
    }
}

/// The floor of the schedules that keep to the ordinary steps, or of those that do not: `max(min, min(ceiling, replicas))`.
pub(in crate::scale) fn floor(
    plan: &Plan,
    observation: &Observation,
    ceiling: &Limit,
    respecting: bool,
    limited: &mut Limited,
) -> Limit {
    let floors = observation.floors.iter().filter(|floor| floor.respect_rate_limit == respecting);
    let highest = floors.max_by(|a, b| a.replicas.cmp(&b.replicas).then(b.name.cmp(&a.name)));
    let Some(highest) = highest.filter(|floor| floor.replicas > plan.min) else {
        return Limit { replicas: plan.min, origin: Origin::Min };
    };
    limit_by(ceiling, highest.replicas, limited);
    let replicas = highest.replicas.min(ceiling.replicas);
    Limit { replicas, origin: Origin::Schedule(highest.name.clone()) }
}

/// Notes whose limit the ceiling is, where `wanted` is above it.
pub(in crate::scale) fn limit_by(ceiling: &Limit, wanted: i32, limited: &mut Limited) {
    if wanted > ceiling.replicas {
        match ceiling.origin {
            Origin::Budget => limited.by_budget = true,
            Origin::Max | Origin::Min | Origin::Schedule(_) => limited.by_max = true,
        }
    }
}
