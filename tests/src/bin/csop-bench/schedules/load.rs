//! Schedules whose windows are far away.

use csop_shared::api::{CashService, CashServiceScheduledScale};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use kube::ResourceExt as _;
use serde_json::{Value, json};

/// The clocks that they are read from.
pub const ZONES: [&str; 6] =
    ["UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tokyo"];

/// So many schedules for services in turn: as many with one window as with windows again and again. None begins within months.
pub fn schedules(services: &[CashService], number: usize) -> Vec<CashServiceScheduledScale> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    (0..number).map(|n| schedule(&services[n % services.len()], n / services.len(), n, today)).collect()
}

fn schedule(service: &CashService, turn: usize, n: usize, today: Date) -> CashServiceScheduledScale {
    let mut spec = json!({
        "serviceRef": {"name": service.name_any()},
        "timeZone": ZONES[n % ZONES.len()],
        "duration": "4h",
    });
    let (key, floor) = [("minReplicas", 2), ("addReplicas", 1), ("addPercent", 100)][turn % 3];
    spec[key] = json!(floor);
    let when = if turn.is_multiple_of(2) { ("at", at(n, today)) } else { ("cron", cron(n, today)) };
    spec[when.0] = Value::from(when.1);
    let meta =
        json!({"name": format!("raise-{turn}-{}", service.name_any()), "namespace": service.namespace()});
    let object = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "CashServiceScheduledScale",
        "metadata": meta, "spec": spec});
    serde_json::from_value(object).expect("a fixed object has its kind's shape")
}

/// A morning in one of the two years that begin half a year from now.
fn at(n: usize, today: Date) -> String {
    let days = i64::try_from(180 + n % 730).expect("three years are not many days");
    let day = today.checked_add(days.days()).expect("the calendar goes on for three years");
    day.strftime("%Y-%m-%d 08:30").to_string()
}

/// Times in the month that is four months away.
fn cron(n: usize, today: Date) -> String {
    let month = today.checked_add(4.months()).expect("the calendar goes on for months").month();
    let times = ["0 9 *", "30 6 L", "*/5 8-17 *", "0,30 18 1,15"];
    let weekdays = ["*", "MON-FRI", "SAT#2"];
    let (time, weekday) = (times[n % times.len()], weekdays[n / times.len() % weekdays.len()]);
    format!("{time} {month} {weekday}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use csop_shared::schedule::Calendar;
    use jiff::SignedDuration;

    #[test]
    fn none_of_them_begins_while_it_is_measured() {
        let services = crate::load::services(&["a".to_owned()], 10);
        let (now, soon) = (Timestamp::now(), SignedDuration::from_hours(24 * 30));
        for schedule in schedules(&services, 1000) {
            let calendar = Calendar::new(&schedule.spec).unwrap();
            let next = calendar.upcoming(now, SignedDuration::ZERO).next().unwrap();
            assert!(next.start > now + soon && calendar.active(now, SignedDuration::ZERO).is_none());
        }
    }
}
