//! What to do about a reason, where the operator's message does not say it.

use csop_shared::conditions::reasons;
use csop_shared::health::reasons as health;
use csop_shared::reasons::untold;

/// Reasons that do not mend themselves: somebody has to change something.
const LASTING: [&str; 13] = [
    health::CONFIG_ERROR,
    health::CRASH_LOOP,
    health::OOM_KILLED,
    health::REPLICA_FAILURE,
    health::STUCK,
    "CreateContainerError",
    "RunContainerError",
    reasons::REJECTED,
    reasons::DENIED,
    reasons::INVALID,
    reasons::UNDECODABLE,
    reasons::NAME_TAKEN,
    "Conflict",
];

/// What to do when the API server refuses objects.
const REFUSED: &str = "change the spec as the message says, or have the quota or policy changed";

/// Whether waiting alone will not help.
pub fn is_lasting(reason: &str) -> bool {
    // The kubelet's reasons for images it cannot have: ErrImagePull, ImagePullBackOff, InvalidImageName, ...
    LASTING.contains(&reason) || reason.contains("Image")
}

/// What an owner may try next; empty when there is nothing better than the message itself.
pub fn next_step(reason: &str, message: &str, namespace: &str, name: &str) -> String {
    match reason {
        health::UNSCHEDULABLE => room(message),
        reasons::NAME_TAKEN | "Conflict" => {
            "delete or rename the object that is named there, or choose another name".to_owned()
        }
        reasons::FOREIGN_AUTOSCALER => {
            "delete the other autoscaler, or set spec.autoscaling.mode to External".to_owned()
        }
        reasons::DISPUTED => format!("see who it is: kubectl csop events {name} -n {namespace}"),
        reasons::REJECTED => REFUSED.to_owned(),
        health::REPLICA_FAILURE => {
            format!("{REFUSED} and then, to save minutes: kubectl csop restart {name} -n {namespace}")
        }
        reasons::INVALID | reasons::UNDECODABLE => {
            format!("mend the spec: kubectl edit csvc -n {namespace} {name}")
        }
        reasons::DENIED => "the operator lacks a permission: tell whoever runs it".to_owned(),
        untold::PENDING | reasons::TRANSIENT => "is the operator running? kubectl csop check".to_owned(),
        "Paused" => format!("resume it: kubectl csop resume {name} -n {namespace}"),
        _ => String::new(),
    }
}

/// What may help a pod that fits on no node, by the scheduler's words.
fn room(said: &str) -> String {
    let cordoned = said.contains("were unschedulable");
    let short = said.contains("Insufficient ") || said.contains("Too many pods");
    let size = "ask for less (spec.resources), or for more nodes";
    let closed = "a node is cordoned, and takes no new pods: kubectl get nodes";
    match (cordoned, short) {
        (true, true) => format!("{size}; {closed}"),
        (true, false) => closed.to_owned(),
        (false, _) => size.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_that_is_mended_need_not_be_waited_for() {
        let step = next_step(health::REPLICA_FAILURE, "exceeded quota", "pay", "shop");
        assert!(step.starts_with(REFUSED) && step.ends_with(": kubectl csop restart shop -n pay"), "{step}");
    }

    #[test]
    fn a_cordoned_node_is_no_matter_of_size() {
        let size = "ask for less (spec.resources), or for more nodes";
        let closed = "a node is cordoned, and takes no new pods: kubectl get nodes";
        for (said, step) in [
            ("0/1 nodes are available: 1 Insufficient cpu.", size.to_owned()),
            ("0/1 nodes are available: 1 node(s) were unschedulable.", closed.to_owned()),
            (
                "0/2 nodes are available: 1 Insufficient memory, 1 node(s) were unschedulable.",
                format!("{size}; {closed}"),
            ),
            (
                "0/2 nodes are available: 1 Too many pods, 1 node(s) were unschedulable.",
                format!("{size}; {closed}"),
            ),
        ] {
            let message = format!("pod shop-1 fits on no node: {said}");
            assert_eq!(next_step(health::UNSCHEDULABLE, &message, "pay", "shop"), step);
        }
    }
}
