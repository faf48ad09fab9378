//! `CashServiceScheduledScale`: a floor of capacity in windows of time.

mod rules;
mod status;
mod target;

pub use status::{
    ActiveWindow, CashServiceScheduledScaleStatus, HISTORY_KEPT, HistoryEntry, HistoryOutcome,
    OCCURRENCES_SHOWN, Phase, ScheduledWindow,
};
pub use target::{ScheduleTargetKind, ScheduleTargetRef, ServiceRef};

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When how much capacity is added, and to what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "csop.dev",
    version = "v1alpha1",
    kind = "CashServiceScheduledScale",
    namespaced,
    shortname = "css",
    category = "csop",
    status = "CashServiceScheduledScaleStatus",
    derive = "PartialEq",
    doc = "Keeps at least so many replicas of a service, or of the target of a GeneralScaler, in windows of time: once or repeatedly. It never takes away what demand asks for. It is Ready when its windows can be kept.",
    printcolumn(
        name = "Target",
        type_ = "string",
        json_path = ".status.target",
        description = "What gets the capacity"
    ),
    printcolumn(
        name = "Floor",
        type_ = "integer",
        json_path = ".status.floor",
        description = "Fewest replicas in the active or the next window"
    ),
    printcolumn(
        name = "Phase",
        type_ = "string",
        json_path = ".status.phase",
        description = "Pending, Active, Completed, Missed, Suspended or Invalid"
    ),
    printcolumn(
        name = "Next",
        type_ = "string",
        json_path = ".status.nextTime",
        description = "When the next window begins"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("has(self.spec.serviceRef) != has(self.spec.targetRef)").message("a schedule has exactly one of serviceRef and targetRef"),
)]
#[cfg_attr(feature = "cel", kube(cel))]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.at) != has(self.cron)").message("a schedule has exactly one of at (once) and cron (again and again)"),
    validation = Rule::new("has(self.duration) != has(self.until)").message("a schedule has exactly one of duration and until: how long its window is, or when it ends"),
    validation = Rule::new("!has(self.until) || has(self.at)").message("until belongs to at; a cron has a duration"),
    validation = Rule::new("!has(self.excludeDates) || self.excludeDates.size() == 0 || has(self.cron)").message("excludeDates belongs to cron"),
    validation = Rule::new(rules::UNTIL_AFTER_AT).message("until must be later than at"),
    validation = Rule::new("[has(self.minReplicas), has(self.addReplicas), has(self.addPercent)].filter(h, h).size() == 1").message("a schedule has exactly one of minReplicas, addReplicas and addPercent"),
    validation = Rule::new("!has(self.base) || !has(self.minReplicas)").message("base belongs to addReplicas and addPercent: minReplicas is added to nothing"),
    validation = Rule::new("!has(self.leadTime) || self.leadTime != 'auto' || !has(self.base) || self.base != 'CurrentAtStart'").message("leadTime auto cannot be had with base CurrentAtStart: how long the way is, is not known before it begins"),
)]
pub struct CashServiceScheduledScaleSpec {
    /// The CashService that gets the capacity, in the same namespace. Exactly one of serviceRef and targetRef.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_ref: Option<ServiceRef>,
    /// Something else that gets it, in the same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<ScheduleTargetRef>,
    /// The start of the only window: a date and time on the clocks of timeZone, such as `2026-11-27 06:00`, or with its offset, such
    /// as `2026-11-27T06:00:00Z`. Exactly one of at and cron.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 16, max = 35))]
    #[x_kube(
        validation = Rule::new(rules::INSTANT).message(rules::INSTANT_SAYS),
        validation = Rule::new(rules::REAL_DATE).message(rules::REAL_DATE_SAYS),
    )]
    pub at: Option<String>,
    /// The starts of windows again and again: minute, hour, day of the month, month and day of the week, on the clocks of timeZone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 9, max = 256))]
    #[x_kube(
        validation = Rule::new(rules::CRON_FIELDS).message("cron has five fields: minute, hour, day of the month, month, day of the week, such as 0 9 * * MON-FRI"),
        validation = Rule::new(rules::CRON_MINUTE).message("the first field of cron is the minute: 0 to 59, as in 0, 0,30, 10-20 or */15"),
        validation = Rule::new(rules::CRON_HOUR).message("the second field of cron is the hour: 0 to 23, as in 9, 9,17, 9-17 or */2"),
        validation = Rule::new(rules::CRON_DAY).message("the third field of cron is the day of the month: 1 to 31, as in 1, 1,15 or */2, L for the last one, or 15W for the weekday that is nearest to the 15th"),
        validation = Rule::new(rules::CRON_MONTH).message("the fourth field of cron is the month: 1 to 12 or JAN to DEC"),
        validation = Rule::new(rules::CRON_WEEKDAY).message("the fifth field of cron is the day of the week: 0 to 7 or SUN to SAT (0 and 7 are Sunday), as in MON-FRI, 5L for the last Friday of the month, or 1#2 for its second Monday"),
        validation = Rule::new(rules::CRON_COMES).message("no year has a day that this cron names, such as 30 February"),
    )]
    pub cron: Option<String>,
    /// The clocks that at, until, cron and excludeDates are read from: a name of the time zone database, such as
    /// America/New_York. Default: UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub time_zone: Option<String>,
    /// How long a window is, such as `4h`, `90m` or `1h30m`; up to 31 days. Exactly one of duration and until.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = Rule::new(rules::DURATION).message(rules::DURATION_SAYS))]
    pub duration: Option<String>,
    /// The end of the only window, written as at is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 16, max = 35))]
    #[x_kube(
        validation = Rule::new(rules::INSTANT).message(rules::INSTANT_SAYS),
        validation = Rule::new(rules::REAL_DATE).message(rules::REAL_DATE_SAYS),
    )]
    pub until: Option<String>,
    /// How much earlier than its start a window begins, such as `10m`; up to a day. auto, where a GeneralScaler acts: so much that
    /// the last pod is ready at the start. Default: 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = Rule::new(rules::LEAD_TIME).message(rules::LEAD_TIME_SAYS))]
    pub lead_time: Option<String>,
    /// Fewest replicas in a window. Exactly one of minReplicas, addReplicas and addPercent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100000))]
    pub min_replicas: Option<i32>,
    /// So many more than base in a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100000))]
    pub add_replicas: Option<i32>,
    /// So many percent of base more in a window, rounded up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10000))]
    pub add_percent: Option<i32>,
    /// What addReplicas and addPercent add to. Default: Min.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<FloorBase>,
    /// Whether the floor may exceed the target's maxReplicas. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raise_max: Option<bool>,
    /// With cron: dates in timeZone on which no window starts, such as `2026-12-25`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 366), inner(length(min = 10, max = 10)))]
    #[schemars(extend("x-kubernetes-list-type" = "set"))]
    #[x_kube(validation = Rule::new(rules::DATES).message("excludeDates are dates that exist, such as 2026-12-25"))]
    pub exclude_dates: Vec<String>,
    /// Whether the windows are left out; an active one ends. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// Where a GeneralScaler acts: whether the floor is climbed by its ordinary steps. Default: false, which is at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respect_rate_limit: Option<bool>,
}

/// Min (default): the target's minReplicas. CurrentAtStart: its replicas when the window begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FloorBase {
    /// The target's minReplicas.
    #[default]
    Min,
    /// Its replicas when the window begins.
    CurrentAtStart,
}

impl CashServiceScheduledScaleSpec {
    /// What gets the capacity. Nothing for a spec that names nothing, which is refused.
    pub fn target(&self) -> Option<(ScheduleTargetKind, &str)> {
        let service = self.service_ref.as_ref().map(|r| (ScheduleTargetKind::CashService, r.name.as_str()));
        service.or_else(|| self.target_ref.as_ref().map(|r| (r.kind, r.name.as_str())))
    }

    /// Whether `leadTime` is `auto`.
    pub fn leads_by_itself(&self) -> bool {
        self.lead_time.as_deref() == Some(AUTO)
    }

    /// Whether the floor adds to the replicas that there are when a window begins.
    pub fn adds_to_current(&self) -> bool {
        self.base == Some(FloorBase::CurrentAtStart)
    }
}

/// The `leadTime` that is measured.
pub const AUTO: &str = "auto";
