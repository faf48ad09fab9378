//! What stands for a reason where no condition can tell.

use super::Explained;

/// No operator has reported on the object yet.
pub const PENDING: &str = "Pending";
/// The operator has not acted on the newest edit yet.
pub const OUTDATED: &str = "Outdated";
/// The object is being deleted.
pub const TERMINATING: &str = "Terminating";

/// What they mean.
pub const EXPLAINED: [Explained; 3] = [
    Explained {
        names: &[PENDING],
        seen: &["status"],
        meaning: "No operator has reported on the service yet. That takes a second or two.",
        next: &[
            "If it lasts, `kubectl csop check` tells whether an operator runs, and whether it serves this namespace.",
        ],
    },
    Explained {
        names: &[OUTDATED],
        seen: &["status"],
        meaning: "The service was edited, and the operator has not answered yet: its conditions are those of before.",
        next: &["Wait: `kubectl csop wait NAME`. If it lasts: `kubectl csop check`."],
    },
    Explained {
        names: &[TERMINATING],
        seen: &["status"],
        meaning: "The service was deleted, and something holds it: with `--cascade=foreground` its objects, else a finalizer \
                  that somebody has put on it. csop puts none there.",
        next: &[
            "Wait: `kubectl csop wait NAME --for deleted` says what holds it.",
            "`kubectl get csvc NAME -o jsonpath='{.metadata.finalizers}'` names the finalizers alone.",
        ],
    },
];
