//! The table of all schedules, and their windows on a calendar.

mod calendar;

use super::table::{self, Column};
use crate::duration;
use crate::view::clocks::clock_time;
use crate::view::schedules::{ScheduleView, SchedulesView, TargetView, WindowView};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::Duration;

/// How the text is drawn.
#[derive(Clone, Debug)]
pub struct Style {
    /// With the namespaces.
    pub namespaces: bool,
    /// With every column, however wide.
    pub wide: bool,
    /// The terminal's width; `None` for pipes.
    pub width: Option<usize>,
    /// Bars may use more than ASCII.
    pub unicode: bool,
    /// On whose clocks times are shown.
    pub zone: TimeZone,
}

/// The table, and the calendar below it.
pub fn text(view: &SchedulesView, style: &Style) -> String {
    let rows: Vec<_> = view.items.iter().map(|row| cells(row, style, view.as_of)).collect();
    let table = table::text(&columns(style), &rows, style.width.filter(|_| !style.wide));
    match calendar::text(view, style) {
        calendar if calendar.is_empty() => table,
        calendar => format!("{table}\n{calendar}"),
    }
}

/// The names, as kubectl prints them.
pub fn names(view: &SchedulesView) -> String {
    view.items.iter().map(|row| format!("cashservicescheduledscale.csop.dev/{}\n", row.name)).collect()
}

fn columns(style: &Style) -> Vec<Column> {
    let mut columns = vec![];
    if style.namespaces {
        columns.push(Column::always("NAMESPACE"));
    }
    columns.extend([
        Column::always("NAME"),
        Column::dropped("TARGET", 2),
        Column::dropped("FLOOR", 1),
        Column::always("PHASE"),
        Column::always("NEXT"),
    ]);
    if style.wide {
        columns.extend([
            Column::always("TIMES"),
            Column::always("ZONE"),
            Column::always("AGE"),
            Column::always("MESSAGE"),
        ]);
    }
    columns
}

fn cells(row: &ScheduleView, style: &Style, now: Timestamp) -> Vec<String> {
    let mut cells = vec![];
    if style.namespaces {
        cells.push(row.namespace.clone());
    }
    cells.extend([
        row.name.clone(),
        row.target.as_ref().map(target).unwrap_or_default(),
        row.floor_text(),
        row.phase.clone(),
        next(row, &style.zone, now),
    ]);
    if style.wide {
        cells.extend([
            row.times.clone(),
            row.time_zone.clone(),
            row.created_at.map(|then| duration::age(then, now)).unwrap_or_default(),
            row.limited.clone().unwrap_or_else(|| row.message.clone()),
        ]);
    }
    cells
}

/// A service by its name alone, others with their kind, as on the command line.
fn target(target: &TargetView) -> String {
    let kind = match target.kind.as_str() {
        "CashService" => "",
        "GeneralScaler" => "gs/",
        _ => "mp/",
    };
    format!("{kind}{}", target.name)
}

/// `until 17:00 (2h more)`, or `in 3h12m (18:00)`.
fn next(row: &ScheduleView, zone: &TimeZone, now: Timestamp) -> String {
    let more = |then: Timestamp| duration::text(ahead(then, now));
    match (&row.active, &row.next) {
        (Some(active), _) => format!("until {} ({} more)", moment(active.end, zone, now), more(active.end)),
        (None, Some(next)) => format!("in {} ({})", more(next.start), moment(next.start, zone, now)),
        (None, None) => String::new(),
    }
}

/// How far ahead a moment is; one that is over is now.
fn ahead(then: Timestamp, now: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(then.as_second() - now.as_second()).unwrap_or(0))
}

/// `18:00`, with the date where that is another one than today's.
fn moment(at: Timestamp, zone: &TimeZone, now: Timestamp) -> String {
    let (at, today) = (zone.to_datetime(at), zone.to_datetime(now).date());
    if at.date() == today {
        clock_time(at)
    } else {
        format!("{} {}", at.strftime("%a %Y-%m-%d"), clock_time(at))
    }
}

/// `"friday" floor 12 at 18:00 UTC (in 3h12m)`, on the clocks of the schedule's own zone.
pub fn line(schedule: &ScheduleView, now: Timestamp) -> String {
    let head = format!("\"{}\" floor {}", schedule.name, schedule.floor_text());
    let zone = TimeZone::get(&schedule.time_zone).unwrap_or(TimeZone::UTC);
    let told = |at: Timestamp| {
        let zoned = at.to_zoned(zone.clone());
        format!("{} {}", moment(at, &zone, now), zoned.strftime("%Z"))
    };
    let more = |then: Timestamp| duration::text(ahead(then, now));
    let when = match (&schedule.active, &schedule.next) {
        (Some(WindowView { end, .. }), _) => format!("until {} ({} more)", told(*end), more(*end)),
        (None, Some(WindowView { start, .. })) => format!("at {} (in {})", told(*start), more(*start)),
        (None, None) => schedule.phase.clone(),
    };
    match &schedule.limited {
        Some(reason) => format!("{head} {when}; {reason}"),
        None => format!("{head} {when}"),
    }
}
