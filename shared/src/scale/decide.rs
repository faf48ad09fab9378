//! The decision: from a plan, what is remembered and what is observed to the replicas that a target should have.

use super::{
    CauseKind, Observation, Plan, State,
    cause::Obeys,
    course::Course,
    decision::{Action, Decision, Origin, Range},
    operations,
    policies::Situation,
    stages::{
        activation, behavior, bounds, combine, cooldown, gate, limits, observe, price, propose, stabilize,
        suspicion,
    },
};
use crate::api::general_scaler::{Operation, Outcome, PolicyType, ScalerMode};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use std::mem;

/// Decides, and says what is to be remembered. A function of its arguments.
pub fn decide(plan: &Plan, state: &State, observation: &Observation, now: Timestamp) -> (Decision, State) {
    let (mut next, mut decision) = (state.clone(), Decision::default());
    advance(plan, &mut next, observation, now, &mut decision);
    (decision, next)
}

/// Decides in place: `state` becomes what is to be remembered, and `decision` is overwritten. It is [`decide`] without copies.
pub fn advance(
    plan: &Plan,
    state: &mut State,
    observation: &Observation,
    now: Timestamp,
    decision: &mut Decision,
) {
    let current = observation.current.unwrap_or(0).max(0);
    begin(decision, observation, current, now);
    state.end_at(now);
    if observation.current.is_some() {
        operations::resolve(state, current);
    }
    observe::observe(plan, state, observation, now, &mut decision.inputs);
    let closed = gate::closed(plan, state, observation);
    if let Some(kind) = closed {
        // Afterwards the history begins anew, so that nothing scales down at once.
        state.history = Default::default();
        decision.bounds = Range { min: plan.min, max: plan.max };
        (decision.result, decision.wanted, decision.cause) = (current, current, kind.into());
        return;
    }
    decision.bounds = bounds::in_force(plan, state, observation, current);
    let mut course = Course::new(current);
    demand(plan, state, decision, &mut course, now);
    policies(plan, state, observation, decision, &mut course);
    let respected = limit(plan, observation, decision, &mut course);
    let wanted = course.replicas;
    pace(plan, state, decision, &mut course, now);
    enforce(plan, observation, decision, &mut course, wanted);
    finish(plan, state, decision, course, respected);
}

/// Overwrites the last decision, and keeps its allocations.
fn begin(decision: &mut Decision, observation: &Observation, current: i32, now: Timestamp) {
    let (inputs, mut policies) = (mem::take(&mut decision.inputs), mem::take(&mut decision.policies));
    policies.clear();
    *decision = Decision {
        time: now,
        current,
        ready: observation.ready.max(0),
        inputs,
        policies,
        rate: Range::ALL,
        behavior: Range::ALL,
        ..Decision::default()
    };
}

/// What the metrics want: proposals, combination, activation, stabilisation.
fn demand(plan: &Plan, state: &mut State, decision: &mut Decision, course: &mut Course, now: Timestamp) {
    let (current, inputs) = (decision.current, &mut decision.inputs);
    propose::propose(plan, inputs, current, decision.ready);
    suspicion::watch(state, inputs, current, decision.ready);
    let combined = combine::combine(plan, inputs, current);
    if combined.blocked {
        course.set(current, CauseKind::MissingBlocksDown);
    } else {
        let fallback = combined.by.is_some_and(|at| inputs[at].fallback);
        let kind = if fallback { CauseKind::Fallback } else { CauseKind::Demand };
        course.demand(combined.replicas, combined.by, kind);
    }
    let activated = activation::activate(plan, state, inputs, current, combined.replicas, now);
    if activated.idle {
        course.set(activated.demand, CauseKind::Idle);
    } else {
        course.go(activated.demand, activated.cause);
    }
    let windows = (plan.safety.up.window, plan.safety.down.window);
    let mut stable = stabilize::stabilize(&mut state.history, current, activated.demand, windows, now);
    if activated.idle {
        stable = activated.demand;
    } else if current == 0 && activated.active == Some(true) {
        stable = stable.max(1);
    }
    course.go(stable, CauseKind::Stabilization);
    (decision.combined, decision.active) = (combined, activated.active);
    (decision.demand, decision.stabilized) = (activated.demand, stable);
}

fn policies(
    plan: &Plan,
    state: &mut State,
    observation: &Observation,
    decision: &mut Decision,
    course: &mut Course,
) {
    let situation = Situation {
        current: decision.current,
        ready: decision.ready,
        min: plan.min,
        max: bounds::ceiling(plan, observation),
        inputs: &decision.inputs,
        price: price::price(plan, state, observation, decision.time),
        now: decision.time,
    };
    for policy in &plan.policies {
        let step = policy.apply(&situation, course.replicas);
        decision.limited.by_budget |= step.policy == PolicyType::Cost && step.after < step.before;
        course.go(step.after, policy.cause());
        decision.policies.push(step);
    }
}

/// Ceiling and minimum, and the floors that are climbed by ordinary steps; says whether such a floor raises the number.
fn limit(plan: &Plan, observation: &Observation, decision: &mut Decision, course: &mut Course) -> bool {
    let limited = &mut decision.limited;
    decision.ceiling = limits::ceiling(plan, observation, &decision.policies, limited);
    limits::limit_by(&decision.ceiling, course.replicas, limited);
    if course.replicas > decision.ceiling.replicas {
        match decision.ceiling.origin {
            Origin::Budget => course.go(decision.ceiling.replicas, CauseKind::Budget),
            Origin::Max | Origin::Min | Origin::Schedule(_) => course.bound(decision.ceiling.replicas),
        }
    }
    if course.replicas < plan.min {
        limited.by_min = true;
        course.bound(plan.min);
    }
    decision.floor = limits::floor(plan, observation, &decision.ceiling, true, limited);
    match &decision.floor.origin {
        Origin::Schedule(name) if decision.floor.replicas > course.replicas => {
            limited.by_schedule = true;
            course.raise(decision.floor.replicas, name);
            decision.floor.replicas > decision.current
        }
        _ => false,
    }
}

/// Cooldown, rates, and the policies of `safety.behavior`.
fn pace(plan: &Plan, state: &State, decision: &mut Decision, course: &mut Course, now: Timestamp) {
    let current = decision.current;
    decision.cooldown = cooldown::left(plan, state, now);
    let left = if course.replicas > current { decision.cooldown.up } else { decision.cooldown.down };
    if course.replicas != current && left.is_positive() {
        let wakes = current == 0 && decision.active == Some(true);
        course.go(if wakes { 1 } else { current }, CauseKind::Cooldown);
    }
    decision.rate = behavior::rate(plan, current);
    let paced = decision.rate.clamp(course.replicas);
    decision.limited.by_rate = paced != course.replicas;
    course.go(paced, CauseKind::RateLimit);
    decision.behavior = behavior::behavior(plan, state, current, paced, now);
    let paced = decision.behavior.clamp(course.replicas);
    decision.limited.by_rate |= paced != course.replicas;
    course.go(paced, CauseKind::Behavior);
}

/// What waits for nothing: the bounds, and the floors that are reached at once.
fn enforce(
    plan: &Plan,
    observation: &Observation,
    decision: &mut Decision,
    course: &mut Course,
    wanted: i32,
) {
    let within = decision.bounds.clamp(decision.current);
    decision.wanted = wanted;
    if within != decision.current {
        decision.limited.by_rate = false;
        decision.wanted = within;
        course.set(within, CauseKind::Bounds);
    }
    let floor = limits::floor(plan, observation, &decision.ceiling, false, &mut decision.limited);
    if let Origin::Schedule(name) = &floor.origin {
        decision.limited.by_schedule |= floor.replicas > decision.wanted;
        decision.wanted = decision.wanted.max(floor.replicas);
        if floor.replicas > course.replicas {
            course.raise(floor.replicas, name);
        }
        if floor.replicas >= decision.floor.replicas {
            decision.floor = floor;
        }
    }
}

fn finish(plan: &Plan, state: &mut State, decision: &mut Decision, course: Course, respected: bool) {
    let (mut course, current) = (course, decision.current);
    decision.result = course.replicas;
    if current == 0
        && course.replicas == 1
        && matches!(course.kind(), CauseKind::Demand | CauseKind::Fallback)
    {
        course.set(1, CauseKind::Activation);
    }
    let starts = match course.kind().facts().starts_cooldown {
        Obeys::Yes => true,
        Obeys::IfRespected => respected,
        Obeys::No | Obeys::NoChange => false,
    };
    decision.cause = course.cause(&decision.inputs);
    if decision.result == current {
        return;
    }
    decision.starts_cooldown = starts;
    if plan.mode == ScalerMode::Recommend {
        decision.action = Action::Recommend;
        return;
    }
    decision.action = Action::Scale;
    if decision.result > current {
        suspicion::remember(state, &decision.inputs, current, &decision.cause);
    }
    let operation = Operation {
        time: MicroTime(operations::whole_micros(decision.time)),
        from: current,
        to: decision.result,
        cause: decision.cause.clone(),
        starts_cooldown: starts,
        outcome: Outcome::Pending,
        detail: String::new(),
    };
    operations::push(plan, state, operation);
}
