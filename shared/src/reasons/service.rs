//! How far a service is.

use super::Explained;

/// The wanted revision serves at its wanted size.
pub const READY: &str = "Ready";
/// The first pods are on their way.
pub const STARTING: &str = "Starting";
/// A new revision replaces the old one.
pub const ROLLING_OUT: &str = "RollingOut";
/// Pods are missing, and nothing says yet why.
pub const PODS_MISSING: &str = "PodsMissing";
/// A Secret that the spec names does not exist.
pub const SECRET_MISSING: &str = "SecretMissing";
/// Nothing changes.
pub const STEADY: &str = "Steady";
/// Enough pods serve.
pub const ENOUGH: &str = "EnoughPods";
/// Fewer pods serve than may be missing.
pub const TOO_FEW: &str = "TooFewPods";

/// What they mean.
pub const EXPLAINED: [Explained; 8] = [
    Explained {
        names: &[SECRET_MISSING],
        seen: &["Ready=False", "event"],
        meaning: "The spec names a Secret that is not there, and pods cannot start without it.",
        next: &[
            "Create the Secret that the message names, or take it out of the spec; csop sees either at once.",
            "`kubectl csop status NAME` tells which it is; `kubectl get secrets` lists those that are there.",
        ],
    },
    Explained {
        names: &[STARTING],
        seen: &["Ready=False", "Progressing=True"],
        meaning: "The first pods are on their way.",
        next: &["Wait: `kubectl csop wait NAME`. If it lasts, a cause takes its place."],
    },
    Explained {
        names: &[ROLLING_OUT],
        seen: &["Ready=False", "Progressing=True"],
        meaning: "New pods replace the old ones, which serve until then.",
        next: &["Watch it: `kubectl csop status NAME -w`. If it stops, a cause takes its place."],
    },
    Explained {
        names: &[PODS_MISSING],
        seen: &["Ready=False", "Progressing=True"],
        meaning: "Pods went away, with a node for example, and are being replaced, or they do not answer their first probe yet.",
        next: &[
            "Wait: `kubectl csop wait NAME`. `kubectl csop status NAME` tells of a probe that fails, `kubectl csop events NAME` \
             where pods went.",
        ],
    },
    Explained {
        names: &[READY],
        seen: &["Ready=True", "event"],
        meaning: "The wanted revision serves at its wanted size.",
        next: &[],
    },
    Explained { names: &[STEADY], seen: &["Progressing=False"], meaning: "Nothing changes.", next: &[] },
    Explained { names: &[ENOUGH], seen: &["Available=True"], meaning: "Enough pods serve.", next: &[] },
    Explained {
        names: &[TOO_FEW],
        seen: &["Available=False"],
        meaning: "More pods are missing than the rollout allows.",
        next: &["`Ready` has the cause: `kubectl csop status NAME`."],
    },
];
