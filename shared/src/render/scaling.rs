//! HorizontalPodAutoscaler, GeneralScaler and PodDisruptionBudget.

use super::labels;
use crate::api::{CashService, GeneralScaler, GeneralScalerSpec};
use crate::{scale::Floor, schedule};
use k8s_openapi::{
    api::{
        autoscaling::v2::{
            CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, MetricSpec,
            MetricTarget, ResourceMetricSource,
        },
        policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec},
    },
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};
use kube::ResourceExt;

const CPU_TARGET_PERCENT: i32 = 80;

/// The HorizontalPodAutoscaler of mode HPA.
pub(super) fn autoscaler(service: &CashService, floors: &[Floor]) -> HorizontalPodAutoscaler {
    let (bounds, autoscaling) = (schedule::bounds(&service.spec, floors), &service.spec.autoscaling);
    let metrics = if autoscaling.metrics.is_empty() { vec![cpu()] } else { autoscaling.metrics.clone() };
    HorizontalPodAutoscaler {
        metadata: labels::stable_metadata(service),
        spec: Some(HorizontalPodAutoscalerSpec {
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".to_owned()),
                kind: "Deployment".to_owned(),
                name: service.name_any(),
            },
            min_replicas: Some(bounds.min),
            // The API requires a maximum in this mode.
            max_replicas: bounds.max.unwrap_or(bounds.min),
            metrics: Some(metrics),
            behavior: autoscaling.behavior.clone(),
        }),
        status: None,
    }
}

/// The GeneralScaler of mode GeneralScaler; schedules reach it as floors of its own.
pub(super) fn scaler(service: &CashService) -> GeneralScaler {
    let (bounds, template) =
        (service.spec.bounds(), service.spec.autoscaling.scaler.clone().unwrap_or_default());
    GeneralScaler {
        metadata: labels::stable_metadata(service),
        spec: GeneralScalerSpec {
            target_deployment: Some(service.name_any()),
            target_ref: None,
            min_replicas: Some(bounds.min),
            // The API requires a maximum in this mode.
            max_replicas: bounds.max.unwrap_or(bounds.min).max(1),
            interval_seconds: template.interval_seconds,
            idle_seconds: template.idle_seconds,
            mode: None,
            metrics: template.metrics,
            policy: template.policy,
            policies: template.policies,
            safety: template.safety,
        },
        status: None,
    }
}

fn cpu() -> MetricSpec {
    MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(ResourceMetricSource {
            name: "cpu".to_owned(),
            target: MetricTarget {
                type_: "Utilization".to_owned(),
                average_utilization: Some(CPU_TARGET_PERCENT),
                ..MetricTarget::default()
            },
        }),
        ..MetricSpec::default()
    }
}

/// The PodDisruptionBudget, whatever schedules are in force; a service that may run a single pod has none, since it would block every drain.
pub(super) fn disruption_budget(service: &CashService) -> Option<PodDisruptionBudget> {
    (service.spec.bounds().min > 1).then(|| PodDisruptionBudget {
        metadata: labels::stable_metadata(service),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(LabelSelector {
                match_labels: Some(labels::workload_selector(&service.name_any())),
                match_expressions: None,
            }),
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
            min_available: None,
        }),
        status: None,
    })
}
