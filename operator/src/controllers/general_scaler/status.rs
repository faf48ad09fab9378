//! The status of a scaler, from its last decision.

use std::time::Duration;

use csop_shared::api::general_scaler::{MetricState, MetricStatus, PolicyType};
use csop_shared::api::{GeneralScaler, GeneralScalerStatus};
use csop_shared::conditions::{State, find, set_condition, types};
use csop_shared::reasons::{events, scaler as reasons};
use csop_shared::scale::{CauseKind, Decision, Input};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

use super::observe::Observed;
use crate::runtime::desired::{Applied, Rescaled};
use crate::runtime::events::Notice;
use crate::runtime::kind::Verdict;
use crate::scaling::{PRICE_TOLD, View, value};

/// How often a target is looked at whose kind is not watched.
const UNWATCHED: Duration = Duration::from_secs(15);

/// A condition: its value, reason and message.
type Said = (State, &'static str, String);

pub(super) fn status(
    obj: &GeneralScaler,
    observed: &Observed,
    view: &View,
    applied: &Applied,
    now: Timestamp,
) -> Verdict<GeneralScalerStatus> {
    let previous = obj.status.clone().unwrap_or_default();
    let status = full(obj, observed, view, now);
    let look = (!observed.watched).then(|| view.plan.interval.unsigned_abs().max(UNWATCHED));
    let alarm = observed.next_change;
    let quiet = Some(look.map_or(view.quiet, |look| look.min(view.quiet)));
    if obj.status.is_none() && view.decision.is_none() && observed.rival.is_none() && !view.quiet.is_zero() {
        // The first decision is about to come; a status before it would tell nothing.
        return Verdict { status: None, requeue: quiet, alarm, events: vec![] };
    }
    if same_but_for_values(&previous, &status) {
        return Verdict { status: Some(previous), requeue: look, alarm, events: vec![] };
    }
    let respecified = previous.observed_generation != obj.metadata.generation;
    if !view.quiet.is_zero() && !respecified && applied.rescaled.is_none() && view.decision.is_some() {
        return Verdict { status: Some(previous), requeue: quiet, alarm, events: vec![] };
    }
    let events = notices(&previous, &status, observed, view, applied);
    Verdict { status: Some(status), requeue: look, alarm, events }
}

/// Whether two statuses differ in nothing but what changes all the time.
fn same_but_for_values(before: &GeneralScalerStatus, after: &GeneralScalerStatus) -> bool {
    let still = |status: &GeneralScalerStatus| {
        let mut status = status.clone();
        for metric in &mut status.metrics {
            metric.value = None;
        }
        // The driver's own conditions are its to compare.
        status.conditions.retain(|c| c.type_ != types::PAUSED && c.type_ != types::CONFLICT);
        for condition in &mut status.conditions {
            condition.last_transition_time.0 = Timestamp::UNIX_EPOCH;
        }
        status.last_price = None;
        status
    };
    let told = match (&before.last_price, &after.last_price) {
        (Some(before), Some(after)) => after.time.0.duration_since(before.time.0) < PRICE_TOLD,
        (before, after) => before.is_none() == after.is_none(),
    };
    told && still(before) == still(after)
}

/// The whole status.
pub(super) fn full(
    obj: &GeneralScaler,
    observed: &Observed,
    view: &View,
    now: Timestamp,
) -> GeneralScalerStatus {
    let previous = obj.status.clone().unwrap_or_default();
    let mut status = GeneralScalerStatus {
        observed_generation: obj.metadata.generation,
        target: Some(format!("{}/{}", observed.target_id.kind, observed.target_id.name)),
        current_replicas: view.target.as_ref().map(|target| target.replicas),
        conditions: previous.conditions.clone(),
        ..previous
    };
    let Some(decision) = &view.decision else {
        let said = (State::Unknown, reasons::MEASURING, "the metrics are read for the first time".to_owned());
        if find(&status.conditions, types::READY).is_none() {
            set(&mut status, types::READY, said, obj, now);
        }
        return status;
    };
    status.desired_replicas = Some(decision.result);
    status.min_replicas = Some(decision.bounds.min);
    status.max_replicas = Some(decision.bounds.max);
    status.cause = Some(decision.cause.clone());
    status.metrics = decision.inputs.iter().map(metric).collect();
    status.schedules.clone_from(&observed.schedules);
    view.state.write_to(&mut status);
    set(&mut status, types::READY, ready(observed, view, decision), obj, now);
    set(&mut status, types::METRICS_AVAILABLE, available(view, decision), obj, now);
    set(&mut status, types::LIMITED, limited(decision), obj, now);
    set(&mut status, types::BUDGET_BELOW_MIN, budget(decision), obj, now);
    set(&mut status, types::SUSPICIOUS_METRIC, suspicious(decision), obj, now);
    status
}

fn set(status: &mut GeneralScalerStatus, kind: &str, said: Said, obj: &GeneralScaler, now: Timestamp) {
    let (state, reason, message) = said;
    set_condition(&mut status.conditions, kind, state, reason, &message, obj.metadata.generation, now);
}

fn metric(input: &Input) -> MetricStatus {
    MetricStatus {
        name: input.metric.to_string(),
        state: input.state,
        missing_since: input.missing_since.map(MicroTime),
        value: value(input),
        wants: input.proposal,
    }
}

fn ready(observed: &Observed, view: &View, decision: &Decision) -> Said {
    let target = &observed.target_id;
    if view.target.is_none() {
        let message = format!("{target} does not exist: create it, or name another");
        return (State::False, reasons::TARGET_MISSING, message);
    }
    if let Some(words) = &observed.rival {
        return (State::False, reasons::TARGET_CONTESTED, format!("{target} {words}"));
    }
    if decision.cause.kind == CauseKind::ManuallyDisabled {
        let message = format!("somebody scaled {target} to 0: scale it up again, or set minReplicas to 0");
        return (State::False, reasons::MANUALLY_DISABLED, message);
    }
    if let Some(problem) = &view.trouble {
        return (State::False, reasons::SCALE_REFUSED, format!("cannot scale {target}: {problem}"));
    }
    let failed = decision.policies.iter().find_map(|step| match (&step.policy, &step.answer) {
        (PolicyType::Cel, Some(Err(problem))) => Some(problem),
        _ => None,
    });
    if let Some(problem) = failed {
        let message = format!("spec.policies[cel].config.expression fails, so demand stands: {problem}");
        return (State::False, reasons::EXPRESSION_FAILS, message);
    }
    (State::True, reasons::SCALING, format!("{target} is scaled by {} metrics", decision.inputs.len()))
}

/// The metrics that cannot be acted on, with the sources' own errors.
fn available(view: &View, decision: &Decision) -> Said {
    let missing = |(at, input): (usize, &Input)| {
        let why = match (view.failures.get(at).and_then(Option::as_ref), &input.problem) {
            (Some(failure), _) => failure.to_string(),
            (None, Some(problem)) => problem.to_string(),
            (None, None) => match input.state {
                MetricState::Stale => "the last sample is too old".to_owned(),
                MetricState::Empty => {
                    "the answer has no series: check the query, or set onEmpty: Zero".to_owned()
                }
                MetricState::Fresh | MetricState::Missing => "there is no sample yet".to_owned(),
            },
        };
        (input.state != MetricState::Fresh).then(|| format!("{}: {why}", input.metric))
    };
    let missing: Vec<String> = decision.inputs.iter().enumerate().filter_map(missing).collect();
    if missing.is_empty() {
        return (State::True, reasons::ALL_FRESH, "all metrics are fresh".to_owned());
    }
    (State::False, reasons::METRIC_MISSING, missing.join("; "))
}

fn limited(decision: &Decision) -> Said {
    let limited = &decision.limited;
    let (ceiling, floor, wanted) = (decision.ceiling.replicas, decision.floor.replicas, decision.stabilized);
    let all = [
        (limited.by_budget, reasons::BY_BUDGET, format!("{wanted} wanted, the budget pays for {ceiling}")),
        (limited.by_max, reasons::BY_MAX, format!("{wanted} wanted, maxReplicas is {}", decision.bounds.max)),
        (limited.by_schedule, reasons::BY_SCHEDULE, format!("{wanted} wanted, a schedule asks for {floor}")),
        (
            limited.by_rate,
            reasons::BY_RATE,
            format!("{} wanted, this step goes to {}", decision.wanted, decision.result),
        ),
        (limited.by_min, reasons::BY_MIN, format!("{wanted} wanted, minReplicas is {}", decision.bounds.min)),
    ];
    let first = all.into_iter().find(|(is, ..)| *is);
    first.map_or((State::False, reasons::NOT_LIMITED, String::new()), |(_, reason, message)| {
        (State::True, reason, message)
    })
}

fn budget(decision: &Decision) -> Said {
    if decision.limited.budget_below_min {
        let message = format!("the budget does not pay for minReplicas {}, which stand", decision.bounds.min);
        (State::True, reasons::BUDGET_TOO_SMALL, message)
    } else {
        (State::False, reasons::BUDGET_SUFFICES, String::new())
    }
}

fn suspicious(decision: &Decision) -> Said {
    let names: Vec<&str> =
        decision.inputs.iter().filter(|input| input.suspicious).map(|input| &*input.metric).collect();
    if names.is_empty() {
        return (State::False, reasons::PLAUSIBLE, String::new());
    }
    let message = format!(
        "{} does not fall although the replicas have doubled: is it a total? Then set mode: PerReplica",
        names.join(", ")
    );
    (State::True, reasons::DOES_NOT_FALL, message)
}

fn notices(
    previous: &GeneralScalerStatus,
    status: &GeneralScalerStatus,
    observed: &Observed,
    view: &View,
    applied: &Applied,
) -> Vec<Notice> {
    let mut all = vec![];
    if let (Some(Rescaled::Written(_)), Some(last)) = (&applied.rescaled, view.state.operations.last()) {
        let detail = if last.detail.is_empty() { String::new() } else { format!(": {}", last.detail) };
        let note = format!(
            "{} scaled from {} to {}, cause {}{detail}",
            observed.target_id, last.from, last.to, last.cause
        );
        all.push(Notice::normal(events::SCALED, "Scale", note));
    }
    let now = |status: &GeneralScalerStatus, kind: &str, state: State| {
        find(&status.conditions, kind).filter(|c| c.status == state.as_str()).cloned()
    };
    let edge = |kind: &str, state| now(status, kind, state).filter(|_| now(previous, kind, state).is_none());
    if let Some(missing) = edge(types::METRICS_AVAILABLE, State::False) {
        all.push(Notice::warning(reasons::METRIC_MISSING, "Measure", missing.message));
    }
    if let Some(unready) = edge(types::READY, State::False).filter(|c| c.reason != reasons::TARGET_CONTESTED)
    {
        all.push(Notice::warning(unready.reason, "Scale", unready.message));
    }
    all
}
