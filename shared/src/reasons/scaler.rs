//! How a scaler is.

use super::Explained;

/// The target follows the decisions.
pub const SCALING: &str = "Scaling";
/// Nothing has been measured yet.
pub const MEASURING: &str = "Measuring";
/// There is no target.
pub const TARGET_MISSING: &str = "TargetMissing";
/// Something else scales the target.
pub const TARGET_CONTESTED: &str = "TargetContested";
/// Somebody scaled the target to zero.
pub const MANUALLY_DISABLED: &str = "ManuallyDisabled";
/// The API server refuses another size.
pub const SCALE_REFUSED: &str = "ScaleRefused";
/// The expression of a cel policy gives no number.
pub const EXPRESSION_FAILS: &str = "ExpressionFails";
/// All metrics are fresh.
pub const ALL_FRESH: &str = "AllFresh";
/// A metric cannot be acted on.
pub const METRIC_MISSING: &str = "MetricsUnavailable";
/// More is wanted than maxReplicas.
pub const BY_MAX: &str = "ByMax";
/// Less is wanted than minReplicas.
pub const BY_MIN: &str = "ByMin";
/// More is wanted than the budget pays for.
pub const BY_BUDGET: &str = "ByBudget";
/// A step is cut by a rate.
pub const BY_RATE: &str = "ByRate";
/// Less is wanted than a schedule asks for.
pub const BY_SCHEDULE: &str = "BySchedule";
/// Demand is met.
pub const NOT_LIMITED: &str = "NotLimited";
/// The budget does not pay for minReplicas.
pub const BUDGET_TOO_SMALL: &str = "BudgetTooSmall";
/// The budget pays for minReplicas.
pub const BUDGET_SUFFICES: &str = "BudgetSuffices";
/// A metric does not fall although replicas have doubled.
pub const DOES_NOT_FALL: &str = "DoesNotFall";
/// All metrics behave as their modes say.
pub const PLAUSIBLE: &str = "Plausible";

/// What they mean.
pub const EXPLAINED: [Explained; 15] = [
    Explained {
        names: &[TARGET_MISSING],
        seen: &["Ready=False", "event"],
        meaning: "What a scaler or a schedule names does not exist in its namespace. Nothing is written until it does.",
        next: &[
            "Create the target that the message names, or correct `targetDeployment`, `targetRef` or `serviceRef`.",
        ],
    },
    Explained {
        names: &[TARGET_CONTESTED],
        seen: &["Ready=False"],
        meaning: "Something else scales the target: an autoscaler, an older scaler, or the CashService that it belongs to. Two \
                  would fight, so this one writes nothing. The condition `Conflict` says the same.",
        next: &["Decide who scales, and do what the message says."],
    },
    Explained {
        names: &[MANUALLY_DISABLED],
        seen: &["Ready=False", "event"],
        meaning: "Somebody scaled the target to 0 although minReplicas is higher. csop takes that for a wish and leaves it.",
        next: &[
            "Scale the target up again, `kubectl scale deployment NAME --replicas=1`, and csop goes on from there.",
            "To let csop scale to zero and back, set `minReplicas: 0`.",
        ],
    },
    Explained {
        names: &[SCALE_REFUSED],
        seen: &["Ready=False", "event"],
        meaning: "The API server refused the new number of replicas. The message has its own words.",
        next: &[
            "Have the quota, policy or permission changed that the message names; csop tries again at its next decision.",
        ],
    },
    Explained {
        names: &[EXPRESSION_FAILS],
        seen: &["Ready=False", "event"],
        meaning: "The expression of the cel policy gives no whole number. Until it does, what the metrics demand stands.",
        next: &["`kubectl csop scaler status NAME --explain` shows its inputs; correct the expression."],
    },
    Explained {
        names: &[METRIC_MISSING],
        seen: &["MetricsAvailable=False", "event"],
        meaning: "A metric has no value that can be acted on: its source is away, refuses, or answers something else. The \
                  message has the source's own words. Nothing scales down because of it, unless `fallback` asks for that.",
        next: &[
            "`kubectl csop scaler status NAME` shows each metric with its state and age.",
            "Mend what the message says: the address, the query, the Secret, the server.",
            "If an empty answer means that there is no work, set `onEmpty: Zero`.",
        ],
    },
    Explained {
        names: &[BY_MAX],
        seen: &["Limited=True"],
        meaning: "The metrics want more replicas than maxReplicas.",
        next: &["Raise `maxReplicas` if the service needs it, or leave it as the ceiling that it is."],
    },
    Explained {
        names: &[BY_BUDGET],
        seen: &["Limited=True"],
        meaning: "The metrics want more replicas than the budget of the cost policy pays for; or the price of a pod has been \
                  unknown for an hour, and nothing grows until it is back.",
        next: &[
            "Raise the budget, or leave it. `kubectl csop scaler status NAME` shows how the cap comes about.",
        ],
    },
    Explained {
        names: &[BY_RATE],
        seen: &["Limited=True"],
        meaning: "A step was cut by `maxScaleUpRate`, `maxScaleDownRate` or `behavior`. The rest follows after the cooldown.",
        next: &[],
    },
    Explained {
        names: &[BY_SCHEDULE, BY_MIN],
        seen: &["Limited=True"],
        meaning: "The metrics want fewer replicas than a schedule or minReplicas asks for.",
        next: &[],
    },
    Explained {
        names: &[BUDGET_TOO_SMALL],
        seen: &["BudgetBelowMin=True"],
        meaning: "The budget does not even pay for minReplicas. Those stand: a budget never takes a service away.",
        next: &["Raise the budget, or lower `minReplicas`."],
    },
    Explained {
        names: &[DOES_NOT_FALL],
        seen: &["SuspiciousMetric=True"],
        meaning: "A metric of mode Ratio, a level that each replica feels, has not fallen although the replicas have doubled. Most \
                  likely it is a total.",
        next: &[
            "If it counts work as a whole, set `mode: PerReplica` and `targetValue` to what one replica can take.",
        ],
    },
    Explained {
        names: &[MEASURING],
        seen: &["Ready=Unknown"],
        meaning: "The scaler is new, and its metrics are read for the first time.",
        next: &["Wait a few seconds. If it lasts, `kubectl csop check` tells whether an operator runs."],
    },
    Explained {
        names: &[SCALING],
        seen: &["Ready=True"],
        meaning: "The target exists, nothing else scales it, and decisions are carried out.",
        next: &[],
    },
    Explained {
        names: &[ALL_FRESH, NOT_LIMITED, BUDGET_SUFFICES, PLAUSIBLE],
        seen: &["MetricsAvailable=True", "Limited=False", "BudgetBelowMin=False", "SuspiciousMetric=False"],
        meaning: "All is as it should be.",
        next: &[],
    },
];
