//! Windows as several clocks show them.

use csop_shared::schedule::Window;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A clock, and the windows on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockRow {
    /// The names of the zones whose clocks show the same.
    pub name: String,
    /// The windows.
    pub windows: Vec<String>,
}

/// The windows on the clocks of these zones, each with its name; clocks that show the same are one.
pub fn rows(windows: &[Window], zones: &[(String, TimeZone)]) -> Vec<ClockRow> {
    let mut rows: Vec<ClockRow> = vec![];
    let mut seen: Vec<&str> = vec![];
    for (name, zone) in zones {
        let identity = zone.iana_name().unwrap_or(name);
        if seen.contains(&identity) {
            continue;
        }
        seen.push(identity);
        let windows: Vec<_> = windows.iter().map(|window| on_clock(window, zone)).collect();
        match rows.iter_mut().find(|row| row.windows == windows) {
            Some(row) => row.name = format!("{}, {name}", row.name),
            None => rows.push(ClockRow { name: name.clone(), windows }),
        }
    }
    rows
}

/// `Fri 2026-11-27 08:00 to 12:00`.
fn on_clock(window: &Window, zone: &TimeZone) -> String {
    let [start, end] = [window.start, window.end].map(|instant| instant.to_zoned(zone.clone()));
    let until = if start.date() == end.date() { time(&end) } else { format!("{} {}", day(&end), time(&end)) };
    let change = if start.offset() == end.offset() { "" } else { " (the clocks change meanwhile)" };
    format!("{} {} to {until}{change}", day(&start), time(&start))
}

fn day(zoned: &Zoned) -> String {
    zoned.strftime("%a %Y-%m-%d").to_string()
}

fn time(zoned: &Zoned) -> String {
    clock_time(zoned.datetime())
}

/// `08:00`, with seconds where there are some.
pub fn clock_time(wall: DateTime) -> String {
    wall.strftime(if wall.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

/// `from 2026-11-27 13:00Z to 17:00Z`.
pub fn span(window: &Window) -> String {
    let utc = |instant: Timestamp| instant.to_zoned(TimeZone::UTC);
    let (start, end) = (utc(window.start), utc(window.end));
    let date = |zoned: &Zoned| zoned.strftime("%Y-%m-%d ").to_string();
    let end_date = if start.date() == end.date() { String::new() } else { date(&end) };
    format!("from {}{}Z to {end_date}{}Z", date(&start), time(&start), time(&end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::forecast::clocks;

    fn window(start: &str, end: &str) -> Window {
        let start = start.parse().unwrap();
        Window { scheduled: start, start, end: end.parse().unwrap() }
    }

    fn zones(names: &[&str]) -> Vec<(String, TimeZone)> {
        names.iter().map(|name| ((*name).to_owned(), TimeZone::get(name).unwrap())).collect()
    }

    #[test]
    fn each_clock_shows_the_windows_once() {
        let friday = [window("2026-11-27T13:00:00Z", "2026-11-27T17:00:00Z")];
        let all = zones(&["Europe/Berlin", "America/New_York", "UTC", "UTC"]);
        let summer = [
            window("2026-10-31T12:00:00Z", "2026-11-01T12:00:30Z"),
            window("2026-11-01T12:00:00Z", "2026-11-01T13:00:00Z"),
        ];
        let shown = [
            clocks(&rows(&friday, &all), None),
            clocks(&rows(&friday, &all), Some(40)),
            clocks(&rows(&friday, &zones(&["Europe/London", "UTC"])), Some(80)),
            clocks(&rows(&summer, &all), Some(80)),
            clocks(&rows(&summer, &all), Some(40)),
        ];
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn a_span_has_a_date_twice_only_where_it_is_another_one() {
        let text = |start, end| span(&window(start, end));
        assert_eq!(text("2026-11-27T13:00:00Z", "2026-11-27T17:00:00Z"), "from 2026-11-27 13:00Z to 17:00Z");
        assert_eq!(
            text("2026-11-27T23:00:05Z", "2026-11-28T02:00:00Z"),
            "from 2026-11-27 23:00:05Z to 2026-11-28 02:00Z"
        );
    }
}
