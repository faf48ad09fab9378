//! The windows of some days: a row for each day and target, with a bar over its 24 hours.

use super::{Style, target};
use crate::view::schedules::{ScheduleView, SchedulesView, WindowView};
use console::truncate_str;
use csop_shared::schedule::{Bound, instant_of};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use std::collections::BTreeMap;

/// Before the bar: `Fri 27 `.
const LABEL: usize = 7;
/// After the bar: at least so much of the target's name.
const NAME: usize = 8;
/// Targets of one day that are shown.
const ROWS: usize = 20;
/// Cells of a bar, the finest first.
const CELLS: [usize; 3] = [96, 48, 24];
/// Cells for a pipe.
const USUAL: usize = 48;
/// Hours between two marks.
const HOURS: usize = 6;

/// The calendar; nothing when there is no window in these days.
pub(super) fn text(view: &SchedulesView, style: &Style) -> String {
    if view.items.iter().all(|schedule| schedule.shown().is_empty()) {
        return String::new();
    }
    let room = |cells: &usize| style.width.is_none_or(|width| LABEL + cells + 1 + NAME <= width);
    let fitting = CELLS.into_iter().find(room).unwrap_or(24);
    let cells = if style.width.is_none() { USUAL } else { fitting };
    let mut text = head(view, style, cells);
    let mut date = style.zone.to_datetime(view.from).date();
    while let Some(begins) =
        instant_of(date.to_datetime(jiff::civil::Time::midnight()), &style.zone, Bound::Start)
    {
        if begins >= view.to {
            break;
        }
        text.push_str(&day(date, view, style, cells));
        match date.tomorrow() {
            Ok(next) => date = next,
            Err(_) => break,
        }
    }
    text
}

/// The name of the zone, and the hours above their cells.
fn head(view: &SchedulesView, style: &Style, cells: usize) -> String {
    let per_hour = cells / 24;
    let mut hours = " ".repeat(LABEL);
    for hour in (0..24).step_by(HOURS) {
        hours.push_str(&format!("{:<width$}", format!("{hour:02}"), width = HOURS * per_hour));
    }
    let zone = format!("Clocks of {}", view.time_zone);
    let zone = truncate_str(&zone, style.width.unwrap_or(usize::MAX), "…").into_owned();
    format!("{zone}\n{}\n", hours.trim_end())
}

/// The rows of a day: one for each target that has a window in it, or an empty one.
fn day(date: Date, view: &SchedulesView, style: &Style, cells: usize) -> String {
    let edges = edges(date, style, cells);
    let mut targets: BTreeMap<String, Vec<InDay<'_>>> = BTreeMap::new();
    for schedule in &view.items {
        let windows = of_day(schedule, &edges);
        if !windows.is_empty() {
            targets.entry(whose(schedule, style)).or_default().push(InDay { schedule, windows });
        }
    }
    let (full, empty) = if style.unicode { ("█", "·") } else { ("#", ".") };
    let mut label = date.strftime("%a %d").to_string();
    if targets.is_empty() {
        return format!("{label:<LABEL$}{}\n", empty.repeat(cells));
    }
    let mut text = String::new();
    let more = targets.len().saturating_sub(ROWS);
    for (name, schedules) in targets.into_iter().take(ROWS) {
        let is_full = |cell: &[Timestamp]| schedules.iter().any(|schedule| schedule.is_in(cell));
        let bar: String = edges.windows(2).map(|cell| if is_full(cell) { full } else { empty }).collect();
        let floors: Vec<_> = schedules.iter().map(|it| it.schedule.floor_text()).collect();
        let name = format!("{name} {}", floors.join(", "));
        let left = style.width.map_or(usize::MAX, |width| width.saturating_sub(LABEL + cells + 1));
        text.push_str(&format!("{label:<LABEL$}{bar} {}\n", truncate_str(&name, left, "…")));
        label.clear();
    }
    if more > 0 {
        text.push_str(&format!("{label:<LABEL$}and {more} more\n"));
    }
    text
}

fn whose(schedule: &ScheduleView, style: &Style) -> String {
    let name = schedule.target.as_ref().map(target).unwrap_or_default();
    if style.namespaces { format!("{}/{name}", schedule.namespace) } else { name }
}

/// The instants between which the cells of a day lie. One that clocks skip lies between two that are the same.
fn edges(date: Date, style: &Style, cells: usize) -> Vec<Timestamp> {
    let midnight = date.to_datetime(jiff::civil::Time::midnight());
    let minutes = i64::try_from(24 * 60 / cells).unwrap_or(60);
    let walls =
        (0..=cells).map(|at| midnight.saturating_add((i64::try_from(at).unwrap_or(0) * minutes).minutes()));
    walls.filter_map(|wall| instant_of(wall, &style.zone, Bound::Start)).collect()
}

/// The windows that reach into a day. All windows of a schedule are as long, so that they begin and end in the same order.
fn of_day<'a>(schedule: &'a ScheduleView, edges: &[Timestamp]) -> &'a [WindowView] {
    let (Some(from), Some(to)) = (edges.first(), edges.last()) else { return &[] };
    let all = schedule.shown();
    let first = all.partition_point(|window| window.end <= *from);
    let after = all.partition_point(|window| window.start < *to);
    all.get(first..after).unwrap_or_default()
}

/// A schedule with its windows of a day.
struct InDay<'a> {
    schedule: &'a ScheduleView,
    windows: &'a [WindowView],
}

impl InDay<'_> {
    /// Whether it is in force at some time between two instants.
    fn is_in(&self, cell: &[Timestamp]) -> bool {
        let (from, to) = (cell[0], cell[1]);
        self.windows.iter().any(|window| window.start < to && window.end > from && from < to)
    }
}
