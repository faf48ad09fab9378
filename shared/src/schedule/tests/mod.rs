//! The calendar, against the clocks of the world.

mod windows;

use super::Calendar;
use crate::api::CashServiceScheduledScaleSpec as Spec;
use jiff::{SignedDuration, Timestamp};

const NO_LEAD: SignedDuration = SignedDuration::ZERO;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn once(at: &str, zone: &str, duration: &str) -> Spec {
    Spec {
        at: Some(at.into()),
        time_zone: Some(zone.into()),
        duration: Some(duration.into()),
        ..Spec::default()
    }
}

fn again(cron: &str, zone: &str, duration: &str) -> Spec {
    Spec {
        cron: Some(cron.into()),
        time_zone: Some(zone.into()),
        duration: Some(duration.into()),
        ..Spec::default()
    }
}

fn calendar(spec: &Spec) -> Calendar {
    Calendar::new(spec).unwrap()
}

/// The next starts after an instant.
fn starts(spec: &Spec, after: &str, most: usize) -> Vec<String> {
    let windows = calendar(spec);
    windows.upcoming(at(after), NO_LEAD).take(most).map(|window| window.scheduled.to_string()).collect()
}

/// What is wrong with a spec.
fn problems(spec: &Spec) -> Vec<String> {
    Calendar::new(spec).unwrap_err().iter().map(ToString::to_string).collect()
}
