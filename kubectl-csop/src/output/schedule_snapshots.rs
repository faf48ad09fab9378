//! Snapshots of what people see of schedules.

use super::paint::Paint;
use super::{facts, scaler, schedules, service};
use crate::view::children::Children;
use crate::view::schedules::{Days, SchedulesView, view};
use csop_shared::api::{CashService, CashServiceScheduledScale, GeneralScaler};
use csop_shared::schedule::{Bound, instant_of};
use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use kube::core::DeserializeGuard;
use serde_json::{Value, json};

/// A Friday, in the afternoon.
fn now() -> Timestamp {
    "2026-11-27T14:48:00Z".parse().unwrap()
}

fn schedule(name: &str, spec: Value, status: Value) -> CashServiceScheduledScale {
    let metadata = json!({"name": name, "namespace": "pay", "creationTimestamp": "2026-11-20T00:00:00Z"});
    serde_json::from_value(json!({"metadata": metadata, "spec": spec, "status": status})).unwrap()
}

fn some() -> Vec<CashServiceScheduledScale> {
    let (shop, cart) = (json!({"name": "shop"}), json!({"kind": "GeneralScaler", "name": "cart"}));
    vec![
        schedule(
            "friday",
            json!({"serviceRef": shop, "at": "2026-11-27 18:00", "duration": "5h", "minReplicas": 12}),
            json!({"phase": "Pending", "floor": 12}),
        ),
        schedule(
            "shop-20261127-0800-x7k2",
            json!({"serviceRef": shop, "at": "2026-11-27 08:00", "timeZone": "America/New_York", "duration": "4h", "addReplicas": 20}),
            json!({"phase": "Active", "floor": 23, "conditions": [
                {"type": "Limited", "status": "True", "reason": "ByMax", "message": "23 replicas are asked for, maxReplicas is 20: set raiseMax to exceed it", "lastTransitionTime": "2026-11-27T13:00:00Z"},
            ]}),
        ),
        schedule(
            "mornings",
            json!({"targetRef": cart, "cron": "30 8 * * MON-FRI", "timeZone": "Europe/Berlin", "duration": "90m", "addPercent": 50}),
            Value::Null,
        ),
        schedule(
            "held",
            json!({"serviceRef": shop, "cron": "0 0 * * *", "duration": "1h", "addReplicas": 1, "suspend": true}),
            json!({"phase": "Pending"}),
        ),
        schedule(
            "wrong",
            json!({"serviceRef": shop, "at": "2026-11-31 08:00", "duration": "1h", "addReplicas": 1}),
            Value::Null,
        ),
        schedule(
            "past",
            json!({"serviceRef": shop, "at": "2026-11-20 08:00", "duration": "1h", "addReplicas": 1}),
            json!({"phase": "Completed"}),
        ),
    ]
}

fn seen(
    all: Vec<CashServiceScheduledScale>,
    zone: &TimeZone,
    first: jiff::civil::Date,
    count: i64,
) -> SchedulesView {
    let midnight = |date: jiff::civil::Date| instant_of(date.at(0, 0, 0, 0), zone, Bound::Start).unwrap();
    let days = Days {
        now: now(),
        time_zone: zone.iana_name().unwrap().to_owned(),
        from: midnight(first),
        to: midnight(first + count.days()),
    };
    view(all.into_iter().map(|schedule| DeserializeGuard(Ok(schedule))), &days)
}

fn style(zone: &TimeZone, width: Option<usize>) -> schedules::Style {
    schedules::Style { namespaces: false, wide: false, width, unicode: true, zone: zone.clone() }
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

#[test]
fn a_list_with_its_calendar() {
    let view = seen(some(), &berlin(), date(2026, 11, 27), 7);
    let text = |width| schedules::text(&view, &style(&berlin(), width));
    insta::assert_snapshot!([text(None), text(Some(40)), text(Some(80)), text(Some(120))].join("\n====\n"));
}

#[test]
fn a_wide_list_of_all_namespaces_in_ascii() {
    let view = seen(some(), &TimeZone::UTC, date(2026, 11, 27), 2);
    let style =
        schedules::Style { namespaces: true, wide: true, unicode: false, ..style(&TimeZone::UTC, Some(80)) };
    insta::assert_snapshot!(schedules::text(&view, &style));
}

#[test]
fn days_with_a_change_of_clocks() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let night = || {
        let spec = json!({"serviceRef": {"name": "shop"}, "cron": "0 0 * * *", "timeZone": "America/New_York", "duration": "5h", "minReplicas": 9});
        vec![schedule("nights", spec, Value::Null)]
    };
    let text = |first| {
        let view = seen(night(), &zone, first, 2);
        schedules::text(&view, &style(&zone, Some(40)))
    };
    insta::assert_snapshot!([text(date(2027, 3, 13)), text(date(2026, 10, 31))].join("\n"));
}

#[test]
fn without_a_window_there_is_no_calendar() {
    let view = seen(some().split_off(4), &berlin(), date(2026, 11, 27), 7);
    assert!(!schedules::text(&view, &style(&berlin(), Some(80))).contains("Clocks of"));
}

#[test]
fn a_day_of_many_targets_is_cut() {
    let of = |n: i32| {
        let spec = json!({"serviceRef": {"name": format!("shop-{n:02}")}, "cron": "*/5 * * * *", "duration": "5m", "minReplicas": 2});
        schedule(&format!("s{n}"), spec, Value::Null)
    };
    let view = seen((0..23).map(of).collect(), &TimeZone::UTC, date(2026, 11, 27), 2);
    let text = schedules::text(&view, &style(&TimeZone::UTC, Some(80)));
    assert_eq!(text.matches("and 3 more\n").count(), 2, "{text}");
    assert!(text.contains(&format!("Sat 28 {} shop-00 2\n", "█".repeat(48))), "{text}");
}

#[test]
fn a_list_as_json() {
    let view = seen(some().split_off(1), &berlin(), date(2026, 11, 27), 2);
    insta::assert_snapshot!(super::json(&view));
}

#[test]
fn a_service_tells_its_schedules() {
    let service: CashService = serde_json::from_value(json!({
        "metadata": {"name": "shop", "namespace": "pay"},
        "spec": {"image": "shop:1", "autoscaling": {"minReplicas": 3, "maxReplicas": 20}},
        "status": {"replicas": 20, "readyReplicas": 20, "wantedReplicas": 20, "bounds": {"min": 20, "max": 20, "source": "Schedule"}},
    }))
    .unwrap();
    let children = Children { schedules: some(), read_at: Some(now()), ..Children::default() };
    let view = crate::view::service::view(&service, &children);
    let plain = service::Style { wide: false, width: None, unicode: true, paint: Paint::new(false) };
    let narrow = service::Style { width: Some(40), ..plain };
    insta::assert_snapshot!(
        [service::text(&view, plain, now()), service::text(&view, narrow, now())].join("\n")
    );
    let told = facts::of_service(&view);
    assert_eq!(told["Schedule/friday"], "floor 12 at 2026-11-27T18:00:00Z");
    assert_eq!(told["Schedule/shop-20261127-0800-x7k2"], "floor 23 until 2026-11-27T17:00:00Z");
}

#[test]
fn a_scaler_tells_its_schedules_and_those_of_its_service() {
    let scaler: GeneralScaler = serde_json::from_value(json!({
        "metadata": {"name": "cart", "namespace": "pay", "ownerReferences": [
            {"apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "name": "shop", "uid": "u1"},
        ]},
        "spec": {"targetDeployment": "cart", "minReplicas": 3, "maxReplicas": 30},
        "status": {"currentReplicas": 23, "schedules": ["shop-20261127-0800-x7k2", "strange"]},
    }))
    .unwrap();
    let mut view = crate::view::scaler::view(&scaler, &Err("nobody answers".to_owned()));
    view.windows = crate::view::scaler::windows(&scaler, &some(), now());
    let plain = scaler::Style { explain: false, wide: false, width: None, paint: Paint::new(false) };
    insta::assert_snapshot!(scaler::text(&view, plain, now()));
}
