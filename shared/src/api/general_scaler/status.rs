//! What csop reports of a scaler, and what a decision must find again after a restart.

use crate::{
    conditions::Conditioned,
    scale::{Cause, Number},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, MicroTime};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The observed state of a scaler.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeneralScalerStatus {
    /// The generation of the spec that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, MetricsAvailable, Limited, Conflict, Paused, BudgetBelowMin, SuspiciousMetric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// What is scaled, such as `Deployment/shop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Replicas that the target asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_replicas: Option<i32>,
    /// Result of the last decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_replicas: Option<i32>,
    /// Fewest replicas now in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_replicas: Option<i32>,
    /// Most replicas now in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_replicas: Option<i32>,
    /// Why, such as `Demand(rps)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// What the metrics propose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub metrics: Vec<MetricStatus>,
    /// Names of the schedules that are in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<String>,
    /// The last changes of the number of replicas, the newest at the end: cooldowns and periods are counted from them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// The last price of a pod that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_price: Option<LastPrice>,
    /// After a schedule had raised maxReplicas: what is left of the raise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_max: Option<i32>,
    /// Since when no metric has been active (minReplicas 0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_since: Option<MicroTime>,
}

/// What a metric proposes, or why not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricStatus {
    /// Its name.
    pub name: String,
    /// Whether it can be acted on.
    pub state: MetricState,
    /// Since when it has been missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<MicroTime>,
    /// The value when this status was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Number>,
    /// Replicas that it proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants: Option<i32>,
}

/// Fresh: can be acted on. Stale: the last sample is too old. Missing: there is none. Empty: the source answers nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MetricState {
    /// Can be acted on.
    Fresh,
    /// The last sample is too old.
    Stale,
    /// There is no sample, or none that is a number.
    #[default]
    Missing,
    /// The source answers nothing, which means that the metric is missing.
    Empty,
}

/// A change of the number of replicas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// When it was decided.
    pub time: MicroTime,
    /// Replicas before.
    pub from: i32,
    /// Replicas after.
    pub to: i32,
    /// Why.
    pub cause: Cause,
    /// Whether the cooldowns count from it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub starts_cooldown: bool,
    /// Whether the target has it.
    pub outcome: Outcome,
    /// What led to it, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// Pending: it is about to be written to the target. Applied: it has been written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Outcome {
    /// About to be written to the target.
    #[default]
    Pending,
    /// Written.
    Applied,
}

/// A price of a pod.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastPrice {
    /// For an hour.
    pub value: Number,
    /// When it was measured.
    pub time: MicroTime,
}

impl Conditioned for GeneralScalerStatus {
    fn common(&self) -> (&Vec<Condition>, &Option<i64>) {
        (&self.conditions, &self.observed_generation)
    }

    fn common_mut(&mut self) -> (&mut Vec<Condition>, &mut Option<i64>) {
        (&mut self.conditions, &mut self.observed_generation)
    }
}
