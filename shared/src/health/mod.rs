//! Why a workload does not serve: the first cause that an owner can act on, found in its children.

mod container;
pub mod probes;
#[cfg(test)]
mod tests;
mod words;

use crate::api::CashServiceSpec;
use jiff::Timestamp;
use k8s_openapi::api::{
    apps::v1::{Deployment, DeploymentCondition},
    autoscaling::v2::HorizontalPodAutoscaler,
    core::v1::{ContainerStatus, Pod},
};

/// Reasons that csop gives itself; others are the kubelet's and the scheduler's own.
pub use crate::reasons::health as reasons;

/// A cause: a reason in CamelCase and a sentence for the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Machine-readable.
    pub reason: String,
    /// What is wrong, on what, and where it helps what to do.
    pub message: String,
}

impl Cause {
    fn new(reason: &str, message: String) -> Self {
        Self { reason: reason.to_owned(), message }
    }
}

/// The first actionable cause why a Deployment does not serve as it should; the spec is that of its service.
///
/// Sources: the conditions of the Deployment, and the container states and reasons that the kubelet reports.
pub fn first_cause(
    spec: &CashServiceSpec,
    deployment: &Deployment,
    pods: &[Pod],
    now: Timestamp,
) -> Option<Cause> {
    replica_failure(deployment).or_else(|| pods_cause(spec, pods, now)).or_else(|| stuck(deployment))
}

fn condition<'a>(deployment: &'a Deployment, kind: &str) -> Option<&'a DeploymentCondition> {
    deployment.status.as_ref()?.conditions.as_ref()?.iter().find(|c| c.type_ == kind)
}

fn replica_failure(deployment: &Deployment) -> Option<Cause> {
    let failure = condition(deployment, "ReplicaFailure").filter(|c| c.status == "True")?;
    let message = failure.message.as_deref().unwrap_or("pods cannot be made");
    Some(Cause::new(reasons::REPLICA_FAILURE, format!("pods cannot be made: {message}")))
}

fn stuck(deployment: &Deployment) -> Option<Cause> {
    let stuck =
        condition(deployment, "Progressing").filter(|c| c.reason.as_deref() == Some(reasons::STUCK))?;
    Some(Cause::new(
        reasons::STUCK,
        stuck.message.clone().unwrap_or_else(|| "the rollout does not move".to_owned()),
    ))
}

/// The most telling cause among pods: what stops a container before what only delays it.
pub fn pods_cause(spec: &CashServiceSpec, pods: &[Pod], now: Timestamp) -> Option<Cause> {
    let broken = living(pods).find_map(|pod| statuses(pod).find_map(|s| container::cause(pod, s, now)));
    broken
        .or_else(|| living(pods).find_map(unschedulable))
        .or_else(|| living(pods).find_map(|pod| not_ready(spec, pod, now)))
}

/// When time alone may change the cause: a container that ended lately has run for long enough to say that it is something else,
/// or one that has just started for long enough to be ready.
pub fn next_look(pods: &[Pod], now: Timestamp) -> Option<Timestamp> {
    let at = |status| container::settles_at(status, now).into_iter().chain(container::ready_by(status, now));
    living(pods).flat_map(statuses).flat_map(at).min()
}

fn living(pods: &[Pod]) -> impl Iterator<Item = &Pod> {
    pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none())
}

fn statuses(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    pod.status
        .iter()
        .flat_map(|s| s.init_container_statuses.iter().flatten().chain(s.container_statuses.iter().flatten()))
}

fn name(pod: &Pod) -> &str {
    pod.metadata.name.as_deref().unwrap_or_default()
}

fn tail(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

fn pod_condition<'a>(pod: &'a Pod, kind: &str) -> Option<&'a k8s_openapi::api::core::v1::PodCondition> {
    pod.status.as_ref()?.conditions.as_ref()?.iter().find(|c| c.type_ == kind)
}

fn unschedulable(pod: &Pod) -> Option<Cause> {
    let scheduled = pod_condition(pod, "PodScheduled").filter(|c| c.status == "False")?;
    let words = words::of_scheduler(scheduled.message.as_deref().unwrap_or_default());
    (scheduled.reason.as_deref() == Some(reasons::UNSCHEDULABLE)).then(|| {
        Cause::new(reasons::UNSCHEDULABLE, format!("pod {} fits on no node{}", name(pod), tail(&words)))
    })
}

fn not_ready(spec: &CashServiceSpec, pod: &Pod, now: Timestamp) -> Option<Cause> {
    let late = |s: &&ContainerStatus| s.started == Some(true) && container::ready_by(s, now).is_none();
    let waiting = statuses(pod).filter(|s| !s.ready).find(late)?;
    Some(Cause::new(
        reasons::NOT_READY,
        format!(
            "pod {}: container {} runs, but its readiness probe fails; {}",
            name(pod),
            waiting.name,
            probes::check(spec, probes::Probed::Readiness)
        ),
    ))
}

/// Why a HorizontalPodAutoscaler does not scale, in its own words.
pub fn autoscaler_cause(autoscaler: &HorizontalPodAutoscaler) -> Option<Cause> {
    let conditions = autoscaler.status.as_ref()?.conditions.as_ref()?;
    let inactive = conditions.iter().find(|c| c.type_ == "ScalingActive" && c.status == "False")?;
    let words = inactive.message.as_deref().unwrap_or_default();
    Some(Cause::new(reasons::AUTOSCALER, format!("the HorizontalPodAutoscaler cannot scale{}", tail(words))))
}
