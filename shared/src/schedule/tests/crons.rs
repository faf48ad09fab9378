//! When crons fire: days, and the clocks of zones.

use super::{again, starts};
use crate::api::CashServiceScheduledScaleSpec as Spec;

/// Zone, cron, after, and the starts that follow.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

fn check(rows: &[Row]) {
    for (zone, cron, after, expected) in rows {
        assert_eq!(starts(&again(cron, zone, "1h"), after, expected.len()), *expected, "{zone} {cron}");
    }
}

#[test]
fn plain_times_fire_once_a_day_whatever_clocks_do() {
    check(&[
        // Skipped: at the jump.
        (
            "America/New_York",
            "30 2 * * *",
            "2027-03-13T08:00:00Z",
            &["2027-03-14T07:00:00Z", "2027-03-15T06:30:00Z"],
        ),
        (
            "Europe/London",
            "15,45 1 * * *",
            "2027-03-28T00:00:00Z",
            &["2027-03-28T01:00:00Z", "2027-03-29T00:15:00Z"],
        ),
        (
            "Australia/Lord_Howe",
            "15 2 * * *",
            "2027-10-02T00:00:00Z",
            &["2027-10-02T15:30:00Z", "2027-10-03T15:15:00Z"],
        ),
        (
            "America/Nuuk",
            "30 23 30 3 *",
            "2024-01-01T00:00:00Z",
            &["2024-03-31T01:00:00Z", "2025-03-31T00:30:00Z"],
        ),
        (
            "Africa/Cairo",
            "0 0 * * *",
            "2026-04-23T00:00:00Z",
            &["2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"],
        ),
        (
            "America/Havana",
            "30 0 * * *",
            "2026-03-08T00:00:00Z",
            &["2026-03-08T05:00:00Z", "2026-03-09T04:30:00Z"],
        ),
        (
            "Africa/Casablanca",
            "30 2 * * *",
            "2026-03-22T00:00:00Z",
            &["2026-03-22T02:00:00Z", "2026-03-23T01:30:00Z"],
        ),
        // The day that Apia did not have is the instant of its jump.
        (
            "Pacific/Apia",
            "0 9,18 * * *",
            "2011-12-29T20:00:00Z",
            &["2011-12-30T04:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T19:00:00Z"],
        ),
        // Repeated: the first time only.
        (
            "America/New_York",
            "30 1 * * *",
            "2026-11-01T04:00:00Z",
            &["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
        ),
        ("America/New_York", "30 1 * * *", "2026-11-01T06:10:00Z", &["2026-11-02T06:30:00Z"]),
        ("America/New_York", "0,30 1,2 * * *", "2026-11-01T06:10:00Z", &["2026-11-01T07:00:00Z"]),
        (
            "Europe/London",
            "0 1 * * *",
            "2026-10-24T12:00:00Z",
            &["2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z"],
        ),
        (
            "Australia/Lord_Howe",
            "45 1 * * *",
            "2027-04-03T12:00:00Z",
            &["2027-04-03T14:45:00Z", "2027-04-04T15:15:00Z"],
        ),
        (
            "Africa/Casablanca",
            "30 2 * * *",
            "2026-02-14T12:00:00Z",
            &["2026-02-15T01:30:00Z", "2026-02-16T02:30:00Z"],
        ),
    ]);
}

#[test]
fn patterns_fire_whenever_clocks_show_their_times() {
    check(&[
        // Not in a skipped hour.
        (
            "America/New_York",
            "30 1-3 * * *",
            "2027-03-14T05:00:00Z",
            &["2027-03-14T06:30:00Z", "2027-03-14T07:30:00Z", "2027-03-15T05:30:00Z"],
        ),
        ("America/New_York", "*/30 2 * * *", "2027-03-14T05:00:00Z", &["2027-03-15T06:00:00Z"]),
        (
            "Pacific/Apia",
            "0 */12 * * *",
            "2011-12-29T21:00:00Z",
            &["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z"],
        ),
        // In both halves of a repeated one.
        (
            "America/New_York",
            "*/30 1 * * *",
            "2026-11-01T04:00:00Z",
            &[
                "2026-11-01T05:00:00Z",
                "2026-11-01T05:30:00Z",
                "2026-11-01T06:00:00Z",
                "2026-11-01T06:30:00Z",
                "2026-11-02T06:00:00Z",
            ],
        ),
        (
            "Australia/Lord_Howe",
            "*/15 1 * * *",
            "2027-04-03T14:30:00Z",
            &["2027-04-03T14:45:00Z", "2027-04-03T15:00:00Z", "2027-04-03T15:15:00Z", "2027-04-04T14:30:00Z"],
        ),
        // The repeated half begins again, also when the next new time is far away.
        (
            "Europe/London",
            "0-10 1 25 10 *",
            "2026-10-25T00:10:00Z",
            &["2026-10-25T01:00:00Z", "2026-10-25T01:01:00Z"],
        ),
        ("Europe/London", "*/20 1 25 10 *", "2026-10-25T01:40:00Z", &["2027-10-25T00:00:00Z"]),
        (
            "Africa/Casablanca",
            "0 */1 * * *",
            "2026-02-15T00:30:00Z",
            &["2026-02-15T01:00:00Z", "2026-02-15T02:00:00Z", "2026-02-15T03:00:00Z"],
        ),
    ]);
}

#[test]
fn days_are_found_however_rare() {
    check(&[
        ("UTC", "0 0 29 2 *", "2026-01-01T00:00:00Z", &["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
        ("UTC", "0 0 29 2 *", "2096-03-01T00:00:00Z", &["2104-02-29T00:00:00Z"]),
        // A fifth Friday in February: every 28 years, but for 2100.
        ("UTC", "0 0 * 2 5#5", "2026-01-01T00:00:00Z", &["2036-02-29T00:00:00Z", "2064-02-29T00:00:00Z"]),
        ("America/New_York", "0 0 * 2 5#5", "2092-03-01T00:00:00Z", &["2104-02-29T05:00:00Z"]),
        ("UTC", "59 23 31 12 *", "2026-12-31T23:59:00Z", &["2027-12-31T23:59:00Z"]),
        ("UTC", "0 0 1 1 *", "2026-12-31T23:59:59Z", &["2027-01-01T00:00:00Z"]),
        ("UTC", "0 9 L * *", "2028-01-31T10:00:00Z", &["2028-02-29T09:00:00Z", "2028-03-31T09:00:00Z"]),
        ("UTC", "0 9 LW * *", "2026-01-31T00:00:00Z", &["2026-02-27T09:00:00Z", "2026-03-31T09:00:00Z"]),
        ("UTC", "0 9 L,LW 2 ?", "2026-01-31T00:00:00Z", &["2026-02-27T09:00:00Z", "2026-02-28T09:00:00Z"]),
        ("UTC", "0 9 15W * *", "2026-08-01T00:00:00Z", &["2026-08-14T09:00:00Z", "2026-09-15T09:00:00Z"]),
        ("UTC", "0 9 * * 5L", "2026-08-01T00:00:00Z", &["2026-08-28T09:00:00Z"]),
        ("UTC", "0 9 * * mon#2", "2026-08-01T00:00:00Z", &["2026-08-10T09:00:00Z"]),
        (
            "UTC",
            "0 9 * * FRI-SUN",
            "2026-08-06T00:00:00Z",
            &["2026-08-07T09:00:00Z", "2026-08-08T09:00:00Z", "2026-08-09T09:00:00Z", "2026-08-14T09:00:00Z"],
        ),
        ("UTC", "0 9 * * 7", "2026-08-06T00:00:00Z", &["2026-08-09T09:00:00Z"]),
        // Either day will do where both are named.
        (
            "UTC",
            "0 9 13 * FRI",
            "2026-11-07T00:00:00Z",
            &[
                "2026-11-13T09:00:00Z",
                "2026-11-20T09:00:00Z",
                "2026-11-27T09:00:00Z",
                "2026-12-04T09:00:00Z",
                "2026-12-11T09:00:00Z",
                "2026-12-13T09:00:00Z",
            ],
        ),
        ("UTC", "0 0 30 2 MON", "2026-02-24T00:00:00Z", &["2027-02-01T00:00:00Z"]),
    ]);
}

#[test]
fn excluded_dates_are_those_of_the_wall_times() {
    let skip = |dates: &[&str], spec: Spec| Spec {
        exclude_dates: dates.iter().map(|d| (*d).into()).collect(),
        ..spec
    };
    let christmas = skip(&["2026-12-25"], again("0 9 * * *", "Europe/London", "1h"));
    assert_eq!(
        starts(&christmas, "2026-12-24T00:00:00Z", 2),
        ["2026-12-24T09:00:00Z", "2026-12-26T09:00:00Z"]
    );
    // 10 in the evening in New York is the next day in UTC.
    let evening = skip(&["2026-12-24", "2026-12-23"], again("0 22 * * *", "America/New_York", "1h"));
    assert_eq!(starts(&evening, "2026-12-23T12:00:00Z", 1), ["2026-12-26T03:00:00Z"]);
    // Nuuk: 23:30 is skipped and lands on the next date, yet belongs to the 30th.
    let skipped = skip(&["2024-03-30"], again("30 23 * * *", "America/Nuuk", "1h"));
    assert_eq!(starts(&skipped, "2024-03-30T12:00:00Z", 1), ["2024-04-01T00:30:00Z"]);
    let apia = skip(&["2011-12-30"], again("0 9 * * *", "Pacific/Apia", "1h"));
    assert_eq!(starts(&apia, "2011-12-30T00:00:00Z", 1), ["2011-12-30T19:00:00Z"]);
}
