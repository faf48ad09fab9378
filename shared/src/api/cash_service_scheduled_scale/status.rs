//! What csop reports of a schedule, and what must be found again after a restart.

use crate::conditions::Conditioned;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most windows to come that a status shows.
pub const OCCURRENCES_SHOWN: usize = 5;
/// Most windows of the past that a status shows.
pub const HISTORY_KEPT: usize = 10;

/// The observed state of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct CashServiceScheduledScaleStatus {
    /// The generation of the spec that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Limited, Paused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Where the schedule is between its windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// What gets the capacity, such as `CashService/shop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Fewest replicas in the active window, or else in the next one as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<i32>,
    /// When the next window begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_time: Option<Time>,
    /// The window that is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<ActiveWindow>,
    /// The next windows, at most five.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub occurrences: Vec<ScheduledWindow>,
    /// What the target has in force, such as `min 12, max 30`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// leadTime auto: seconds by which the next window begins before its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_seconds: Option<i64>,
    /// Until when all windows have been dealt with; one that began and ended since was missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handled_until: Option<Time>,
    /// The last windows, the newest at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub history: Vec<HistoryEntry>,
}

/// Pending: the next window is to come. Active: one is in force. Completed: the last one is over. Missed: csop was away for the
/// whole of the only window. Suspended: by spec.suspend. Invalid: the condition Ready says why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    /// The next window is to come.
    #[default]
    Pending,
    /// A window is in force.
    Active,
    /// The last window is over.
    Completed,
    /// The only window passed without csop.
    Missed,
    /// By spec.suspend.
    Suspended,
    /// It cannot be kept.
    Invalid,
}

impl Phase {
    /// The value as the API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Active => "Active",
            Self::Completed => "Completed",
            Self::Missed => "Missed",
            Self::Suspended => "Suspended",
            Self::Invalid => "Invalid",
        }
    }
}

/// A window to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledWindow {
    /// When it begins, with the lead time.
    pub start: Time,
    /// When it ends.
    pub end: Time,
}

/// A window that is in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActiveWindow {
    /// The start that the spec names.
    pub scheduled_time: Time,
    /// When it began by the spec: scheduledTime less the lead time.
    pub start: Time,
    /// When it ends.
    pub end: Time,
    /// base CurrentAtStart: the replicas when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_replicas: Option<i32>,
}

/// A window of the past, or the one that is in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The start that the spec named.
    pub scheduled_time: Time,
    /// When csop acted on it; absent when it was missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_time: Option<Time>,
    /// Its end.
    pub end: Time,
    /// Fewest replicas that it asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<i32>,
    /// base CurrentAtStart: the replicas when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_replicas: Option<i32>,
    /// What became of it.
    pub outcome: HistoryOutcome,
}

/// Applied: at its start. LateStart: csop was away at its start. Missed: csop was away for the whole of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum HistoryOutcome {
    /// At its start.
    #[default]
    Applied,
    /// Later than at its start.
    LateStart,
    /// Not at all.
    Missed,
}

impl Conditioned for CashServiceScheduledScaleStatus {
    fn common(&self) -> (&Vec<Condition>, &Option<i64>) {
        (&self.conditions, &self.observed_generation)
    }

    fn common_mut(&mut self) -> (&mut Vec<Condition>, &mut Option<i64>) {
        (&mut self.conditions, &mut self.observed_generation)
    }
}
