//! One scaler: what it sees, what it decided and why, and what would change that.

mod because;
mod explain;
mod explain_metrics;
mod from_record;
mod from_status;
mod next;
mod policies;
#[cfg(test)]
pub(crate) mod tests;
mod words;

pub use explain::Step;
pub use next::Next;
pub use policies::{PolicyView, line as policy_line};
pub use words::short;

use super::operations::OperationView;
use super::schedules;
use super::service::ConditionView;
use super::verdict::Verdict;
use csop_shared::api::cash_service_scheduled_scale::ScheduleTargetKind;
use csop_shared::api::general_scaler::{
    GeneralScaler, GeneralScalerSpec, MetricMode, MetricState, ScalerMode, SourceType,
};
use csop_shared::api::{CashService, CashServiceScheduledScale};
use csop_shared::scale::{Action, Decision, Expressions, Input, NoExpressions, Plan, Record, Records};
use jiff::Timestamp;
use kube::{Resource as _, ResourceExt as _};
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
    /// The floors of schedules that it has in force.
    pub schedules: Vec<ScheduleView>,
    /// Its schedules, and those of the service that has made it, that are in force or to come.
    pub windows: Vec<schedules::ScheduleView>,
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
    let mut view = from_status::view(scaler);
    match live {
        Err(reason) => view.not_live = Some(reason.clone()),
        Ok(records) => match records.records.last() {
            Some(record) => from_record::refine(&mut view, record, records.as_of),
            None => view.not_live = Some("the operator has made no decision about it yet".to_owned()),
        },
    }
    view
}

/// The schedules of a scaler that are in force or to come, and those of the service that has made it.
pub fn windows(
    scaler: &GeneralScaler,
    all: &[CashServiceScheduledScale],
    now: Timestamp,
) -> Vec<schedules::ScheduleView> {
    let name = scaler.name_any();
    let service = CashService::kind(&());
    schedules::concerning(all, Some(now), |kind, target| match kind {
        ScheduleTargetKind::GeneralScaler => target == name,
        ScheduleTargetKind::CashService => {
            scaler.owner_references().iter().any(|owner| owner.kind == service && owner.name == target)
        }
        ScheduleTargetKind::MoneyPositive => false,
    })
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

/// The value of a metric, means included.
fn value(input: &Input) -> Option<f64> {
    input.reduced.map(|sum| sum.to_f64() / f64::from(input.divisor))
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
