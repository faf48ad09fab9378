//! The cause of a decision, in words.

use super::words;
use csop_shared::api::general_scaler::{PolicyType, ScalerMode};
use csop_shared::scale::{Cause, CauseKind, Decision, MetricPlan, Number, Plan};

/// Why a decision is what it is, with its figures.
pub fn because(plan: &Plan, decision: &Decision) -> String {
    let subject = decision.cause.subject.as_deref().unwrap_or_default();
    match decision.cause.kind {
        CauseKind::Demand if subject.is_empty() => "minReplicas, since there are no metrics".to_owned(),
        CauseKind::Demand => format!("{subject} wants {}", decision.combined.replicas),
        CauseKind::Fallback => {
            format!("{subject} has been missing for long: its fallback wants {}", decision.combined.replicas)
        }
        CauseKind::MissingBlocksDown => missing(decision),
        CauseKind::Stabilization => stabilization(plan, decision),
        CauseKind::Budget => budget(decision),
        CauseKind::Cel => expression(decision),
        CauseKind::Schedule => format!("schedule \"{subject}\" asks for {}", decision.floor.replicas),
        CauseKind::Bounds => bounds(decision),
        CauseKind::Cooldown => cooldown(decision),
        CauseKind::Steady => steady(plan, decision),
        CauseKind::Paused if plan.mode == ScalerMode::Off => "its mode is Off".to_owned(),
        kind => general(&kind.into()),
    }
}

/// Why, as far as the cause alone tells.
pub fn general(cause: &Cause) -> String {
    let subject = cause.subject.as_deref().unwrap_or_default();
    match cause.kind {
        CauseKind::Demand if subject.is_empty() => "minReplicas, since there are no metrics".to_owned(),
        CauseKind::Demand => format!("{subject} wants it"),
        CauseKind::Fallback => format!("{subject} has been missing for long: its fallback wants it"),
        CauseKind::Schedule => format!("schedule \"{subject}\" asks for it"),
        CauseKind::MissingBlocksDown => "a metric is missing, so nothing scales down".to_owned(),
        CauseKind::Activation => "there is work for a target without pods".to_owned(),
        CauseKind::Idle => "there is no work".to_owned(),
        CauseKind::Stabilization => "the demand was different a short while ago".to_owned(),
        CauseKind::Budget => "the budget pays for no more".to_owned(),
        CauseKind::Cel => "the expression says so".to_owned(),
        CauseKind::Bounds => "minReplicas or maxReplicas".to_owned(),
        CauseKind::Cooldown => "the last change was too short a while ago".to_owned(),
        CauseKind::RateLimit => "the rate of this direction is 0".to_owned(),
        CauseKind::Behavior => "safety.behavior allows no change now".to_owned(),
        CauseKind::ManuallyDisabled => "somebody else set the target to 0".to_owned(),
        CauseKind::Paused => "it is paused".to_owned(),
        CauseKind::Conflict => "something else scales the target".to_owned(),
        CauseKind::TargetMissing => "the target is not there".to_owned(),
        CauseKind::Steady => "everything is as it should be".to_owned(),
    }
}

fn missing(decision: &Decision) -> String {
    let gone: Vec<_> = decision.inputs.iter().filter(|input| input.proposal.is_none()).collect();
    let names = words::list(gone.iter().map(|input| &input.metric));
    format!("{names} {} missing, so nothing scales down", words::is_or_are(gone.len()))
}

fn stabilization(plan: &Plan, decision: &Decision) -> String {
    let falling = decision.demand < decision.current;
    let (side, window) =
        if falling { ("higher", plan.safety.down.window) } else { ("lower", plan.safety.up.window) };
    format!("{} are wanted, but the demand was {side} within {}", decision.demand, words::seconds(window))
}

fn budget(decision: &Decision) -> String {
    let step = decision.policies.iter().find(|step| step.policy == PolicyType::Cost);
    match step.map(|step| (step.cap, step.price)) {
        Some((_, None)) => "the price of a pod has been unknown for an hour, so nothing grows".to_owned(),
        Some((Some(cap), _)) => format!("the budget pays for {}", words::pods(cap)),
        _ => general(&CauseKind::Budget.into()),
    }
}

fn expression(decision: &Decision) -> String {
    let answer = decision.policies.iter().find_map(|step| step.answer.as_ref());
    match answer {
        Some(Ok(replicas)) => format!("the expression says {replicas}"),
        _ => general(&CauseKind::Cel.into()),
    }
}

fn bounds(decision: &Decision) -> String {
    let range = decision.bounds;
    if decision.result >= range.max {
        return format!("at most {} are allowed (maxReplicas)", range.max);
    }
    if decision.result <= range.min {
        return format!("at least {} are asked for (minReplicas)", range.min);
    }
    general(&CauseKind::Bounds.into())
}

fn cooldown(decision: &Decision) -> String {
    let left = if decision.wanted > decision.current { decision.cooldown.up } else { decision.cooldown.down };
    format!("{} are wanted, {} of the cooldown are left", decision.wanted, words::lasting(left))
}

/// The metric that the number follows is within its tolerance.
fn steady(plan: &Plan, decision: &Decision) -> String {
    if decision.current == 0 && decision.active == Some(false) {
        return "there is no work".to_owned();
    }
    let by = decision.combined.by.and_then(|at| plan.metrics.get(at));
    by.map_or_else(|| general(&CauseKind::Steady.into()), |metric| format!("within {}", tolerance(metric)))
}

/// `tolerance 0.1`, or a direction each.
pub fn tolerance(metric: &MetricPlan) -> String {
    let (up, down) = (metric.high.minus(Number::ONE), Number::ONE.minus(metric.low));
    if up == down {
        format!("tolerance {}", words::exact(up))
    } else {
        format!("tolerance {} upwards and {} downwards", words::exact(up), words::exact(down))
    }
}
