//! Whatever is written and whenever it is: an answer, and no panic.

use crate::api::CashServiceScheduledScaleSpec as Spec;
use crate::schedule::{Calendar, in_the_past};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn text(likely: &'static str) -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.7, prop_oneof![2 => ".{0,40}", 3 => likely])
}

fn instants() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        Just(Timestamp::MIN),
        Just(Timestamp::MAX),
        Just(Timestamp::UNIX_EPOCH),
        (Timestamp::MIN.as_nanosecond()..=Timestamp::MAX.as_nanosecond())
            .prop_map(|at| Timestamp::from_nanosecond(at).unwrap()),
        (Timestamp::MAX.as_second() - 100_000..=Timestamp::MAX.as_second())
            .prop_map(|at| Timestamp::from_second(at).unwrap()),
    ]
}

fn leads() -> impl Strategy<Value = SignedDuration> {
    let any = any::<i64>().prop_map(SignedDuration::from_secs);
    prop_oneof![Just(SignedDuration::MIN), Just(SignedDuration::MAX), any]
}

fn item() -> &'static str {
    "([*?0-9]|[0-5][0-9]|[0-9]{1,2}-[0-9]{1,2}|[*]/[0-9]{1,2}|[0-9]{1,2},[0-9]{1,2}|L|LW|[0-9]W|[0-9]#[0-9]|[A-Za-z]{3})"
}

fn crons() -> impl Strategy<Value = Option<String>> {
    let fields = prop::collection::vec(item(), 4..7).prop_map(|fields| fields.join(" "));
    let days =
        prop::collection::vec(item(), 3).prop_map(|fields| format!("{} {}", "*/7 3,4", fields.join(" ")));
    prop::option::of(prop_oneof![".{0,40}", "[-0-9A-Za-z,*/#? ]{0,20}", fields, days])
}

fn specs() -> impl Strategy<Value = Spec> {
    let times = "-?[0-9]{3,4}-[0-9]{2}-[0-9]{2}[T ]?[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?";
    let far = "(9999-12-3|0000-01-0)[01] (0[0-9]|2[0-3]):[0-5][0-9]";
    let zone = "(UTC|America/New_York|Pacific/Apia|Asia/Tokio|[A-Za-z/_+-]{0,12})";
    let at = prop_oneof![text(times), text(far)];
    let length = || text("([0-9]{1,4}h)?([0-9]{1,6}m)?([0-9]{1,8}s)?");
    let dates = prop::collection::vec(prop_oneof![".{0,12}", "20[0-9]{2}-[01][0-9]-[0-3][0-9]"], 0..3);
    (at.boxed(), crons(), text(zone), length(), text(times), length(), dates).prop_map(
        |(at, cron, time_zone, duration, until, lead_time, exclude_dates)| {
            let (at, exclude_dates) = if cron.is_some() { (None, exclude_dates) } else { (at, Vec::new()) };
            let until = until.filter(|_| duration.is_none());
            Spec { at, cron, time_zone, duration, until, lead_time, exclude_dates, ..Spec::default() }
        },
    )
}

fn ask_everything(spec: &Spec, calendar: &Calendar, now: Timestamp, other: Timestamp, lead: SignedDuration) {
    calendar.active(now, lead);
    let upcoming: Vec<_> = calendar.upcoming(now, lead).take(5).collect();
    assert!(upcoming.iter().all(|window| window.scheduled <= window.end && window.start <= window.scheduled));
    assert!(upcoming.is_sorted_by(|a, b| a.scheduled < b.scheduled));
    assert!(calendar.next_change(now, lead).is_none_or(|change| change > now));
    assert!(calendar.ended(other, now, lead, 5).len() <= 5);
    calendar.is_over(now);
    in_the_past(spec, calendar, now);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_text_at_any_time(spec in specs(), now in instants(), other in instants(), lead in leads()) {
        match Calendar::new(&spec) {
            Ok(calendar) => ask_everything(&spec, &calendar, now, other, lead),
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    let text = match problem.field {
                        "spec.at" => spec.at.as_deref(),
                        "spec.cron" => spec.cron.as_deref(),
                        "spec.duration" => spec.duration.as_deref(),
                        "spec.until" => spec.until.as_deref(),
                        "spec.leadTime" => spec.lead_time.as_deref(),
                        _ => None,
                    };
                    if let Some(part) = problem.part {
                        prop_assert!(text.unwrap().get(part.clone()).is_some(), "{} {part:?}", problem.message);
                    }
                }
            }
        }
    }

    #[test]
    fn any_good_cron_at_any_time(minute in 0..60, now in instants(), other in instants(), lead in leads()) {
        for (zone, times) in [("Pacific/Apia", "*"), ("America/New_York", "3"), ("UTC", "*/7")] {
            let spec = super::again(&format!("{minute} {times} * * *"), zone, "90m");
            ask_everything(&spec, &super::calendar(&spec), now, other, lead);
        }
    }
}
