//! One metric of a scaler.

use super::{
    Tolerance,
    source::{KEYS, SourceConfig, SourceType},
    union::takes,
};
use crate::scale::Number;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A value from a source, and what it should be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = takes(&KEYS, "metric", "prometheus"),
    validation = takes(&KEYS, "metric", "redis"),
    validation = takes(&KEYS, "metric", "pubsub"),
    validation = takes(&KEYS, "metric", "http"),
    validation = takes(&KEYS, "metric", "external"),
    validation = takes(&KEYS, "metric", "resource"),
    validation = Rule::new("has(self.targetValue) || self.type == 'external'").message("a metric needs targetValue, the value to aim for"),
    validation = Rule::new("self.type != 'prometheus' || has(self.config.query)").message("a metric of type prometheus needs config.query"),
    validation = Rule::new("self.type != 'redis' || (has(self.config.key) && has(self.config.address) != has(self.config.host))").message("a metric of type redis needs config.key, and either config.address or config.host"),
    validation = Rule::new("!has(self.config.port) || has(self.config.host)").message("config.port goes with config.host; config.address holds the port itself"),
    validation = Rule::new("!(has(self.config.cluster) && self.config.cluster && has(self.config.sentinelMaster))").message("config.cluster and config.sentinelMaster exclude each other"),
    validation = Rule::new("self.type != 'pubsub' || (has(self.config.projectId) && has(self.config.subscription))").message("a metric of type pubsub needs config.projectId and config.subscription"),
    validation = Rule::new("!has(self.config.signal) || self.config.signal in (self.type == 'pubsub' ? ['backlog', 'oldestAge'] : ['lag', 'pending'])").message("config.signal is backlog or oldestAge for pubsub, lag or pending for a redis stream"),
    validation = Rule::new("self.type != 'http' || (has(self.config.url) && has(self.config.jsonPath) != has(self.config.expression))").message("a metric of type http needs config.url, and either config.jsonPath or config.expression"),
    validation = Rule::new("self.type != 'external' || has(self.config.scalerAddress)").message("a metric of type external needs config.scalerAddress"),
    validation = Rule::new("self.type != 'resource' || has(self.config.resource)").message("a metric of type resource needs config.resource: cpu or memory"),
)]
pub struct Metric {
    /// Its name in status, events and expressions. Default: the type, with a number from the second one on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = Rule::new("self.matches('^[a-zA-Z_][a-zA-Z0-9_-]*$')").message("a metric's name has letters, digits, '_' and '-', and begins with a letter or '_'"))]
    pub name: Option<String>,
    /// Where the value comes from.
    #[serde(rename = "type")]
    pub type_: SourceType,
    /// What to ask the source; the keys depend on the type.
    pub config: SourceConfig,
    /// The value to aim for. Required, but for external: there it replaces the target size that the external scaler states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self > 0.0").message("targetValue must be above 0"))]
    pub target_value: Option<Number>,
    /// What the value means for one replica. Default: PerReplica for redis, pubsub and external, else Ratio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<MetricMode>,
    /// With minReplicas 0: the metric is active while its value is above this. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self >= 0.0").message("activation must not be negative"))]
    pub activation: Option<Number>,
    /// How several series become one value. Default: Sum for PerReplica, else Max.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduce: Option<Reduce>,
    /// How far the value may be off its target before anything happens: a number for both directions, or `up` and `down`.
    /// Default: that of the slo policy, else 0.1, which is a tenth of the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Tolerance>,
    /// What to do when the metric has been missing for long. Default: keep the number of replicas from falling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// Seconds after which a sample is too old to act on. Default: 90 or three intervals, whichever is longer; 300 for pubsub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86400))]
    pub max_age_seconds: Option<i32>,
    /// What an answer without any series means. Default: Missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_empty: Option<OnEmpty>,
    /// A Secret with the source's credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_ref: Option<AuthRef>,
}

/// PerReplica: the value is a total of work, and a replica handles the target of it. Ratio: the value is a level that each
/// replica feels. Latency: like Ratio, with a wide dead band, growth to the double at most and small steps down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MetricMode {
    /// Replicas = value / target.
    #[default]
    PerReplica,
    /// Replicas = current x value / target.
    Ratio,
    /// Ratio for response times.
    Latency,
}

/// How several series become one value. Single: more than one is an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Reduce {
    /// More than one series is an error: the metric is missing.
    Single,
    /// All together.
    #[default]
    Sum,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The mean.
    Avg,
}

/// What to propose when a metric has been missing for long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fallback {
    /// Seconds for which the metric must have been missing. Default: 180.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86400))]
    pub after_seconds: Option<i32>,
    /// Replicas to propose.
    #[schemars(range(min = 0, max = 100000))]
    pub replicas: i32,
    /// What to do with a different current number. Default: CurrentIfHigher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behavior: Option<FallbackBehavior>,
}

/// CurrentIfHigher (default): raise to `replicas`, never lower. Static: `replicas`. Current: keep the number.
/// CurrentIfLower: lower to `replicas`, never raise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FallbackBehavior {
    /// The larger of the current number and `replicas`.
    #[default]
    CurrentIfHigher,
    /// `replicas`.
    Static,
    /// The current number.
    Current,
    /// The smaller of the current number and `replicas`.
    CurrentIfLower,
}

/// What an answer without any series means. Missing (default): nobody knows. Zero: there is no work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OnEmpty {
    /// The metric is missing.
    #[default]
    Missing,
    /// The value is 0.
    Zero,
}

/// A Secret of the same namespace with credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthRef {
    /// The name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Keys of the Secret that are called otherwise than csop expects: expected name -> name in the Secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16))]
    pub keys: BTreeMap<String, String>,
}
