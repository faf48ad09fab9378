//! How a schedule is.

use super::Explained;

/// A window is to come.
pub const SCHEDULED: &str = "Scheduled";
/// A window is in force.
pub const IN_FORCE: &str = "InForce";
/// The last window is over.
pub const OVER: &str = "Over";
/// spec.suspend.
pub const SUSPENDED: &str = "Suspended";
/// A window began and ended without csop.
pub const MISSED: &str = "WindowMissed";
/// A time, date, zone or cron is none.
pub const INVALID_TIME: &str = "InvalidTime";
/// The only window was over before the schedule was made or changed.
pub const IN_THE_PAST: &str = "InThePast";
/// Event: a window has begun.
pub const WINDOW_STARTED: &str = "WindowStarted";
/// Event: a window has ended.
pub const WINDOW_ENDED: &str = "WindowEnded";
/// Event: a window was begun late.
pub const LATE_START: &str = "LateStart";
/// The target does not exist.
pub const TARGET_MISSING: &str = super::scaler::TARGET_MISSING;
/// The target is paused.
pub const TARGET_PAUSED: &str = "TargetPaused";
/// Something else scales the target.
pub const TARGET_CONTESTED: &str = super::scaler::TARGET_CONTESTED;
/// The target's size is decided by somebody else.
pub const NOT_SCALED_BY_CSOP: &str = "NotScaledByCsop";
/// A field is for targets of a GeneralScaler.
pub const NEEDS_SCALER: &str = "NeedsScaler";
/// The target's kind does not exist yet.
pub const NOT_INSTALLED: &str = "KindNotInstalled";
/// The floor is above maxReplicas.
pub const BY_MAX: &str = super::scaler::BY_MAX;
/// The floor is above what the budget pays for.
pub const BY_BUDGET: &str = super::scaler::BY_BUDGET;
/// The namespace's quota has no room for the floor.
pub const BY_QUOTA: &str = "ByQuota";
/// Nothing limits the floor.
pub const NOT_LIMITED: &str = super::scaler::NOT_LIMITED;

/// What they mean.
pub const EXPLAINED: [Explained; 12] = [
    Explained {
        names: &[TARGET_PAUSED],
        seen: &["Ready=False"],
        meaning: "A window is in force, but its target is paused, so nothing is scaled for it.",
        next: &["`kubectl csop resume NAME` lets csop act again; what is left of the window is kept then."],
    },
    Explained {
        names: &[SCHEDULED, IN_FORCE, OVER],
        seen: &["Ready=True"],
        meaning: "All is well: a window is to come, one is in force, or the last one is over.",
        next: &[],
    },
    Explained {
        names: &[SUSPENDED],
        seen: &["Ready=False"],
        meaning: "`suspend: true` keeps the windows of the schedule from being kept; one that was in force has ended.",
        next: &["Set `suspend: false` to have them again."],
    },
    Explained {
        names: &[WINDOW_STARTED, WINDOW_ENDED],
        seen: &["event"],
        meaning: "A window of a schedule began or ended; the text names its floor and its times.",
        next: &[],
    },
    Explained {
        names: &[LATE_START],
        seen: &["event"],
        meaning: "csop came back in the middle of a window, or was given the schedule then, and began it late. The text says how late.",
        next: &["Ask the administrator why the operator was away: `kubectl csop check` shows how it is."],
    },
    Explained {
        names: &[INVALID_TIME],
        seen: &["Ready=False", "event"],
        meaning: "A time, date, time zone or cron of the schedule is none, or never comes. The message names the field and the part. \
                  No window is kept.",
        next: &["Correct the field; `kubectl csop scale schedule` says the same before anything is created."],
    },
    Explained {
        names: &[IN_THE_PAST],
        seen: &["Ready=False", "event"],
        meaning: "The only window of the schedule was over when the schedule was made or changed.",
        next: &[
            "Check the date, and the zone that it is read in.",
            "Delete the schedule if it is not needed any more.",
        ],
    },
    Explained {
        names: &[MISSED],
        seen: &["Ready=False", "event"],
        meaning: "csop was not running from the beginning to the end of a window, so nothing was scaled for it. The next window, if \
                  there is one, is kept.",
        next: &["Ask the administrator why the operator was away: `kubectl csop check` shows how it is."],
    },
    Explained {
        names: &[BY_QUOTA],
        seen: &["Limited=True"],
        meaning: "A quota of the namespace has no room for all pods of the floor, as far as it is used now. The pods that fit are made.",
        next: &["Ask the administrator for a larger quota, or ask the schedule for less."],
    },
    Explained {
        names: &[NOT_SCALED_BY_CSOP],
        seen: &["Ready=False", "event"],
        meaning: "The service has `autoscaling.mode: External`, so csop never writes its number of replicas, for a schedule neither.",
        next: &[
            "If a GeneralScaler scales it, name that one: `targetRef: {kind: GeneralScaler, name: NAME}`.",
            "Otherwise give the service another mode.",
        ],
    },
    Explained {
        names: &[NEEDS_SCALER],
        seen: &["Ready=False", "event"],
        meaning: "`leadTime: auto` and `respectRateLimit` need csop's own scaler, which knows how fast it may go; the service has \
                  another mode.",
        next: &[
            "Leave the field out, give a `leadTime` of your own, or set `autoscaling.mode: GeneralScaler` on the service.",
        ],
    },
    Explained {
        names: &[NOT_INSTALLED],
        seen: &["Ready=False", "event"],
        meaning: "The target is of a kind that this version of csop does not have.",
        next: &["Name a CashService or a GeneralScaler."],
    },
];
