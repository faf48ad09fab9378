//! Who decides a service's number of replicas.

use crate::api::embedded;
use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscalerBehavior, MetricSpec};
use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Who decides the number of replicas, and between which bounds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.maxReplicas) || (has(self.mode) && self.mode in ['Fixed', 'External'])").message("autoscaling.maxReplicas is required in modes HPA (the default) and GeneralScaler"),
    validation = Rule::new("!has(self.maxReplicas) || self.maxReplicas >= (has(self.minReplicas) ? self.minReplicas : 1)").message("autoscaling.maxReplicas must not be below autoscaling.minReplicas"),
    validation = Rule::new("!has(self.minReplicas) || self.minReplicas >= 1 || (has(self.mode) && self.mode == 'GeneralScaler')").message("autoscaling.minReplicas must be at least 1 (0 is for mode GeneralScaler)"),
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScalerTemplate(pub serde_json::Map<String, serde_json::Value>);

impl JsonSchema for ScalerTemplate {
    fn schema_name() -> Cow<'static, str> {
        "ScalerTemplate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
    }
}
