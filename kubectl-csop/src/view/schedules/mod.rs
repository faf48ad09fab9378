//! Schedules, and their windows in a stretch of days.

mod one;

pub use one::{ScheduleView, TargetView, WindowView, of};

use csop_shared::api::cash_service_scheduled_scale::ScheduleTargetKind;

use super::SCHEMA_VERSION;
use csop_shared::api::CashServiceScheduledScale;
use jiff::Timestamp;
use kube::core::DeserializeGuard;
use serde::Serialize;

/// All schedules.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SchedulesView {
    schema_version: u32,
    kind: &'static str,
    /// When they were read.
    pub as_of: Timestamp,
    /// The name of the zone whose days are shown.
    pub time_zone: String,
    /// The beginning of the days that are shown.
    pub from: Timestamp,
    /// Their end.
    pub to: Timestamp,
    /// One each, by namespace and name.
    pub items: Vec<ScheduleView>,
}

/// A stretch of days on the clocks of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Days {
    /// Now.
    pub now: Timestamp,
    /// The zone's name.
    pub time_zone: String,
    /// The beginning of the first day.
    pub from: Timestamp,
    /// The end of the last day.
    pub to: Timestamp,
}

/// The view of schedules; those that cannot be read as such are in it too.
pub fn view(
    schedules: impl IntoIterator<Item = DeserializeGuard<CashServiceScheduledScale>>,
    days: &Days,
) -> SchedulesView {
    let rows = schedules.into_iter().map(|guarded| match guarded.0 {
        Ok(schedule) => of(&schedule, days.now, Some((days.from, days.to))),
        Err(broken) => one::broken(&broken),
    });
    let mut items: Vec<_> = rows.collect();
    items.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    SchedulesView {
        schema_version: SCHEMA_VERSION,
        kind: "Schedules",
        as_of: days.now,
        time_zone: days.time_zone.clone(),
        from: days.from,
        to: days.to,
        items,
    }
}

/// The schedules in force or to come of the targets that `concerns` accepts, those that begin first at the beginning.
pub fn concerning(
    schedules: &[CashServiceScheduledScale],
    now: Option<Timestamp>,
    concerns: impl Fn(ScheduleTargetKind, &str) -> bool,
) -> Vec<ScheduleView> {
    let Some(now) = now else { return vec![] };
    let own = schedules
        .iter()
        .filter(|schedule| schedule.spec.target().is_some_and(|(kind, name)| concerns(kind, name)));
    let mut views: Vec<_> = own.map(|schedule| of(schedule, now, None)).collect();
    views.retain(|view| view.active.is_some() || view.next.is_some());
    views.sort_by_key(|view| {
        let begins = view.active.or(view.next).map(|window| window.start);
        (begins, view.name.clone())
    });
    views
}
