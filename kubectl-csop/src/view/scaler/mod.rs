//! One scaler: what it sees, what it decided and why, and what would change that.

mod because;
mod explain;
mod next;
mod policies;
#[cfg(test)]
pub(crate) mod tests;
mod words;

pub use explain::Step;
pub use next::Next;
pub use policies::{PolicyView, line as policy_line};
pub use words::short;

use super::SCHEMA_VERSION;
use super::operations::{OperationView, newest_first};
use super::service::{ConditionView, condition};
use super::verdict::{self, Verdict};
use csop_shared::api::general_scaler::{
    GeneralScaler, GeneralScalerSpec, GeneralScalerStatus, MetricMode, MetricState, ScalerMode, SourceType,
};
use csop_shared::conditions::reasons;
use csop_shared::names::managers;
use csop_shared::reasons::untold;
use csop_shared::scale::{
    Action, Decision, Expressions, Input, Limited, NoExpressions, Plan, Record, Records,
};
use jiff::Timestamp;
use kube::ResourceExt;
use serde::Serialize;
use std::sync::Arc;

/// One scaler.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalerView {
    schema_version: u32,
    kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How it is doing.
    pub verdict: Verdict,
    /// The reason, in a word.
    pub reason: String,
    /// The reason, in a sentence.
    pub message: String,
    /// What to try next; empty when there is nothing to say.
    pub next_step: String,
    /// What is scaled: `Deployment/shop`.
    pub target: Option<String>,
    /// What becomes of decisions.
    pub mode: ScalerMode,
    /// How many replicas there are, and may be.
    pub replicas: Replicas,
    /// Where the decision comes from.
    pub source: Source,
    /// When that was so.
    pub as_of: Option<Timestamp>,
    /// Why the operator itself could not be asked.
    pub not_live: Option<String>,
    /// What each metric says.
    pub metrics: Vec<MetricView>,
    /// What each policy made of the demand.
    pub policies: Vec<PolicyView>,
    /// The schedules that are in force.
    pub schedules: Vec<ScheduleView>,
    /// The last decision.
    pub decision: Option<DecisionView>,
    /// What would change it.
    pub next: Option<Next>,
    /// The reasoning, step by step.
    pub explanation: Vec<Step>,
    /// The changes that it has made, the newest first.
    pub operations: Vec<OperationView>,
    /// The conditions, all of them.
    pub conditions: Vec<ConditionView>,
    /// The whole record of the decision.
    pub record: Option<Record>,
}

/// Where a decision comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Source {
    /// The operator's own record.
    Operator,
    /// The object's status, which is written only when something changes.
    Status,
}

/// How many replicas there are, and may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replicas {
    /// What the target asks for.
    pub current: Option<i32>,
    /// Ready ones.
    pub ready: Option<i32>,
    /// Result of the last decision.
    pub wanted: Option<i32>,
    /// Fewest, in force.
    pub min: i32,
    /// Most, in force.
    pub max: i32,
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricView {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub source: SourceType,
    /// How its value becomes replicas.
    pub mode: MetricMode,
    /// Its value.
    pub value: Option<f64>,
    /// The value to aim for.
    pub target: Option<f64>,
    /// When the value held.
    pub time: Option<Timestamp>,
    /// Whether it can be acted on; none when nothing is known of it.
    pub state: Option<MetricState>,
    /// Since when it has been missing.
    pub missing_since: Option<Timestamp>,
    /// Why it cannot be acted on, where the values themselves are the reason.
    pub problem: Option<String>,
    /// Replicas that it wants.
    pub wants: Option<i32>,
}

/// A schedule that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleView {
    /// Its name.
    pub name: String,
    /// The floor that it asks for, as far as that is known.
    pub replicas: Option<i32>,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionView {
    /// Replicas before.
    pub current: Option<i32>,
    /// Replicas that the target should have.
    pub result: Option<i32>,
    /// Whether the target is written.
    pub action: Option<Action>,
    /// The cause: `Demand(rps)`.
    pub cause: String,
    /// The cause, in words.
    pub because: String,
    /// What kept the demand from being met: ByMax, ByRate and so on.
    pub limited: Vec<&'static str>,
}

/// The operator's records, or why they could not be had.
pub type Live = Result<Records, String>;

/// The view of a scaler, by its last live decision where there is one, else by its status.
pub fn view(scaler: &GeneralScaler, live: &Live) -> ScalerView {
    let mut view = from_status(scaler);
    match live {
        Err(reason) => view.not_live = Some(reason.clone()),
        Ok(records) => match records.records.last() {
            Some(record) => by_record(&mut view, record, records.as_of),
            None => view.not_live = Some("the operator has made no decision about it yet".to_owned()),
        },
    }
    view
}

/// What is scaled, as a spec names it.
pub fn target(spec: &GeneralScalerSpec) -> Option<String> {
    spec.target().map(|target| format!("{}/{}", target.kind, target.name))
}

/// A plan for showing: expressions are not evaluated again.
fn plan(spec: &GeneralScalerSpec) -> Option<Plan> {
    let expressions: Arc<dyn Expressions> = Arc::new(NoExpressions);
    Plan::new(spec.clone(), &expressions).ok()
}

fn from_status(scaler: &GeneralScaler) -> ScalerView {
    let status = scaler.status.clone().unwrap_or_default();
    let judgement = verdict::of(&scaler.metadata, scaler.status.as_ref());
    let (namespace, name) = (scaler.namespace().unwrap_or_default(), scaler.name_any());
    let next_step = match judgement.verdict {
        Verdict::Ready | Verdict::Terminating => String::new(),
        _ => next_step(&judgement.reason, &namespace, &name),
    };
    let decision = status.cause.as_ref().map(|cause| DecisionView {
        current: status.current_replicas,
        result: status.desired_replicas,
        action: None,
        cause: cause.to_string(),
        because: because::general(cause),
        limited: vec![],
    });
    ScalerView {
        schema_version: SCHEMA_VERSION,
        kind: "Scaler",
        verdict: judgement.verdict,
        reason: judgement.reason,
        message: judgement.message,
        next_step,
        target: status.target.clone().or_else(|| target(&scaler.spec)),
        mode: scaler.spec.mode.unwrap_or_default(),
        replicas: Replicas {
            current: status.current_replicas,
            ready: None,
            wanted: status.desired_replicas,
            min: status.min_replicas.or(scaler.spec.min_replicas).unwrap_or(1),
            max: status.max_replicas.unwrap_or(scaler.spec.max_replicas),
        },
        source: Source::Status,
        as_of: written(scaler),
        not_live: None,
        metrics: plan(&scaler.spec).map(|plan| known(&plan, &status)).unwrap_or_default(),
        policies: vec![],
        schedules: status
            .schedules
            .iter()
            .map(|name| ScheduleView { name: name.clone(), replicas: None })
            .collect(),
        decision,
        next: None,
        explanation: vec![],
        operations: newest_first(&status.operations),
        conditions: status.conditions.iter().map(condition).collect(),
        record: None,
        namespace,
        name,
    }
}

/// When the operator has last written the status: the API server keeps that for each field manager.
fn written(scaler: &GeneralScaler) -> Option<Timestamp> {
    let entries = scaler.managed_fields().iter();
    let own = entries.filter(|entry| entry.manager.as_deref() == Some(managers::STATUS));
    let by_manager = own.filter_map(|entry| entry.time.as_ref()).map(|time| time.0).max();
    let status = scaler.status.as_ref();
    let conditions = status.into_iter().flat_map(|status| &status.conditions);
    let by_condition = conditions.map(|condition| condition.last_transition_time.0).max();
    by_manager.or(by_condition)
}

/// What to try next; empty when there is nothing better than the message itself.
fn next_step(reason: &str, namespace: &str, name: &str) -> String {
    match reason {
        "Paused" => format!("resume it: kubectl csop resume gs/{name} -n {namespace}"),
        reasons::INVALID | reasons::UNDECODABLE => {
            format!("mend the spec: kubectl edit gs -n {namespace} {name}")
        }
        reasons::DENIED => "the operator lacks a permission: tell whoever runs it".to_owned(),
        untold::PENDING | reasons::TRANSIENT => "is the operator running? kubectl csop check".to_owned(),
        _ => String::new(),
    }
}

/// The metrics as far as a status knows them.
fn known(plan: &Plan, status: &GeneralScalerStatus) -> Vec<MetricView> {
    let view = |metric: &csop_shared::scale::MetricPlan| {
        let seen = status.metrics.iter().find(|seen| *seen.name == *metric.name);
        MetricView {
            name: metric.name.to_string(),
            source: metric.source,
            mode: metric.mode,
            value: seen.and_then(|seen| seen.value).map(|value| value.to_f64()),
            target: metric.target.map(|target| target.value.to_f64()),
            time: None,
            state: seen.map(|seen| seen.state),
            missing_since: seen.and_then(|seen| seen.missing_since.as_ref()).map(|time| time.0),
            problem: None,
            wants: seen.and_then(|seen| seen.wants),
        }
    };
    plan.metrics.iter().map(view).collect()
}

fn by_record(view: &mut ScalerView, record: &Record, as_of: Timestamp) {
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

/// The value of a metric, means included.
fn value(input: &Input) -> Option<f64> {
    input.reduced.map(|sum| sum.to_f64() / f64::from(input.divisor))
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

impl ScalerView {
    /// What the policies begin with.
    pub fn demand(&self) -> i32 {
        self.record.as_ref().map_or(0, |record| record.decision.stabilized)
    }

    /// The decision of the record, where there is one.
    pub fn decided(&self) -> Option<&Decision> {
        self.record.as_ref().map(|record| &record.decision)
    }
}
