//! The Deployment of the stable track.

use super::{Plan, labels};
use crate::{names::annotations, revision};
use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment},
        core::v1::PodTemplateSpec,
    },
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};
use kube::ResourceExt;

const MAX_SURGE: &str = "25%";

/// The Deployment, without `replicas`.
pub(super) fn deployment(plan: &Plan<'_>, template: PodTemplateSpec) -> Deployment {
    let service = plan.service;
    let mut metadata = labels::stable_metadata(service);
    let hash = revision::of_template(&template);
    metadata.annotations.get_or_insert_default().insert(annotations::REVISION.to_owned(), hash);
    Deployment {
        metadata,
        spec: Some(DeploymentSpec {
            selector: LabelSelector {
                match_labels: Some(labels::workload_selector(&service.name_any())),
                match_expressions: None,
            },
            strategy: Some(strategy(plan)),
            template,
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

fn strategy(plan: &Plan<'_>) -> DeploymentStrategy {
    let rollout = plan.service.spec.rollout.clone().unwrap_or_default();
    DeploymentStrategy {
        type_: Some("RollingUpdate".to_owned()),
        rolling_update: Some(RollingUpdateDeployment {
            max_surge: Some(
                rollout.max_surge.map_or_else(|| IntOrString::String(MAX_SURGE.to_owned()), number),
            ),
            max_unavailable: Some(rollout.max_unavailable.map_or(IntOrString::Int(0), number)),
        }),
    }
}

/// A number in quotes is a number, which the API server takes for a percentage without its sign.
fn number(given: IntOrString) -> IntOrString {
    match &given {
        IntOrString::String(text) => text.parse().map_or(given, IntOrString::Int),
        IntOrString::Int(_) => given,
    }
}
