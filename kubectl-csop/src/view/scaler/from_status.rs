//! A scaler as its status has it.

use super::{DecisionView, MetricView, Replicas, ScalerView, ScheduleView, Source, because, plan, target};
use crate::view::SCHEMA_VERSION;
use crate::view::operations::newest_first;
use crate::view::service::condition;
use crate::view::verdict::{self, Verdict};
use csop_shared::api::general_scaler::{GeneralScaler, GeneralScalerStatus};
use csop_shared::conditions::reasons;
use csop_shared::names::managers;
use csop_shared::reasons::untold;
use csop_shared::scale::{MetricPlan, Plan};
use jiff::Timestamp;
use kube::ResourceExt;

/// The view of a scaler by its status alone.
pub(super) fn view(scaler: &GeneralScaler) -> ScalerView {
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
        windows: vec![],
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
    let view = |metric: &MetricPlan| {
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
