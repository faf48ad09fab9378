//! Reasons of events that no condition gives.

use super::Explained;

/// A new revision replaces the old one.
pub const ROLLOUT_STARTED: &str = "RolloutStarted";
/// Somebody had set fields of an object of ours; they are as they were, or gone.
pub const FOREIGN_FIELDS_REMOVED: &str = "ForeignFieldsRemoved";

/// A scaler has changed the size of its target.
pub const SCALED: &str = "Scaled";

/// What they mean.
pub const EXPLAINED: [Explained; 3] = [
    Explained {
        names: &[SCALED],
        seen: &["event"],
        meaning: "A GeneralScaler changed the number of replicas of its target; the text names both numbers and the cause.",
        next: &["`kubectl csop scaler history NAME` lists the last changes."],
    },
    Explained {
        names: &[ROLLOUT_STARTED],
        seen: &["event"],
        meaning: "A new revision replaces the old one; the text names both, and the image.",
        next: &["`kubectl csop history NAME` tells why, `kubectl csop undo NAME` takes it back."],
    },
    Explained {
        names: &[FOREIGN_FIELDS_REMOVED],
        seen: &["event"],
        meaning: "Somebody set fields of an object that csop manages. csop restored its own and removed the others. The text \
                  names the field manager and the fields.",
        next: &[
            "Ask for what is needed in the CashService instead; `kubectl csop render NAME` shows what comes of it.",
            "For an experiment hold csop still first: `kubectl csop pause NAME`.",
            "If it is a tool of the cluster, the administrator can [allow it](install.md#settings).",
        ],
    },
];
