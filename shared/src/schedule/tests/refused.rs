//! What is wrong with a spec, in words.

use super::{again, once, until};
use crate::api::CashServiceScheduledScaleSpec as Spec;
use crate::schedule::{Calendar, Problem};

fn problem(spec: &Spec) -> Problem {
    let mut problems = Calendar::new(spec).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn unknown_zones_are_told_with_the_one_that_was_meant() {
    for (name, hint) in [
        ("America/NewYork", ": did you mean America/New_York?"),
        ("new york", ": did you mean America/New_York?"),
        ("Europe/Lodnon", ": did you mean Europe/London?"),
        ("london", ": did you mean Europe/London?"),
        ("Asia/Calcuta", ": did you mean Asia/Calcutta?"),
        ("pst", ": it is an abbreviation; write America/Los_Angeles if you mean its clocks"),
        ("UTC+2", ": write Etc/GMT-2 (there the sign is the other way round), or a place"),
        ("-05:00", ": write Etc/GMT+5 (there the sign is the other way round), or a place"),
        ("Mars/Olympus", ": write a name of the tz database, such as UTC, Europe/London or America/New_York"),
        ("Etc/Unknown", ": write a name of the tz database, such as UTC, Europe/London or America/New_York"),
        ("", ": write a name of the tz database, such as UTC, Europe/London or America/New_York"),
    ] {
        let said = problem(&once("2026-11-27 06:00", name, "4h")).to_string();
        assert_eq!(said, format!("spec.timeZone: no time zone is called \"{name}\"{hint}"));
    }
    for name in ["america/new_york", "UTC", "EST", "CET", "Etc/GMT+5"] {
        assert!(Calendar::new(&once("2026-11-27 06:00", name, "4h")).is_ok(), "{name}");
    }
}

#[test]
fn the_wrong_part_of_a_cron_is_marked() {
    let weekday = "0 to 7 or SUN to SAT (0 and 7 are Sunday), as in MON-FRI, 5L for the last Friday of the month, or 1#2 for its second Monday";
    for (cron, part, says) in [
        ("61 9 * * *", "61", "\"61\" is not the minute: 0 to 59, as in 0, 0,30, 10-20 or */15".to_owned()),
        ("0 9,24 * * *", "24", "\"24\" is not the hour: 0 to 23, as in 9, 9,17, 9-17 or */2".to_owned()),
        ("0 22-6 * * *", "22-6", "22-6 runs backwards in the hour: write 22-23,0-6".to_owned()),
        ("0/10 9 * * *", "0/10", "a step needs a range: write 0-59/10 for the minute".to_owned()),
        ("*/0 9 * * *", "*/0", "a step is a number from 1: \"/0\" is none, in the minute".to_owned()),
        ("0 9 * FOO *", "FOO", "\"FOO\" is not the month: 1 to 12 or JAN to DEC".to_owned()),
        ("0 9 * * MON-FRX", "MON-FRX", format!("\"MON-FRX\" is not the day of the week: {weekday}")),
        ("0 9 * * L", "L", format!("\"L\" is not the day of the week: {weekday}")),
        ("0 9 * * 1#6", "1#6", format!("\"1#6\" is not the day of the week: {weekday}")),
        ("0 9 *,5 * *", "*", "* is every value: in the day of the month it stands alone".to_owned()),
        ("0 9 30 2 *", "30 2", "no year has a day that this names: February has 28 or 29 days".to_owned()),
        (
            "0 0 31 4,6 *",
            "31 4,6",
            "no year has a day that this names: April has 30 days, June has 30 days".to_owned(),
        ),
        ("0 0 31W 4 ?", "31W 4", "no year has a day that this names: April has 30 days".to_owned()),
        ("MON 9 * * *", "MON", "\"MON\" is not the minute: 0 to 59, as in 0, 0,30, 10-20 or */15".to_owned()),
    ] {
        let problem = problem(&again(cron, "UTC", "1h"));
        assert_eq!((problem.field, problem.message), ("spec.cron", says), "{cron}");
        assert_eq!(&cron[problem.part.unwrap()], part, "{cron}");
    }
    let both = Calendar::new(&again("99 99 * * *", "UTC", "1h")).unwrap_err();
    assert_eq!(both.iter().map(|problem| problem.part.clone().unwrap()).collect::<Vec<_>>(), [0..2, 3..5]);
    let says = |cron| problem(&again(cron, "UTC", "1h")).message;
    assert_eq!(says("@daily"), "names such as @daily are not known here: write 0 0 * * *");
    let five = "cron has five fields: minute, hour, day of the month, month, day of the week, such as 0 9 * * MON-FRI";
    assert_eq!(says("0 0 9 * * *"), format!("{five} (none for seconds or years); this has 6"));
    assert_eq!(says("0 9 * *"), format!("{five}; this has 4"));
}

#[test]
fn times_and_lengths_say_what_would_be_right() {
    let how = "a time is written as 2026-11-27 06:00 (on the clocks of timeZone), or as 2026-11-27T06:00:00Z or 2026-11-27T06:00:00-05:00";
    let led = |lead: &str| Spec { lead_time: Some(lead.into()), ..again("0 9 * * *", "UTC", "1h") };
    let at = |at: &str| once(at, "UTC", "1h");
    let lasting = |duration: &str| once("2026-11-27 06:00", "UTC", duration);
    let start = "2026-11-27 06:00";
    for (spec, says) in [
        (at("tomorrow"), format!("spec.at: {how}")),
        (at("2026-11-27"), "spec.at: the time of day is missing: write 2026-11-27 06:00".to_owned()),
        (at("2026-11-27 6:00"), format!("spec.at: {how}")),
        (at("2026-11-27 24:00"), "spec.at: 24 is too much: hours are 00 to 23".to_owned()),
        (at("2027-02-29 06:00"), "spec.at: 2027-02-29 is in no calendar: February 2027 has the days 01 to 28".to_owned()),
        (at("2026-13-01 06:00"), "spec.at: 2026-13-01 is in no calendar: months are 01 to 12".to_owned()),
        (at("9999-12-31 06:00"), "spec.at: 9999-12-31 06:00 is too far away: the calendar ends with the year 9999".to_owned()),
        (lasting("0s"), "spec.duration: 0s is no time at all: write a length such as 4h or 90m".to_owned()),
        (lasting("745h"), "spec.duration: 745h is too long: at most 744h (31 days)".to_owned()),
        (lasting("2d"), "spec.duration: a length is written as 4h, 90m or 1h30m; a day is 24h".to_owned()),
        (lasting("90"), "spec.duration: a length is written as 4h, 90m or 1h30m: a unit is missing (h, m or s)".to_owned()),
        (lasting("30m1h"), "spec.duration: a length is written as 4h, 90m or 1h30m: hours, minutes and seconds, in this order".to_owned()),
        (led("25h"), "spec.leadTime: 25h is too long: at most 24h (a day)".to_owned()),
        (until(start, start, "UTC"), format!("spec.until: until must be later than at, which is {start}")),
        // An hour earlier by its text, and later in time.
        (until("2026-11-27T06:00:00-05:00", "2026-11-27T10:00:00Z", "UTC"), "spec.until: until must be later than at, which is 2026-11-27T06:00:00-05:00".to_owned()),
        (Spec { exclude_dates: vec!["2026-02-30".into()], ..again("0 9 * * *", "UTC", "1h") }, "spec.excludeDates: 2026-02-30 is in no calendar: February 2026 has the days 01 to 28".to_owned()),
        (Spec { exclude_dates: vec!["2026-12-25".into()], ..at(start) }, "spec.excludeDates: excludeDates belongs to cron".to_owned()),
        (Spec { duration: None, ..at(start) }, "spec.duration: a schedule has exactly one of duration and until: how long its window is, or when it ends".to_owned()),
        (Spec { cron: Some("0 9 * * *".into()), ..at(start) }, "spec.at: a schedule has exactly one of at (once) and cron (again and again)".to_owned()),
        (Spec { until: Some(start.into()), ..again("0 9 * * *", "UTC", "1h") }, "spec.duration: a cron has a duration, and no until".to_owned()),
    ] {
        assert_eq!(problem(&spec).to_string(), says);
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let spec = Spec { lead_time: Some("soon".into()), ..once("2026-02-30 06:00", "Nowhere", "1y") };
    let fields: Vec<_> = Calendar::new(&spec).unwrap_err().iter().map(|problem| problem.field).collect();
    assert_eq!(fields, ["spec.timeZone", "spec.leadTime", "spec.duration", "spec.at"]);
}
