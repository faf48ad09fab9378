//! What a pod is doing, in a few words.

use super::tree::Health;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

/// The state of a pod as kubectl's STATUS column would put it, and whether that is good.
pub fn state(pod: &Pod) -> (String, Health) {
    let status = pod.status.clone().unwrap_or_default();
    let containers = status.container_statuses.unwrap_or_default();
    let phase = status.phase.unwrap_or_else(|| "Unknown".to_owned());
    if pod.metadata.deletion_timestamp.is_some() {
        return ("Terminating".to_owned(), Health::Waiting);
    }
    let condition = |kind: &str| status.conditions.iter().flatten().find(|condition| condition.type_ == kind);
    let ready = condition("Ready").is_some_and(|condition| condition.status == "True");
    let restarts: i32 = containers.iter().map(|container| container.restart_count).sum();
    let (text, health) = if let Some(reason) =
        first_reason(&containers, &status.init_container_statuses.unwrap_or_default())
    {
        let busy = matches!(reason.as_str(), "ContainerCreating" | "PodInitializing" | "Completed");
        (reason, if busy { Health::Waiting } else { Health::Failed })
    } else if let Some(reason) = status.reason {
        (reason, Health::Failed)
    } else if phase == "Running" {
        if ready {
            ("Running, ready".to_owned(), Health::Good)
        } else {
            ("Running, not ready".to_owned(), Health::Waiting)
        }
    } else if let Some(unplaced) = condition("PodScheduled").filter(|condition| condition.status == "False") {
        (unplaced.reason.clone().unwrap_or_else(|| "Unscheduled".to_owned()), Health::Failed)
    } else {
        let health = if phase == "Failed" { Health::Failed } else { Health::Waiting };
        (phase, health)
    };
    match restarts {
        0 => (text, health),
        1 => (format!("{text}, 1 restart"), health),
        many => (format!("{text}, {many} restarts"), health),
    }
}

/// Why the first container that does not run, does not.
fn first_reason(containers: &[ContainerStatus], init: &[ContainerStatus]) -> Option<String> {
    let unfinished = init.iter().filter(|container| {
        let ended = container.state.as_ref().and_then(|state| state.terminated.as_ref());
        ended.is_none_or(|ended| ended.exit_code != 0)
    });
    unfinished.chain(containers).find_map(|container| {
        let state = container.state.as_ref()?;
        match (&state.waiting, &state.terminated) {
            (Some(waiting), _) => waiting.reason.clone(),
            (None, Some(ended)) => {
                Some(ended.reason.clone().unwrap_or_else(|| format!("exit code {}", ended.exit_code)))
            }
            (None, None) => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(status: Value) -> (String, Health) {
        state(&serde_json::from_value(json!({"metadata": {"name": "p"}, "status": status})).unwrap())
    }

    fn container(state: Value, restarts: i32) -> Value {
        json!({"name": "app", "image": "i", "imageID": "", "ready": false, "restartCount": restarts, "state": state})
    }

    #[test]
    fn states_are_told_in_a_few_words() {
        let ready = |status: &str| json!([{"type": "Ready", "status": status}]);
        let waiting = |reason: &str| json!({"waiting": {"reason": reason}});
        for (status, text, health) in [
            (json!({"phase": "Running", "conditions": ready("True")}), "Running, ready", Health::Good),
            (
                json!({"phase": "Running", "conditions": ready("False")}),
                "Running, not ready",
                Health::Waiting,
            ),
            (
                json!({"phase": "Pending", "containerStatuses": [container(waiting("ImagePullBackOff"), 0)]}),
                "ImagePullBackOff",
                Health::Failed,
            ),
            (
                json!({"phase": "Running", "containerStatuses": [container(waiting("CrashLoopBackOff"), 3)]}),
                "CrashLoopBackOff, 3 restarts",
                Health::Failed,
            ),
            (
                json!({"phase": "Pending", "containerStatuses": [container(waiting("ContainerCreating"), 0)]}),
                "ContainerCreating",
                Health::Waiting,
            ),
            (
                json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]}),
                "Unschedulable",
                Health::Failed,
            ),
            (json!({"phase": "Pending"}), "Pending", Health::Waiting),
            (json!({"phase": "Failed", "reason": "Evicted"}), "Evicted", Health::Failed),
            (json!({}), "Unknown", Health::Waiting),
        ] {
            assert_eq!(of(status), (text.to_owned(), health));
        }
    }
}
