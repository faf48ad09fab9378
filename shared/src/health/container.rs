//! Why a container does not serve, by the states that the kubelet reports.
//!
//! A container that fails goes through several states over and over: it waits, runs, has ended. Each of them gives the same
//! cause, so that what a service says of itself changes only when something else happens.

use super::{Cause, name, reasons, tail, words};
use crate::names::labels;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{ContainerStateRunning, ContainerStateTerminated, ContainerStatus, Pod};
use kube::ResourceExt;

/// How long a container has to run until its last end tells nothing any more. The kubelet forgets it then, too: its pauses
/// between restarts begin anew (twice its longest one).
const HISTORY_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// How long a container may run without being ready until that is told. Its readiness probe may not have asked yet: by default it
/// does so every five seconds.
const READY_WITHIN: SignedDuration = SignedDuration::from_secs(10);
/// From this restart on an end is one of a loop. The first comes without a pause.
const LOOP: i32 = 2;

/// What a container of a pod suffers from; nothing as long as it may be about to serve.
pub(super) fn cause(pod: &Pod, status: &ContainerStatus, now: Timestamp) -> Option<Cause> {
    let last = status.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    let state = status.state.as_ref()?;
    if let Some(waiting) = &state.waiting {
        let said = waiting.message.as_deref().unwrap_or_default();
        return match (waiting.reason.as_deref().unwrap_or_default(), last) {
            (reasons::CRASH_LOOP, None) => Some(looping(pod, status)),
            ("" | "ContainerCreating" | "PodInitializing" | reasons::CRASH_LOOP, end) => {
                end.map(|end| ended(pod, status, end))
            }
            (reason, _) => Some(waits(pod, status, reason, said)),
        };
    }
    if let Some(end) = &state.terminated {
        // A container of the pod's beginning is meant to end.
        return (!is_initial(pod, status) || end.exit_code != 0).then(|| ended(pod, status, end));
    }
    let recent = is_recent(state.running.as_ref()?, now) && !status.ready;
    last.filter(|_| recent).map(|end| ended(pod, status, end))
}

/// When the last end of a container that runs now begins to tell nothing; nothing if it does not matter.
pub(super) fn settles_at(status: &ContainerStatus, now: Timestamp) -> Option<Timestamp> {
    status.last_state.as_ref()?.terminated.as_ref()?;
    let run = status.state.as_ref()?.running.as_ref().filter(|run| !status.ready && is_recent(run, now))?;
    run.started_at.as_ref().map(|start| start.0 + HISTORY_AFTER)
}

/// When a container that has just started should be ready; nothing if it is, or that time is over.
pub(super) fn ready_by(status: &ContainerStatus, now: Timestamp) -> Option<Timestamp> {
    let run =
        status.state.as_ref()?.running.as_ref().filter(|_| !status.ready && status.started == Some(true))?;
    run.started_at.as_ref().map(|start| start.0 + READY_WITHIN).filter(|end| now < *end)
}

fn is_recent(run: &ContainerStateRunning, now: Timestamp) -> bool {
    run.started_at.as_ref().is_none_or(|start| now < start.0 + HISTORY_AFTER)
}

fn is_initial(pod: &Pod, status: &ContainerStatus) -> bool {
    let initial = pod.status.iter().flat_map(|pod| pod.init_container_statuses.iter().flatten());
    initial.into_iter().any(|one| one.name == status.name)
}

/// It waits for what the kubelet cannot do.
fn waits(pod: &Pod, status: &ContainerStatus, reason: &str, said: &str) -> Cause {
    let (pod, name) = (name(pod), &status.name);
    match reason {
        reasons::CONFIG_ERROR => {
            let said = words::of_configuration(said);
            Cause::new(
                reason,
                format!(
                    "pod {pod}: the container's configuration does not work{}{}",
                    tail(&said),
                    hint(&said)
                ),
            )
        }
        reasons::RUN_ERROR => not_started(pod, name, said),
        reasons::IMAGE_NAME => {
            let (image, said) = (&status.image, tail(&words::of_image_name(said)));
            Cause::new(reason, format!("pod {pod}: {image} is not a valid name of an image{said}"))
        }
        _ if reason.contains("Image") => {
            // The kubelet says by turns that it could not, and that it waits to try again.
            let reason = if reason == "ErrImagePull" { reasons::PULL_BACK_OFF } else { reason };
            let hint = "check the image's name and tag, and spec.imagePullSecrets";
            let (image, said) = (&status.image, tail(&words::of_pull(said, &status.image)));
            Cause::new(reason, format!("pod {pod}: image {image} cannot be pulled{said} ({hint})"))
        }
        _ => Cause::new(
            reason,
            format!("pod {pod}: container {name} cannot start{}", tail(&words::of_start(said))),
        ),
    }
}

fn hint(said: &str) -> &'static str {
    let wants_root = said.contains("runAsNonRoot") || said.contains("non-numeric user");
    if wants_root { " (set spec.security.runAsUser to a user id other than 0)" } else { "" }
}

/// The process could not be started at all.
fn not_started(pod: &str, name: &str, said: &str) -> Cause {
    let said = tail(&words::of_start(said));
    Cause::new(reasons::RUN_ERROR, format!("pod {pod}: container {name} cannot start{said}"))
}

/// It has ended, and is or will be started again.
fn ended(pod: &Pod, status: &ContainerStatus, end: &ContainerStateTerminated) -> Cause {
    let said = end.message.as_deref().unwrap_or_default();
    match end.reason.as_deref().unwrap_or_default() {
        reasons::OOM_KILLED => return oom(pod, status),
        "StartError" | "ContainerCannotRun" => return not_started(name(pod), &status.name, said),
        _ => {}
    }
    let waiting = status.state.as_ref().and_then(|state| state.waiting.as_ref());
    let backs_off = waiting.is_some_and(|waiting| waiting.reason.as_deref() == Some(reasons::CRASH_LOOP));
    let reason = if backs_off || status.restart_count >= LOOP { reasons::CRASH_LOOP } else { reasons::ENDED };
    let (code, container) = (end.exit_code, &status.name);
    let what = match code {
        // 128 and the number of SIGKILL or SIGTERM.
        137 | 143 => {
            format!(
                "was killed (exit code {code}), as the kubelet does when its liveness or startup probe fails"
            )
        }
        _ => format!("ended with exit code {code}"),
    };
    let said = tail(&words::of_process(said));
    let logs = previous_logs(pod);
    Cause::new(
        reason,
        format!("pod {}: container {container} {what}{said}; its logs say more: {logs}", name(pod)),
    )
}

/// The kubelet says no more than that it ends again and again.
fn looping(pod: &Pod, status: &ContainerStatus) -> Cause {
    let (name, container, logs) = (name(pod), &status.name, previous_logs(pod));
    Cause::new(
        reasons::CRASH_LOOP,
        format!("pod {name}: container {container} keeps ending; its logs say more: {logs}"),
    )
}

fn previous_logs(pod: &Pod) -> String {
    match pod.labels().get(labels::SERVICE) {
        Some(service) => format!("kubectl csop logs {service} --previous"),
        None => format!("kubectl logs {} --previous", name(pod)),
    }
}

fn oom(pod: &Pod, status: &ContainerStatus) -> Cause {
    // What is in force, which need not be what the template says.
    let limits = status.resources.as_ref().and_then(|resources| resources.limits.as_ref());
    let limit = limits.and_then(|limits| limits.get("memory")).map(|limit| format!(" of {}", limit.0));
    let (name, container, limit) = (name(pod), &status.name, limit.unwrap_or_default());
    Cause::new(
        reasons::OOM_KILLED,
        format!(
            "pod {name}: container {container} ran out of memory: it took more than its limit{limit}; raise spec.resources.limits.memory"
        ),
    )
}
