use super::*;
use csop_shared::schedule::parse_zone;

fn clock(now: &str, zone: &str) -> Clock {
    Clock { now: now.parse().unwrap(), zone: parse_zone("spec.timeZone", zone).unwrap() }
}

/// The instant, and how it is written.
fn read(text: &str, now: &str, zone: &str) -> String {
    let clock = clock(now, zone);
    match parse("spec.at", text, &clock, clock.now, Bound::Start) {
        Ok(when) => format!("{} = {}", when.written, when.instant),
        Err(problem) => format!("{problem}"),
    }
}

#[test]
fn what_people_type_is_read_on_the_clocks_of_the_zone() {
    // A Saturday, 09:30 in New York.
    let now = "2026-11-21T14:30:00Z";
    for (text, want) in [
        ("2026-11-27 08:00", "2026-11-27 08:00 = 2026-11-27T13:00:00Z"),
        ("2026-11-27T08:00", "2026-11-27 08:00 = 2026-11-27T13:00:00Z"),
        ("2026-11-27T08:00:30", "2026-11-27 08:00:30 = 2026-11-27T13:00:30Z"),
        ("2026-11-27T08:00:00Z", "2026-11-27T08:00:00Z = 2026-11-27T08:00:00Z"),
        ("2026-11-27T08:00:00+01:00", "2026-11-27T08:00:00+01:00 = 2026-11-27T07:00:00Z"),
        ("today 18:00", "2026-11-21 18:00 = 2026-11-21T23:00:00Z"),
        ("today 08:00", "2026-11-21 08:00 = 2026-11-21T13:00:00Z"),
        ("Tomorrow 8:05", "2026-11-22 08:05 = 2026-11-22T13:05:00Z"),
        ("friday 08:00", "2026-11-27 08:00 = 2026-11-27T13:00:00Z"),
        ("sat 10:00", "2026-11-21 10:00 = 2026-11-21T15:00:00Z"),
        ("saturday 09:30", "2026-11-28 09:30 = 2026-11-28T14:30:00Z"),
        ("18:00", "2026-11-21 18:00 = 2026-11-21T23:00:00Z"),
        ("09:00", "2026-11-22 09:00 = 2026-11-22T14:00:00Z"),
        ("in 30m", "2026-11-21T15:00:00Z = 2026-11-21T15:00:00Z"),
        ("+1h30m", "2026-11-21T16:00:00Z = 2026-11-21T16:00:00Z"),
        ("in 2d", "2026-11-23T14:30:00Z = 2026-11-23T14:30:00Z"),
        ("now", "2026-11-21T14:30:00Z = 2026-11-21T14:30:00Z"),
    ] {
        assert_eq!(read(text, now, "America/New_York"), want, "{text}");
    }
}

#[test]
fn times_around_a_change_of_clocks_are_those_that_the_operator_makes_of_them() {
    let spring = |text| read(text, "2027-03-13T17:00:00Z", "America/New_York");
    // 02:30 does not exist on the 14th: it is the instant of the jump.
    assert_eq!(spring("tomorrow 02:30"), "2027-03-14 02:30 = 2027-03-14T07:00:00Z");
    assert_eq!(spring("in 1d"), "2027-03-14T17:00:00Z = 2027-03-14T17:00:00Z");
    assert_eq!(spring("tomorrow 12:00"), "2027-03-14 12:00 = 2027-03-14T16:00:00Z");
    // 01:30 is there twice: a start is the first, an end the second.
    let autumn = clock("2026-10-31T16:00:00Z", "America/New_York");
    let bound = |bound| parse("f", "sunday 01:30", &autumn, autumn.now, bound).unwrap().instant.to_string();
    assert_eq!(bound(Bound::Start), "2026-11-01T05:30:00Z");
    assert_eq!(bound(Bound::End), "2026-11-01T06:30:00Z");
    // Between the two, the next 01:30 by its first occurrence is tomorrow's.
    assert_eq!(
        read("01:30", "2026-11-01T06:00:00Z", "America/New_York"),
        "2026-11-02 01:30 = 2026-11-02T06:30:00Z"
    );
    // Half an hour in Lord Howe, and a date that is another one than in UTC.
    assert_eq!(
        read("today 23:00", "2026-10-03T14:00:00Z", "Australia/Lord_Howe"),
        "2026-10-04 23:00 = 2026-10-04T12:00:00Z"
    );
}

#[test]
fn an_end_is_the_next_one_after_the_start() {
    let clock = clock("2026-11-21T14:30:00Z", "UTC");
    let start = "2026-11-27T20:00:00Z".parse().unwrap();
    let end = |text| parse("spec.until", text, &clock, start, Bound::End).unwrap().written;
    assert_eq!(end("22:00"), "2026-11-27 22:00");
    assert_eq!(end("06:00"), "2026-11-28 06:00");
    assert_eq!(end("monday 06:00"), "2026-11-30 06:00");
    assert_eq!(end("tomorrow 06:00"), "2026-11-22 06:00");
}

#[test]
fn what_is_no_time_is_said_with_its_part() {
    let told = |text: &str| {
        let clock = clock("2026-11-21T14:30:00Z", "UTC");
        let problem = parse("--at", text, &clock, clock.now, Bound::Start).unwrap_err();
        crate::marks::marked("--at", text, problem.part, &problem.message)
    };
    let all = [
        "2026-02-30 08:00",
        "2026-13-01 08:00",
        "2026-11-27",
        "2026-11-27 25:00",
        "2026/11/27 08:00",
        "tomorow 18:00",
        "fridya 8:00",
        "mon day 8:00",
        "tomorrow",
        "tomorrow 6pm",
        "friday 18:61",
        "24:00",
        "in a while",
        "in 4",
        "in 3w",
        "next week",
        "noon",
        "",
        "ø",
    ];
    insta::assert_snapshot!(all.map(told).join("\n"));
}

#[test]
fn civil_times_are_told_from_instants() {
    let civil = |text: &str| When { instant: Timestamp::UNIX_EPOCH, written: text.to_owned() }.is_civil();
    assert!(civil("2026-11-27 08:00") && civil("2026-11-27 08:00:00"));
    assert!(
        !civil("2026-11-27T08:00:00Z")
            && !civil("2026-11-27T08:00:00-05:00")
            && !civil("2026-11-27T08:00-05:00")
    );
}
