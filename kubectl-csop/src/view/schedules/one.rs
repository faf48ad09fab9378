//! One schedule.

use csop_shared::api::CashServiceScheduledScale;
use csop_shared::api::cash_service_scheduled_scale::{CashServiceScheduledScaleSpec, Phase};
use csop_shared::conditions::reasons;
use csop_shared::conditions::{Conditioned as _, find, types};
use csop_shared::schedule::{self, Calendar, Window};
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::core::error_boundary::InvalidObject;
use serde::Serialize;

/// Most windows of one schedule that are shown: one every quarter of an hour for a month.
const MOST_WINDOWS: usize = 3000;

/// A schedule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleView {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub target: Option<TargetView>,
    /// Fewest replicas in the active or the next window, as the operator says.
    pub floor: Option<i32>,
    /// What it asks for: `12`, `+20` or `+50%`.
    pub asks: String,
    /// Where it is between its windows.
    pub phase: String,
    /// Why, in a sentence.
    pub message: String,
    /// What keeps the floor down.
    pub limited: Option<String>,
    /// Its only start, or its cron.
    pub times: String,
    /// The zone on whose clocks its times are.
    pub time_zone: String,
    /// The window that is in force.
    pub active: Option<WindowView>,
    /// The next window.
    pub next: Option<WindowView>,
    /// The windows of the days that are shown, the past ones of these days included; none where no days are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<Vec<WindowView>>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

/// What a schedule is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetView {
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: String,
}

/// A window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowView {
    /// The start that the spec names.
    pub scheduled: Timestamp,
    /// When it begins, with the lead time.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

impl From<Window> for WindowView {
    fn from(window: Window) -> Self {
        Self { scheduled: window.scheduled, start: window.start, end: window.end }
    }
}

/// The view of a schedule, with its windows in this stretch of time.
pub fn of(
    schedule: &CashServiceScheduledScale,
    now: Timestamp,
    shown: Option<(Timestamp, Timestamp)>,
) -> ScheduleView {
    let (spec, status) = (&schedule.spec, schedule.status.as_ref());
    let conditions = status.map(|status| status.conditions()).unwrap_or_default();
    let calendar = Calendar::new(spec);
    let suspended = spec.suspend == Some(true);
    let mut phase = status.and_then(|status| status.phase).unwrap_or_default();
    let mut message = find(conditions, types::READY).map_or_else(
        || "no operator has reported on it yet".to_owned(),
        |condition| condition.message.clone(),
    );
    if let Err(problems) = &calendar {
        phase = Phase::Invalid;
        message = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    } else if suspended {
        phase = Phase::Suspended;
    }
    let is_kept = !matches!(phase, Phase::Invalid | Phase::Suspended);
    let kept = calendar.ok().filter(|_| is_kept);
    let lead = kept.as_ref().map_or(SignedDuration::ZERO, |calendar| schedule::lead(schedule, calendar));
    let limited = find(conditions, types::LIMITED).filter(|condition| condition.status == "True");
    ScheduleView {
        namespace: schedule.namespace().unwrap_or_default(),
        name: schedule.name_any(),
        target: spec
            .target()
            .map(|(kind, name)| TargetView { kind: kind.to_string(), name: name.to_owned() }),
        floor: status.and_then(|status| status.floor),
        asks: asks(spec),
        phase: phase.as_str().to_owned(),
        message,
        limited: limited.map(|condition| condition.message.clone()),
        times: spec.at.clone().or_else(|| spec.cron.clone()).unwrap_or_default(),
        time_zone: spec.time_zone.clone().unwrap_or_else(|| "UTC".to_owned()),
        active: kept.as_ref().and_then(|calendar| calendar.active(now, lead)).map(WindowView::from),
        next: kept.as_ref().and_then(|calendar| calendar.upcoming(now, lead).next()).map(WindowView::from),
        windows: shown.map(|days| kept.map(|calendar| within(&calendar, lead, days)).unwrap_or_default()),
        created_at: schedule.creation_timestamp().map(|time| time.0),
    }
}

/// The windows that reach into a stretch of time.
fn within(calendar: &Calendar, lead: SignedDuration, (from, to): (Timestamp, Timestamp)) -> Vec<WindowView> {
    let first = calendar.active(from, lead);
    let later = calendar.upcoming(from, lead).take_while(|window| window.start < to);
    first.into_iter().chain(later).take(MOST_WINDOWS).map(WindowView::from).collect()
}

/// What a schedule asks for.
fn asks(spec: &CashServiceScheduledScaleSpec) -> String {
    let add = spec.add_replicas.map(|add| format!("+{add}"));
    let percent = spec.add_percent.map(|percent| format!("+{percent}%"));
    spec.min_replicas.map(|min| min.to_string()).or(add).or(percent).unwrap_or_default()
}

/// One that is no schedule that this version knows.
pub(super) fn broken(broken: &InvalidObject) -> ScheduleView {
    ScheduleView {
        namespace: broken.metadata.namespace.clone().unwrap_or_default(),
        name: broken.metadata.name.clone().unwrap_or_default(),
        target: None,
        floor: None,
        asks: String::new(),
        phase: reasons::UNDECODABLE.to_owned(),
        message: broken.error.clone(),
        limited: None,
        times: String::new(),
        time_zone: String::new(),
        active: None,
        next: None,
        windows: Some(vec![]),
        created_at: broken.metadata.creation_timestamp.as_ref().map(|time| time.0),
    }
}

impl ScheduleView {
    /// The windows of the days that are shown.
    pub fn shown(&self) -> &[WindowView] {
        self.windows.as_deref().unwrap_or_default()
    }

    /// The floor, or what is asked for where that is not known yet.
    pub fn floor_text(&self) -> String {
        self.floor.map_or_else(|| self.asks.clone(), |floor| floor.to_string())
    }
}
