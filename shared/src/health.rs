//! Why a workload does not serve: the first cause that an owner can act on, found in its children.

use crate::names::labels;
use k8s_openapi::api::{
    apps::v1::{Deployment, DeploymentCondition},
    autoscaling::v2::HorizontalPodAutoscaler,
    core::v1::{ContainerState, ContainerStatus, Pod},
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

/// The first actionable cause why a Deployment does not serve as it should.
///
/// Sources: the conditions of the Deployment, and the container states and reasons that the kubelet reports.
pub fn first_cause(deployment: &Deployment, pods: &[Pod]) -> Option<Cause> {
    replica_failure(deployment).or_else(|| pods_cause(pods)).or_else(|| stuck(deployment))
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
pub fn pods_cause(pods: &[Pod]) -> Option<Cause> {
    let living = || pods.iter().filter(|p| p.metadata.deletion_timestamp.is_none());
    let broken = living().find_map(|pod| statuses(pod).find_map(|s| container_cause(pod, s)));
    broken.or_else(|| living().find_map(unschedulable)).or_else(|| living().find_map(not_ready))
}

fn statuses(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    pod.status
        .iter()
        .flat_map(|s| s.init_container_statuses.iter().flatten().chain(s.container_statuses.iter().flatten()))
}

fn name(pod: &Pod) -> &str {
    pod.metadata.name.as_deref().unwrap_or_default()
}

fn container_cause(pod: &Pod, status: &ContainerStatus) -> Option<Cause> {
    let service = pod.metadata.labels.as_ref().and_then(|all| all.get(labels::SERVICE)).map(String::as_str);
    let pod = name(pod);
    let last = status.last_state.as_ref().and_then(|s| s.terminated.as_ref());
    let waiting = status.state.as_ref().and_then(|s| s.waiting.as_ref());
    let reason = waiting.and_then(|w| w.reason.as_deref());
    let words = waiting.and_then(|w| w.message.as_deref()).unwrap_or_default();
    match reason {
        Some(reasons::CRASH_LOOP) => Some(crash_loop(pod, service, status)),
        Some(reasons::CONFIG_ERROR) => {
            Some(Cause::new(reasons::CONFIG_ERROR, format!("pod {pod}: {}", config_error(words))))
        }
        Some(reason) if reason.contains("Image") => {
            let hint = "check the image's name and tag, and spec.imagePullSecrets";
            Some(Cause::new(
                reason,
                format!("pod {pod}: image {} cannot be pulled ({hint}){}", status.image, tail(words)),
            ))
        }
        Some(reason) if !matches!(reason, "ContainerCreating" | "PodInitializing") => Some(Cause::new(
            reason,
            format!("pod {pod}: container {} cannot start{}", status.name, tail(words)),
        )),
        _ if !status.ready && last.is_some_and(|t| t.reason.as_deref() == Some(reasons::OOM_KILLED)) => {
            Some(oom(pod, status))
        }
        _ => ended(pod, status),
    }
}

fn tail(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

fn config_error(words: &str) -> String {
    let wants_root = words.contains("runAsNonRoot") || words.contains("non-numeric user");
    let hint = if wants_root {
        " (the image wants to run as root or names its user; set spec.security.runAsUser to a user id other than 0)"
    } else {
        ""
    };
    format!("the container's configuration does not work{}{hint}", tail(words))
}

fn crash_loop(pod: &str, service: Option<&str>, status: &ContainerStatus) -> Cause {
    let last = status.last_state.as_ref().and_then(|s| s.terminated.as_ref());
    if last.is_some_and(|t| t.reason.as_deref() == Some(reasons::OOM_KILLED)) {
        return oom(pod, status);
    }
    let code = last.map(|t| format!(" with exit code {}", t.exit_code)).unwrap_or_default();
    let count = status.restart_count;
    let logs = match service {
        Some(service) => format!("kubectl csop logs {service} --previous"),
        None => format!("kubectl logs {pod} --previous"),
    };
    Cause::new(
        reasons::CRASH_LOOP,
        format!(
            "pod {pod}: container {} ended{code} and was restarted {count} times; its logs say more: {logs}",
            status.name
        ),
    )
}

fn oom(pod: &str, status: &ContainerStatus) -> Cause {
    let message = format!(
        "pod {pod}: container {} took more memory than its limit; raise spec.resources.limits.memory",
        status.name
    );
    Cause::new(reasons::OOM_KILLED, message)
}

fn ended(pod: &str, status: &ContainerStatus) -> Option<Cause> {
    let ContainerState { terminated: Some(end), .. } = status.state.as_ref()? else { return None };
    if end.exit_code == 0 {
        return None;
    }
    let reason = end.reason.as_deref().filter(|r| !r.is_empty()).unwrap_or("Error");
    if reason == reasons::OOM_KILLED {
        return Some(oom(pod, status));
    }
    Some(Cause::new(
        reason,
        format!(
            "pod {pod}: container {} ended with exit code {}{}",
            status.name,
            end.exit_code,
            tail(end.message.as_deref().unwrap_or_default())
        ),
    ))
}

fn pod_condition<'a>(pod: &'a Pod, kind: &str) -> Option<&'a k8s_openapi::api::core::v1::PodCondition> {
    pod.status.as_ref()?.conditions.as_ref()?.iter().find(|c| c.type_ == kind)
}

fn unschedulable(pod: &Pod) -> Option<Cause> {
    let scheduled = pod_condition(pod, "PodScheduled").filter(|c| c.status == "False")?;
    let words = scheduled.message.as_deref().unwrap_or_default();
    (scheduled.reason.as_deref() == Some(reasons::UNSCHEDULABLE)).then(|| {
        Cause::new(reasons::UNSCHEDULABLE, format!("pod {} fits on no node{}", name(pod), tail(words)))
    })
}

fn not_ready(pod: &Pod) -> Option<Cause> {
    let waiting = statuses(pod).find(|s| !s.ready && s.started == Some(true))?;
    Some(Cause::new(
        reasons::NOT_READY,
        format!(
            "pod {}: container {} runs, but its readiness probe fails; check contract.healthPort and contract.readinessPath",
            name(pod),
            waiting.name
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(status: Value) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "shop-1"}, "status": status})).unwrap()
    }

    fn container(state: Value, last: Value) -> Pod {
        pod(
            json!({"containerStatuses": [{"name": "app", "image": "i:1", "imageID": "", "ready": false, "restartCount": 3, "started": false, "state": state, "lastState": last}]}),
        )
    }

    fn reason_of(pod: Pod) -> Option<(String, String)> {
        pods_cause(&[pod]).map(|c| (c.reason, c.message))
    }

    #[test]
    fn a_pull_failure_names_image_and_pod() {
        let (reason, message) = reason_of(container(
            json!({"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}),
            json!({}),
        ))
        .unwrap();
        assert_eq!(reason, "ImagePullBackOff");
        assert!(
            message.contains("shop-1") && message.contains("i:1") && message.contains("not found"),
            "{message}"
        );
    }

    #[test]
    fn a_crash_loop_names_the_last_exit_code() {
        let (reason, message) = reason_of(container(
            json!({"waiting": {"reason": "CrashLoopBackOff"}}),
            json!({"terminated": {"exitCode": 7}}),
        ))
        .unwrap();
        assert_eq!(reason, "CrashLoopBackOff");
        assert!(message.contains("exit code 7"), "{message}");
    }

    #[test]
    fn an_image_that_wants_root_gets_a_hint() {
        let words = "container has runAsNonRoot and image will run as root";
        let (_, message) = reason_of(container(
            json!({"waiting": {"reason": "CreateContainerConfigError", "message": words}}),
            json!({}),
        ))
        .unwrap();
        assert!(message.contains("spec.security.runAsUser"), "{message}");
    }

    #[test]
    fn memory_is_named_even_in_a_crash_loop() {
        let pod = container(
            json!({"waiting": {"reason": "CrashLoopBackOff"}}),
            json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
        );
        assert_eq!(reason_of(pod).unwrap().0, "OOMKilled");
    }

    #[test]
    fn the_scheduler_speaks_for_itself() {
        let unscheduled = pod(
            json!({"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}]}),
        );
        assert!(reason_of(unscheduled).unwrap().1.contains("0/3 nodes"));
    }

    #[test]
    fn a_pod_that_only_starts_is_no_cause() {
        assert_eq!(
            reason_of(container(json!({"waiting": {"reason": "ContainerCreating"}}), json!({}))),
            None
        );
        let started = pod(
            json!({"containerStatuses": [{"name": "app", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "started": true, "state": {"running": {}}}]}),
        );
        assert_eq!(reason_of(started).unwrap().0, "ReadinessFailing");
    }

    #[test]
    fn a_quota_comes_first() {
        let deployment = serde_json::from_value(json!({"metadata": {}, "status": {"conditions": [
            {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"}]}}))
        .unwrap();
        let cause = first_cause(
            &deployment,
            &[container(json!({"waiting": {"reason": "ImagePullBackOff"}}), json!({}))],
        )
        .unwrap();
        assert_eq!(cause.reason, "ReplicaFailure");
        assert!(cause.message.contains("exceeded quota: small"));
    }
}
