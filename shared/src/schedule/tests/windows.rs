//! Windows of single times: examples, and the clocks of zones.

use super::{NO_LEAD, again, at, calendar, once, problems, starts};
use crate::api::CashServiceScheduledScaleSpec as Spec;
use crate::schedule::{Window, in_the_past};
use jiff::{SignedDuration, Timestamp};

fn window(spec: &Spec) -> (String, String) {
    let window = calendar(spec).upcoming(Timestamp::MIN, NO_LEAD).next().unwrap();
    (window.start.to_string(), window.end.to_string())
}

fn until(at: &str, until: &str, zone: &str) -> Spec {
    Spec { duration: None, until: Some(until.into()), ..once(at, zone, "") }
}

#[test]
fn one_window_begins_and_ends_at_its_instants() {
    let new_york = "America/New_York";
    let night = "2027-03-13 22:00";
    for (spec, start, end) in [
        (once("2026-11-27 06:00", new_york, "4h"), "2026-11-27T11:00:00Z", "2026-11-27T15:00:00Z"),
        (once(night, new_york, "8h"), "2027-03-14T03:00:00Z", "2027-03-14T11:00:00Z"),
        (until(night, "2027-03-14 06:00", new_york), "2027-03-14T03:00:00Z", "2027-03-14T10:00:00Z"),
        (
            once("2026-11-27T06:00:00-05:00", "Asia/Tokyo", "90m"),
            "2026-11-27T11:00:00Z",
            "2026-11-27T12:30:00Z",
        ),
    ] {
        assert_eq!(window(&spec), (start.to_owned(), end.to_owned()), "{spec:?}");
    }
}

#[test]
fn a_window_is_active_from_its_start_until_before_its_end() {
    let calendar = calendar(&once("2026-11-27 06:00", "America/New_York", "4h"));
    for (now, active) in [
        ("2026-11-27T10:59:59.999999999Z", false),
        ("2026-11-27T11:00:00Z", true),
        ("2026-11-27T14:59:59.999999999Z", true),
        ("2026-11-27T15:00:00Z", false),
    ] {
        assert_eq!(calendar.active(at(now), NO_LEAD).is_some(), active, "{now}");
    }
}
