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

/// Whether waiting alone will not help.
pub fn is_lasting(reason: &str) -> bool {
    // The kubelet's reasons for images it cannot have: ErrImagePull, ImagePullBackOff, InvalidImageName, ...
    LASTING.contains(&reason) || reason.contains("Image")
}

/// What an owner may try next; empty when there is nothing better than the message itself.
pub fn next_step(reason: &str, namespace: &str, name: &str) -> String {
    match reason {
        health::UNSCHEDULABLE => "ask for less (spec.resources), or for more nodes".to_owned(),
        reasons::NAME_TAKEN | "Conflict" => {
            "delete or rename the object that is named there, or choose another name".to_owned()
        }
        reasons::FOREIGN_AUTOSCALER => {
            "delete the other autoscaler, or set spec.autoscaling.mode to External".to_owned()
        }
        reasons::DISPUTED => format!("see who it is: kubectl csop events {name} -n {namespace}"),
        reasons::REJECTED | health::REPLICA_FAILURE => {
            "change the spec as the message says, or have the quota or policy changed".to_owned()
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
