//! Who decides a service's number of replicas.

use crate::api::{
    embedded,
    general_scaler::{Metric, Policy, Safety},
};
use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscalerBehavior, MetricSpec};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who decides the number of replicas, and between which bounds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.maxReplicas) || (has(self.mode) && self.mode in ['Fixed', 'External'])").message("autoscaling.maxReplicas is required in modes HPA (the default) and GeneralScaler"),
    validation = Rule::new("!has(self.maxReplicas) || self.maxReplicas >= (has(self.minReplicas) ? self.minReplicas : 1)").message("autoscaling.maxReplicas must not be below autoscaling.minReplicas"),
    validation = Rule::new("!has(self.minReplicas) || self.minReplicas >= 1 || (has(self.mode) && self.mode == 'GeneralScaler')").message("autoscaling.minReplicas must be at least 1 (0 is for mode GeneralScaler)"),
    validation = Rule::new("!has(self.minReplicas) || self.minReplicas > 0 || !has(self.scaler) || !has(self.scaler.metrics) || self.scaler.metrics.size() == 0 || self.scaler.metrics.exists(m, m.type != 'resource')").message("autoscaling.minReplicas 0 needs a metric that still has a value when there are no pods: one that is not of type resource"),
    validation = Rule::new("has(self.scaler) == (has(self.mode) && self.mode == 'GeneralScaler')").message("autoscaling.scaler is required in mode GeneralScaler and refused in any other mode"),
)]
pub struct Autoscaling {
    /// Who decides the number of replicas. Default: HPA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<AutoscalingMode>,
    /// Fewest replicas. Default: 2, or maxReplicas where that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10000))]
    pub min_replicas: Option<i32>,
    /// Most replicas. Required in modes HPA and GeneralScaler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10000))]
    pub max_replicas: Option<i32>,
    /// Mode HPA: the metrics, in order. Default: 80 % of the requested CPU.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), transform = embedded::metrics)]
    #[x_kube(
        validation = Rule::new("self.all(m, [has(m.resource), has(m.containerResource), has(m.pods), has(m.object), has(m.external)].filter(h, h).size() == 1 && (m.type == 'Resource' ? has(m.resource) : m.type == 'ContainerResource' ? has(m.containerResource) : m.type == 'Pods' ? has(m.pods) : m.type == 'Object' ? has(m.object) : m.type == 'External' && has(m.external)))").message("an entry of autoscaling.metrics has a type (Resource, ContainerResource, Pods, Object or External), the block that belongs to it (resource, containerResource, pods, object or external), and no other block"),
        validation = Rule::new("self.all(m, (!has(m.resource) || has(m.resource.target.averageUtilization) != has(m.resource.target.averageValue)) && (!has(m.containerResource) || has(m.containerResource.target.averageUtilization) != has(m.containerResource.target.averageValue)))").message("the target of a Resource metric has exactly one of averageUtilization (type Utilization) and averageValue (type AverageValue)"),
    )]
    pub metrics: Vec<MetricSpec>,
    /// Mode HPA: how fast it scales, in either direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = embedded::behavior)]
    #[x_kube(validation = Rule::new("(!has(self.scaleUp) || !has(self.scaleUp.policies) || self.scaleUp.policies.size() > 0) && (!has(self.scaleDown) || !has(self.scaleDown.policies) || self.scaleDown.policies.size() > 0)").message("policies in autoscaling.behavior must not be an empty list: leave it out for the default, or write selectPolicy: Disabled to forbid that direction"))]
    pub behavior: Option<HorizontalPodAutoscalerBehavior>,
    /// Mode GeneralScaler: its metrics, policies, safety and interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaler: Option<ScalerTemplate>,
}

/// Who decides the number of replicas. HPA (default): a HorizontalPodAutoscaler. GeneralScaler: csop's own scaler.
/// Fixed: `spec.replicas`. External: somebody else writes the number, csop never does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AutoscalingMode {
    /// A HorizontalPodAutoscaler that csop makes.
    #[default]
    HPA,
    /// A GeneralScaler that csop makes.
    GeneralScaler,
    /// csop writes `spec.replicas`.
    Fixed,
    /// Somebody else.
    External,
}

impl AutoscalingMode {
    /// The value as the API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HPA => "HPA",
            Self::GeneralScaler => "GeneralScaler",
            Self::Fixed => "Fixed",
            Self::External => "External",
        }
    }
}

/// The fields of a GeneralScaler's spec that are not derived from the service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!(has(self.policy) && has(self.policies))").message("give policy, or several as policies, not both"),
    validation = Rule::new("!has(self.metrics) || self.metrics.all(m, !has(m.name) || self.metrics.filter(o, has(o.name) && o.name == m.name).size() == 1)").message("two metrics have the same name"),
)]
pub struct ScalerTemplate {
    /// What is measured. Without metrics the service stays at minReplicas, and only schedules raise it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub metrics: Vec<Metric>,
    /// How proposals become a decision. Default: slo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Several policies, applied in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub policies: Vec<Policy>,
    /// How fast and how often the number of replicas may change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety: Option<Safety>,
    /// Seconds between two decisions. Default: 15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub interval_seconds: Option<i32>,
    /// With minReplicas 0: seconds without activity after which the service is scaled to zero. Default: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86400))]
    pub idle_seconds: Option<i32>,
}
