//! The calendar, against the clocks of the world.

mod anything;
mod crons;
mod reference;
mod refused;
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

fn until(at: &str, until: &str, zone: &str) -> Spec {
    Spec { duration: None, until: Some(until.into()), ..once(at, zone, "") }
}

fn again(cron: &str, zone: &str, duration: &str) -> Spec {
    Spec { at: None, cron: Some(cron.into()), ..once("", zone, duration) }
}

fn calendar(spec: &Spec) -> Calendar {
    Calendar::new(spec).unwrap()
}

/// The next starts after an instant.
fn starts(spec: &Spec, after: &str, most: usize) -> Vec<String> {
    let calendar = calendar(spec);
    calendar.upcoming(at(after), NO_LEAD).take(most).map(|window| window.scheduled.to_string()).collect()
}
