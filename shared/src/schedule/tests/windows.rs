//! Single windows, and what is asked of any.

use super::{NO_LEAD, again, at, calendar, once, until};
use crate::api::CashServiceScheduledScaleSpec as Spec;
use crate::schedule::{Window, in_the_past};
use jiff::{SignedDuration, Timestamp};

fn window(spec: &Spec) -> (String, String) {
    let window = calendar(spec).upcoming(Timestamp::MIN, NO_LEAD).next().unwrap();
    (window.start.to_string(), window.end.to_string())
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

#[test]
fn one_window_begins_and_ends_at_its_instants() {
    let new_york = "America/New_York";
    let night = "2027-03-13 22:00";
    for (spec, start, end) in [
        (once("2026-11-27 06:00", new_york, "4h"), "2026-11-27T11:00:00Z", "2026-11-27T15:00:00Z"),
        (once(night, new_york, "8h"), "2027-03-14T03:00:00Z", "2027-03-14T11:00:00Z"),
        (until(night, "2027-03-14 06:00", new_york), "2027-03-14T03:00:00Z", "2027-03-14T10:00:00Z"),
        // With an offset of its own, on whatever clocks.
        (
            once("2026-11-27T06:00:00-05:00", "Asia/Tokyo", "90m"),
            "2026-11-27T11:00:00Z",
            "2026-11-27T12:30:00Z",
        ),
        (
            until("2026-11-27 06:00", "2026-11-27T12:00:30Z", new_york),
            "2026-11-27T11:00:00Z",
            "2026-11-27T12:00:30Z",
        ),
        // Over the year's end, and on a leap day.
        (once("2026-12-31T23:30", "Europe/London", "1h"), "2026-12-31T23:30:00Z", "2027-01-01T00:30:00Z"),
        (once("2028-02-29 12:00", "UTC", "24h"), "2028-02-29T12:00:00Z", "2028-03-01T12:00:00Z"),
    ] {
        assert_eq!(window(&spec), (start.to_owned(), end.to_owned()), "{spec:?}");
    }
}

#[test]
fn windows_only_widen_where_clocks_skip_or_repeat() {
    for (zone, from, to, start, end) in [
        // Skipped: the jump, at either end.
        (
            "America/New_York",
            "2027-03-14 02:30",
            "2027-03-14 04:00",
            "2027-03-14T07:00:00Z",
            "2027-03-14T08:00:00Z",
        ),
        (
            "America/New_York",
            "2027-03-14 00:00",
            "2027-03-14 02:30",
            "2027-03-14T05:00:00Z",
            "2027-03-14T07:00:00Z",
        ),
        (
            "Europe/London",
            "2027-03-28 01:15",
            "2027-03-28 03:00",
            "2027-03-28T01:00:00Z",
            "2027-03-28T02:00:00Z",
        ),
        (
            "Australia/Lord_Howe",
            "2027-10-03 02:10",
            "2027-10-03 03:00",
            "2027-10-02T15:30:00Z",
            "2027-10-02T16:00:00Z",
        ),
        (
            "America/Nuuk",
            "2024-03-30 23:30",
            "2024-03-31 01:00",
            "2024-03-31T01:00:00Z",
            "2024-03-31T02:00:00Z",
        ),
        (
            "Africa/Cairo",
            "2026-04-24 00:00",
            "2026-04-24 02:00",
            "2026-04-23T22:00:00Z",
            "2026-04-23T23:00:00Z",
        ),
        (
            "America/Havana",
            "2026-03-08 00:30",
            "2026-03-08 02:00",
            "2026-03-08T05:00:00Z",
            "2026-03-08T06:00:00Z",
        ),
        (
            "Pacific/Apia",
            "2011-12-30 12:00",
            "2011-12-31 01:00",
            "2011-12-30T10:00:00Z",
            "2011-12-30T11:00:00Z",
        ),
        (
            "Pacific/Apia",
            "2011-12-29 23:00",
            "2011-12-30 12:00",
            "2011-12-30T09:00:00Z",
            "2011-12-30T10:00:00Z",
        ),
        // Repeated: from the first to the second.
        (
            "America/New_York",
            "2026-11-01 01:30",
            "2026-11-01 01:30",
            "2026-11-01T05:30:00Z",
            "2026-11-01T06:30:00Z",
        ),
        (
            "Europe/London",
            "2026-10-25 01:00",
            "2026-10-25 01:59",
            "2026-10-25T00:00:00Z",
            "2026-10-25T01:59:00Z",
        ),
        (
            "Australia/Lord_Howe",
            "2027-04-04 01:45",
            "2027-04-04 01:45",
            "2027-04-03T14:45:00Z",
            "2027-04-03T15:15:00Z",
        ),
        // In Ramadan clocks are an hour behind: back on 15 February 2026, forth on 22 March.
        (
            "Africa/Casablanca",
            "2026-02-15 02:30",
            "2026-02-15 02:30",
            "2026-02-15T01:30:00Z",
            "2026-02-15T02:30:00Z",
        ),
        (
            "Africa/Casablanca",
            "2026-03-22 02:30",
            "2026-03-22 04:00",
            "2026-03-22T02:00:00Z",
            "2026-03-22T03:00:00Z",
        ),
    ] {
        assert_eq!(window(&until(from, to, zone)), (start.to_owned(), end.to_owned()), "{zone} {from}");
    }
}

#[test]
fn a_window_is_active_from_its_start_until_before_its_end() {
    let calendar = calendar(&once("2026-11-27 06:00", "America/New_York", "4h"));
    for (now, lead, active) in [
        ("2026-11-27T10:59:59.999999999Z", 0, false),
        ("2026-11-27T11:00:00Z", 0, true),
        ("2026-11-27T14:59:59.999999999Z", 0, true),
        ("2026-11-27T15:00:00Z", 0, false),
        ("2026-11-27T09:59:59Z", 1, false),
        ("2026-11-27T10:00:00Z", 1, true),
        ("2026-11-27T15:00:00Z", 1, false),
    ] {
        assert_eq!(calendar.active(at(now), hours(lead)).is_some(), active, "{now} {lead}");
    }
}

#[test]
fn of_overlapping_windows_the_one_that_started_last_is_active() {
    let calendar = calendar(&again("0 * * * *", "UTC", "3h"));
    let now = at("2026-11-27T10:30:00Z");
    let (start, end) = (at("2026-11-27T10:00:00Z"), at("2026-11-27T13:00:00Z"));
    assert_eq!(calendar.active(now, NO_LEAD), Some(Window { scheduled: start, start, end }));
    assert_eq!(calendar.next_change(now, NO_LEAD), Some(at("2026-11-27T11:00:00Z")));
    let early = calendar.active(now, SignedDuration::from_mins(40)).unwrap();
    assert_eq!(early.scheduled, at("2026-11-27T11:00:00Z"));
    assert_eq!(early.start, at("2026-11-27T10:20:00Z"));
}

#[test]
fn adjacent_windows_have_no_seam() {
    for (zone, from) in
        [("America/New_York", "2026-10-31T12:00:00Z"), ("Europe/London", "2027-03-27T12:00:00Z")]
    {
        let calendar = calendar(&again("0 * * * *", zone, "1h"));
        for minute in 0..36 * 60 {
            let now = at(from) + SignedDuration::from_mins(minute);
            assert!(calendar.active(now, NO_LEAD).is_some(), "{zone} {now}");
        }
    }
}

#[test]
fn a_dense_cron_with_long_windows_is_answered_at_once() {
    let calendar = calendar(&again("* * * * *", "America/New_York", "744h"));
    let now = at("2026-11-27T10:30:00.5Z");
    for _ in 0..200 {
        assert_eq!(calendar.active(now, NO_LEAD).unwrap().scheduled, at("2026-11-27T10:30:00Z"));
    }
    let ended = calendar.ended(Timestamp::MIN, now, NO_LEAD, 2);
    let ends: Vec<_> = ended.iter().map(|window| window.end.to_string()).collect();
    assert_eq!(ends, ["2026-11-27T10:29:00Z", "2026-11-27T10:30:00Z"]);
}

#[test]
fn what_passed_is_told_newest_last() {
    let calendar = calendar(&again("0 9 * * *", "Europe/London", "1h"));
    let ended = |after, until, most| {
        let windows = calendar.ended(at(after), at(until), SignedDuration::from_mins(10), most);
        windows.iter().map(|window| window.start.to_string()).collect::<Vec<_>>()
    };
    let (first, second) = ("2026-12-01T08:50:00Z", "2026-12-02T08:50:00Z");
    assert_eq!(ended("2026-12-01T08:49:59Z", "2026-12-02T10:00:00Z", 10), [first, second]);
    assert_eq!(ended("2026-12-01T08:49:59Z", "2026-12-02T10:00:00Z", 1), [second]);
    assert_eq!(ended(first, "2026-12-02T09:59:59Z", 10), [""; 0]);
    assert_eq!(ended("2026-11-01T00:00:00Z", "2026-12-02T10:00:00Z", 0), [""; 0]);
}

#[test]
fn the_only_window_is_over_after_its_end() {
    let spec = once("2026-11-27 06:00", "America/New_York", "4h");
    let calendar_of_one = calendar(&spec);
    let said = |now| in_the_past(&spec, &calendar_of_one, at(now)).map(|problem| problem.to_string());
    assert_eq!(said("2026-11-27T14:59:59Z"), None);
    assert_eq!(
        said("2026-11-27T15:00:00Z").unwrap(),
        "spec.at: the window that begins 2026-11-27 06:00 was over at 2026-11-27 10:00 EST, and is the only one"
    );
    assert_eq!(calendar_of_one.next_change(at("2026-11-27T15:00:00Z"), NO_LEAD), None);
    let spec = again("0 9 * * *", "UTC", "1h");
    assert_eq!(in_the_past(&spec, &calendar(&spec), Timestamp::MAX), None);
    assert!(calendar(&spec).is_over(Timestamp::MAX) && !calendar(&spec).is_over(at("2500-01-01T00:00:00Z")));
}

#[test]
fn lead_times_are_read_and_auto_is_left_to_the_caller() {
    let lead = |text: &str| {
        calendar(&Spec { lead_time: Some(text.into()), ..again("0 9 * * *", "UTC", "1h") }).lead()
    };
    assert_eq!(lead("auto"), None);
    assert_eq!(lead("1h30m"), Some(SignedDuration::from_mins(90)));
    assert_eq!(calendar(&again("0 9 * * *", "UTC", "1h")).lead(), Some(NO_LEAD));
}

#[test]
fn thousands_fit_into_memory() {
    let calendar = calendar(&again("0 9 * * *", "Europe/London", "1h"));
    assert!(size_of_val(&calendar) <= 96, "{}", size_of_val(&calendar));
}
