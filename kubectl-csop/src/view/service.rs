//! One service: sections, and the tree of its children.

use super::autoscaler::{self, Metric};
use super::children::{Children, Missing};
use super::schedules::{self, ScheduleView};
use super::told;
use super::tree::{self, Node};
use super::verdict::{Verdict, judge};
use super::{SCHEMA_VERSION, advice};
use csop_shared::api::CashService;
use csop_shared::api::cash_service::{AutoscalingMode, BoundsSource};
use csop_shared::api::cash_service_scheduled_scale::ScheduleTargetKind;
use csop_shared::conditions::types;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt;
use serde::Serialize;

/// One service.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceView {
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
    /// The reason, in a sentence: when it is not Ready, the first cause that its owner can act on.
    pub message: String,
    /// What to try next; empty when there is nothing to say.
    pub next_step: String,
    /// The wanted image.
    pub image: String,
    /// The image that runs, where it is another.
    pub live_image: Option<String>,
    /// Hash of the wanted pod template.
    pub revision: Option<String>,
    /// The address inside the cluster.
    pub url: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// How many pods there are, and should be.
    pub replicas: Replicas,
    /// Who decides how many.
    pub autoscaling: Scaling,
    /// Its schedules that are in force or to come.
    pub schedules: Vec<ScheduleView>,
    /// The conditions, all of them.
    pub conditions: Vec<ConditionView>,
    /// What it owns.
    pub children: Vec<Node>,
    /// Children that could not be read.
    pub missing: Vec<Missing>,
}

/// How many pods there are, and should be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replicas {
    /// Ready ones.
    pub ready: i32,
    /// Wanted ones.
    pub wanted: Option<i32>,
    /// Existing ones.
    pub existing: Option<i32>,
    /// Those of the newest pod template, as far as the Deployment has seen it.
    pub updated: Option<i32>,
    /// Fewest, in force.
    pub min: Option<i32>,
    /// Most, in force.
    pub max: Option<i32>,
    /// What set these bounds.
    pub source: Option<&'static str>,
}

/// Who decides how many.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scaling {
    /// The mode.
    pub mode: &'static str,
    /// What its autoscaler looks at.
    pub metrics: Vec<Metric>,
    /// What keeps it from growing, when it wants to.
    pub limit: Option<String>,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConditionView {
    /// Its type.
    #[serde(rename = "type")]
    pub type_: String,
    /// True, False or Unknown.
    pub status: String,
    /// Why, in a word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether somebody should look at it.
    pub notable: bool,
}

/// The view of a service and its children.
pub fn view(service: &CashService, children: &Children) -> ServiceView {
    let status = service.status.clone().unwrap_or_default();
    let judgement = told::refined(judge(service), &service.spec, children);
    let (namespace, name) = (service.namespace().unwrap_or_default(), service.name_any());
    let next_step = match judgement.verdict {
        Verdict::Ready | Verdict::Terminating => String::new(),
        _ => advice::next_step(&judgement.reason, &judgement.message, &namespace, &name),
    };
    ServiceView {
        schema_version: SCHEMA_VERSION,
        kind: "Service",
        verdict: judgement.verdict,
        reason: judgement.reason,
        message: judgement.message,
        next_step,
        image: service.spec.image.clone(),
        live_image: status.image.clone().filter(|live| *live != service.spec.image),
        revision: status.revision.clone(),
        url: status.url.clone(),
        created_at: service.metadata.creation_timestamp.as_ref().map(|time| time.0),
        replicas: replicas(service, children),
        autoscaling: scaling(service, children),
        schedules: schedules(service, children),
        conditions: status.conditions.iter().map(condition).collect(),
        children: tree::nodes(service.metadata.uid.as_deref().unwrap_or_default(), children),
        missing: children.missing.clone(),
        namespace,
        name,
    }
}

fn replicas(service: &CashService, children: &Children) -> Replicas {
    let name = service.metadata.name.as_ref();
    let deployment = children.deployments.iter().find(|it| it.metadata.name.as_ref() == name);
    let status = service.status.clone().unwrap_or_default();
    let bounds = status.bounds.as_ref();
    Replicas {
        ready: status.ready_replicas.unwrap_or(0),
        wanted: status.wanted_replicas,
        existing: status.replicas,
        updated: deployment.and_then(|it| it.status.as_ref()?.updated_replicas),
        min: bounds.map(|bounds| bounds.min),
        max: bounds.and_then(|bounds| bounds.max),
        source: bounds.map(|bounds| match bounds.source {
            BoundsSource::Spec => "Spec",
            BoundsSource::Schedule => "Schedule",
        }),
    }
}

/// Its schedules that are in force or to come; with those of the scaler that csop makes for it.
fn schedules(service: &CashService, children: &Children) -> Vec<ScheduleView> {
    let name = service.name_any();
    let by_scaler = service.spec.mode() == AutoscalingMode::GeneralScaler;
    schedules::concerning(&children.schedules, children.read_at, |kind, target| {
        let is_own =
            kind == ScheduleTargetKind::CashService || by_scaler && kind == ScheduleTargetKind::GeneralScaler;
        is_own && target == name
    })
}

fn scaling(service: &CashService, children: &Children) -> Scaling {
    let mode = service.spec.autoscaling.mode.unwrap_or_default();
    let owner = service.metadata.uid.as_deref();
    let own = children.autoscalers.iter().find(|autoscaler| {
        autoscaler
            .metadata
            .owner_references
            .iter()
            .flatten()
            .any(|reference| Some(reference.uid.as_str()) == owner)
    });
    let own = own.filter(|_| mode == AutoscalingMode::HPA);
    Scaling {
        mode: mode.as_str(),
        metrics: own.map(autoscaler::metrics).unwrap_or_default(),
        limit: own.and_then(autoscaler::limit),
    }
}

/// The view of a condition of any kind.
pub fn condition(condition: &Condition) -> ConditionView {
    ConditionView {
        type_: condition.type_.clone(),
        status: condition.status.clone(),
        reason: condition.reason.clone(),
        message: condition.message.clone(),
        since: condition.last_transition_time.0,
        notable: condition.status != usual(&condition.type_),
    }
}

/// The status that a condition has while all is well.
fn usual(kind: &str) -> &'static str {
    match kind {
        types::READY | types::AVAILABLE | "MetricsAvailable" => "True",
        types::PROGRESSING | types::PAUSED | types::CONFLICT => "False",
        "Limited" | "BudgetBelowMin" | "SuspiciousMetric" => "False",
        _ => "",
    }
}
