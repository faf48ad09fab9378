//! A scaler as the operator's record of its last decision has it.

use super::{
    DecisionView, MetricView, Replicas, ScalerView, ScheduleView, Source, because, explain, next, plan,
    policies, value,
};
use csop_shared::scale::{Input, Limited, Record};
use jiff::Timestamp;

/// Puts what a record knows into a view that was made from the status.
pub(super) fn refine(view: &mut ScalerView, record: &Record, as_of: Timestamp) {
    let Some(plan) = plan(&record.spec) else {
        view.not_live = Some("the operator's record asks for what this version does not know".to_owned());
        return;
    };
    let decision = &record.decision;
    view.source = Source::Operator;
    view.as_of = Some(as_of);
    view.mode = plan.mode;
    view.replicas = Replicas {
        current: record.observation.current,
        ready: record.observation.current.map(|_| decision.ready),
        wanted: Some(decision.result),
        min: decision.bounds.min,
        max: decision.bounds.max,
    };
    view.metrics = decision.inputs.iter().map(metric).collect();
    view.policies = policies::views(&plan, decision);
    let floors = record.observation.floors.iter();
    view.schedules = floors
        .map(|floor| ScheduleView { name: floor.name.to_string(), replicas: Some(floor.replicas) })
        .collect();
    view.decision = Some(DecisionView {
        current: record.observation.current,
        result: record.observation.current.map(|_| decision.result),
        action: Some(decision.action),
        cause: decision.cause.to_string(),
        because: because::because(&plan, decision),
        limited: limited(&decision.limited),
    });
    view.next = Some(next::next(&plan, record));
    view.explanation = explain::steps(&plan, record);
    view.record = Some(record.clone());
}

fn metric(input: &Input) -> MetricView {
    MetricView {
        name: input.metric.to_string(),
        source: input.source,
        mode: input.mode,
        value: value(input),
        target: input.target.map(|target| target.to_f64()),
        time: input.time,
        state: Some(input.state),
        missing_since: input.missing_since,
        problem: input.problem.map(|problem| problem.to_string()),
        wants: input.proposal,
    }
}

fn limited(limited: &Limited) -> Vec<&'static str> {
    let all = [
        (limited.by_max, "ByMax"),
        (limited.by_min, "ByMin"),
        (limited.by_budget, "ByBudget"),
        (limited.by_rate, "ByRate"),
        (limited.by_schedule, "BySchedule"),
        (limited.budget_below_min, "BudgetBelowMin"),
    ];
    all.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect()
}
