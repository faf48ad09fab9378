//! `GeneralScaler`: scales anything with a scale subresource by metrics, through policies and a safety stage.

mod metric;
mod policy;
mod safety;
mod source;
mod status;
mod tolerance;
mod union;

pub use metric::{AuthRef, Fallback, FallbackBehavior, Metric, MetricMode, OnEmpty, Reduce};
pub use policy::{Objective, Policy, PolicyConfig, PolicyType, PriceFrom};
pub use safety::{Behavior, PolicyUnit, Safety, ScalingPolicy, ScalingRules, SelectPolicy, Windows};
pub use source::{HttpMethod, RedisKind, ResourceName, Signal, SourceConfig, SourceType};
pub use status::{GeneralScalerStatus, LastPrice, MetricState, MetricStatus, Operation, Outcome};
pub use tolerance::{Tolerance, UpDown};

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is scaled, by which metrics, and how carefully.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "csop.dev",
    version = "v1alpha1",
    kind = "GeneralScaler",
    namespaced,
    shortname = "gs",
    category = "csop",
    status = "GeneralScalerStatus",
    derive = "PartialEq",
    doc = "Scales a Deployment, or anything else with a scale subresource, by metrics from pluggable sources, through policies and a safety stage, and says why. It is Ready when its target exists, nothing else scales it and its decisions can be carried out.",
    printcolumn(name = "Target", type_ = "string", json_path = ".status.target", description = "What is scaled"),
    printcolumn(name = "Current", type_ = "integer", json_path = ".status.currentReplicas", description = "Replicas that the target asks for"),
    printcolumn(name = "Wanted", type_ = "integer", json_path = ".status.desiredReplicas", description = "Result of the last decision"),
    printcolumn(name = "Min", type_ = "integer", json_path = ".status.minReplicas", description = "Fewest replicas now in force"),
    printcolumn(name = "Max", type_ = "integer", json_path = ".status.maxReplicas", description = "Most replicas now in force"),
    printcolumn(name = "Cause", type_ = "string", json_path = ".status.cause", description = "Why, in one word"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("has(self.spec.targetDeployment) != has(self.spec.targetRef)").message("a scaler has exactly one of targetDeployment and targetRef"),
)]
#[cfg_attr(feature = "cel", kube(cel))]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.maxReplicas >= (has(self.minReplicas) ? self.minReplicas : 1)").message("maxReplicas must not be below minReplicas (which is 1 unless it is given)"),
    validation = Rule::new("!(has(self.policy) && has(self.policies))").message("give policy, or several as policies, not both"),
    validation = Rule::new("!has(self.minReplicas) || self.minReplicas > 0 || !has(self.metrics) || self.metrics.size() == 0 || self.metrics.exists(m, m.type != 'resource')").message("minReplicas 0 needs a metric that still has a value when there are no pods: one that is not of type resource"),
    validation = Rule::new("!has(self.metrics) || self.metrics.all(m, !has(m.name) || self.metrics.filter(o, has(o.name) && o.name == m.name).size() == 1)").message("two metrics have the same name"),
)]
pub struct GeneralScalerSpec {
    /// The name of the Deployment to scale, in the same namespace. Exactly one of targetDeployment and targetRef.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub target_deployment: Option<String>,
    /// Anything with a scale subresource, in the same namespace. Only that subresource is ever written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<TargetRef>,
    /// Fewest replicas. Default: 1. With 0 the target is scaled to zero once no metric has been above its activation for idleSeconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100000))]
    pub min_replicas: Option<i32>,
    /// Most replicas.
    #[schemars(range(min = 1, max = 100000))]
    pub max_replicas: i32,
    /// Seconds between two decisions. Default: 15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub interval_seconds: Option<i32>,
    /// With minReplicas 0: seconds without activity after which the target is scaled to zero. Default: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86400))]
    pub idle_seconds: Option<i32>,
    /// What becomes of decisions. Default: Auto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ScalerMode>,
    /// What is measured. Without metrics the target stays at minReplicas, and only schedules raise it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub metrics: Vec<Metric>,
    /// How proposals become a decision. Default: slo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Several policies, applied in this order. The demand of the metrics always comes first, with or without slo in the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub policies: Vec<Policy>,
    /// How fast and how often the number of replicas may change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety: Option<Safety>,
}

/// An object with a scale subresource in the scaler's namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetRef {
    /// Its API version, such as `apps/v1`.
    #[schemars(length(min = 1, max = 128))]
    pub api_version: String,
    /// Its kind, such as `StatefulSet`.
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// Auto (default): decide and scale. Recommend: decide and record, write nothing. "Off" (in quotes: YAML takes a bare Off for
/// false): hold the number of replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ScalerMode {
    /// Decide and scale.
    #[default]
    Auto,
    /// Decide and record; write nothing.
    Recommend,
    /// Hold.
    Off,
}

impl GeneralScalerSpec {
    /// What is scaled; a Deployment for `targetDeployment`. Nothing for a spec that names neither, which is refused.
    pub fn target(&self) -> Option<TargetRef> {
        let deployment = self.target_deployment.as_ref().map(|name| TargetRef {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            name: name.clone(),
        });
        deployment.or_else(|| self.target_ref.clone())
    }

    /// The policies in order, whichever way they are given.
    pub fn all_policies(&self) -> impl Iterator<Item = &Policy> {
        self.policy.iter().chain(&self.policies)
    }
}
