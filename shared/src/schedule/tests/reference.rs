//! The calendar against slow, obviously right ones.

use super::{NO_LEAD, again, calendar};
use crate::schedule::{Bound, Calendar, instant_of};
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use std::collections::BTreeSet;

const ZONES: [&str; 12] = [
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Nuuk",
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "UTC",
];

/// A zone by its transitions alone.
struct Clocks {
    zone: TimeZone,
    offsets: BTreeSet<Offset>,
    /// When, and what clocks show before and after.
    changes: Vec<(Timestamp, DateTime, DateTime)>,
    from: Timestamp,
    to: Timestamp,
}

impl Clocks {
    fn new(name: &str, from: Date, to: Date) -> Self {
        let zone = TimeZone::get(name).unwrap();
        let [from, to] = [from, to].map(|date| Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).unwrap());
        let mut before = zone.to_offset(from - 48.hours());
        let mut offsets = BTreeSet::from([before]);
        let mut changes = Vec::new();
        for change in
            zone.following(from - 48.hours()).take_while(|change| change.timestamp() < to + 48.hours())
        {
            let at = change.timestamp();
            changes.push((at, before.to_datetime(at), change.offset().to_datetime(at)));
            before = change.offset();
            offsets.insert(before);
        }
        Self { zone, offsets, changes, from, to }
    }

    /// All instants at which clocks show a wall time.
    fn shown(&self, wall: DateTime) -> Vec<Timestamp> {
        let instants = self.offsets.iter().map(|offset| (offset, offset.to_timestamp(wall).unwrap()));
        let shown = instants.filter(|(offset, at)| self.zone.to_offset(*at) == **offset).map(|(_, at)| at);
        shown.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The instants of a wall time that a cron names.
    fn starts(&self, wall: DateTime, plain: bool) -> Vec<Timestamp> {
        let shown = self.shown(wall);
        match (plain, shown.first()) {
            (false, _) => shown,
            (true, Some(first)) => vec![*first],
            (true, None) => {
                let jump = self.changes.iter().find(|(_, before, after)| *before <= wall && wall < *after);
                vec![jump.unwrap().0]
            }
        }
    }

    /// The starts of all days of a stretch, day by day.
    fn all(&self, cron: &Plain, from: Date, to: Date) -> Vec<Timestamp> {
        let days = from.series(1.day()).take_while(|date| *date < to);
        let days =
            days.filter(|date| cron.weekday.is_none_or(|day| day == date.weekday().to_sunday_zero_offset()));
        let walls = days.flat_map(|date| {
            cron.hours
                .iter()
                .flat_map(move |hour| cron.minutes.iter().map(move |minute| date.at(*hour, *minute, 0, 0)))
        });
        let starts = walls.flat_map(|wall| self.starts(wall, cron.plain));
        starts.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// A cron by what it means.
#[derive(Clone, Debug)]
struct Plain {
    minutes: BTreeSet<i8>,
    hours: BTreeSet<i8>,
    weekday: Option<i8>,
    plain: bool,
}

impl Plain {
    fn text(&self) -> String {
        let list = |values: &BTreeSet<i8>, each: &str| {
            values.iter().map(|value| each.replace('N', &value.to_string())).collect::<Vec<_>>().join(",")
        };
        // A range of one makes a pattern of it.
        let hours = list(&self.hours, if self.plain { "N" } else { "N-N" });
        let weekday = self.weekday.map_or("*".to_owned(), |day| day.to_string());
        format!("{} {hours} * * {weekday}", list(&self.minutes, "N"))
    }
}

fn plain(minutes: &[i8], hours: &[i8], plain: bool) -> Plain {
    Plain {
        minutes: minutes.iter().copied().collect(),
        hours: hours.iter().copied().collect(),
        weekday: None,
        plain,
    }
}

fn found(calendar: &Calendar, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let starts = calendar.upcoming(from, NO_LEAD).map(|window| window.scheduled);
    starts.take_while(|at| *at < to).collect()
}

/// Compares all starts from the first to the last full day that both know.
fn compare(zone: &str, cron: &Plain, from: Date, to: Date) {
    let clocks = Clocks::new(zone, from, to);
    let calendar = calendar(&again(&cron.text(), zone, "1h"));
    let (start, end) = (clocks.from + 48.hours(), clocks.to - 48.hours());
    let expected = clocks.all(cron, from, to);
    let expected: BTreeSet<_> = expected.into_iter().filter(|at| *at > start && *at < end).collect();
    let found: BTreeSet<_> = found(&calendar, start, end).into_iter().collect();
    let wrong: Vec<_> = found.symmetric_difference(&expected).collect();
    assert!(wrong.is_empty(), "{zone} {}: {wrong:?}", cron.text());
}

#[test]
fn wall_times_around_every_change_of_every_zone() {
    let mut wrong = Vec::new();
    for zone in TimeZoneDatabase::bundled().available() {
        let clocks = Clocks::new(zone.as_str(), Date::constant(2000, 1, 1), Date::constant(2030, 1, 1));
        let changes = clocks.changes.iter().filter(|(at, ..)| *at > clocks.from && *at < clocks.to);
        for (_, before, after) in changes {
            for wall in [*before, *after]
                .into_iter()
                .flat_map(|shown| [shown - 10.minutes(), shown, shown + 10.minutes()])
            {
                let [start, end] =
                    [Bound::Start, Bound::End].map(|bound| instant_of(wall, &clocks.zone, bound).unwrap());
                let last = clocks.shown(wall).last().copied();
                if start != clocks.starts(wall, true)[0] || end != last.unwrap_or(start) {
                    wrong.push((zone.as_str().to_owned(), wall));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn ten_years_of_daily_crons() {
    for (zone, year) in ZONES.into_iter().zip([2020, 2020, 2020, 2004].into_iter().chain([2022; 12])) {
        for cron in [plain(&[30], &[2], true), plain(&[0], &[0], true), plain(&[59], &[23], false)] {
            compare(zone, &cron, Date::constant(year, 1, 1), Date::constant(year + 10, 1, 1));
        }
    }
}

#[test]
fn ten_years_of_crons_of_some_hours() {
    for (zone, year) in ZONES.into_iter().zip([2026, 2026, 2026, 2006].into_iter().chain([2024; 12])) {
        let cron = plain(&[15], &[1, 2, 23], false);
        compare(zone, &cron, Date::constant(year, 1, 1), Date::constant(year + 10, 1, 1));
    }
}

#[test]
fn minute_by_minute_around_each_change_of_clocks() {
    for zone in ZONES {
        let clocks = Clocks::new(zone, Date::constant(2011, 10, 1), Date::constant(2012, 10, 1));
        let calendar = calendar(&again("*/5 0-3,22-23 * * *", zone, "1h"));
        for (change, ..) in &clocks.changes {
            let minutes = (-27 * 60..27 * 60).map(|minute| *change + SignedDuration::from_mins(minute));
            let shows = minutes.filter(|at| {
                let wall = clocks.zone.to_datetime(*at);
                wall.minute() % 5 == 0 && wall.second() == 0 && (wall.hour() <= 3 || wall.hour() >= 22)
            });
            let (from, to) = (*change - 27.hours() - 1.second(), *change + 27.hours());
            assert_eq!(found(&calendar, from, to), shows.collect::<Vec<_>>(), "{zone} {change}");
        }
    }
}

fn crons() -> impl Strategy<Value = Plain> {
    let hours = prop_oneof![
        prop::collection::btree_set(0_i8..24, 1..4),
        prop::collection::btree_set(prop_oneof![0_i8..4, 22_i8..24], 1..4),
    ];
    let minutes = prop::collection::btree_set(0_i8..60, 1..4);
    (minutes, hours, prop::option::of(0_i8..7), any::<bool>())
        .prop_map(|(minutes, hours, weekday, plain)| Plain { minutes, hours, weekday, plain })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_cron_in_any_year(cron in crons(), zone in prop::sample::select(&ZONES[..]), year in 1990_i16..2090) {
        compare(zone, &cron, Date::constant(year, 1, 1), Date::constant(year + 1, 1, 1));
    }

    #[test]
    fn what_is_active_is_what_a_list_of_all_windows_says(
        cron in crons(),
        zone in prop::sample::select(&ZONES[..]),
        second in 1_600_000_000_i64..1_900_000_000,
        minutes in 1_u32..5 * 24 * 60,
        lead in 0_i64..24 * 60,
    ) {
        let now = Timestamp::from_second(second).unwrap();
        let today = Offset::UTC.to_datetime(now).date();
        let (from, to) = (today - 16.days(), today + 16.days());
        let starts = Clocks::new(zone, from, to).all(&cron, from, to);
        let (lead, length) = (SignedDuration::from_mins(lead), SignedDuration::from_mins(minutes.into()));
        let calendar = calendar(&again(&cron.text(), zone, &format!("{minutes}m")));
        let is_active = |at: &Timestamp, now| *at - lead <= now && now < *at + length;
        let active = |now| starts.iter().rfind(|at| is_active(at, now)).copied();
        prop_assert_eq!(calendar.active(now, lead).map(|window| window.scheduled), active(now));

        let change = calendar.next_change(now, lead).unwrap();
        prop_assert_eq!(calendar.active(change - 1.nanosecond(), lead), calendar.active(now, lead));
        prop_assert_ne!(calendar.active(change, lead), calendar.active(now, lead));

        let after = now - 72.hours();
        let ended = starts.iter().filter(|at| **at - lead > after && **at + length <= now);
        let mut ended: Vec<_> = ended.copied().collect();
        ended.drain(..ended.len().saturating_sub(5));
        let told = calendar.ended(after, now, lead, 5);
        prop_assert_eq!(told.iter().map(|window| window.scheduled).collect::<Vec<_>>(), ended);
    }
}
