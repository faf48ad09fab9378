//! Schedules in real time, by an operator that is a process.

use csop_shared::api::CashServiceScheduledScale;
use csop_shared::api::cash_service_scheduled_scale::Phase;
use csop_tests::wait;
use jiff::{SignedDuration, Timestamp};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::scene::{SHOP, SOON, Scene};
use crate::schedules::{bounds, phase, size};

fn schedule(name: &str, at: Timestamp, duration: &str, fields: Value) -> String {
    let mut spec =
        json!({"serviceRef": {"name": SHOP}, "at": at.to_string(), "duration": duration, "minReplicas": 6});
    for (key, value) in fields.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    json!({"apiVersion": "csop.dev/v1alpha1", "kind": "CashServiceScheduledScale", "metadata": {"name": name}, "spec": spec})
        .to_string()
}

fn in_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second() + seconds).unwrap()
}

/// A window begins so many seconds after it was asked for: longer than it takes to see that it is planned.
const AHEAD: i64 = 20;
/// The length of a window that is seen to begin and to end.
const LENGTH: i64 = 30;

/// By how much the window was begun after its beginning, in whole seconds.
fn lateness(schedule: &CashServiceScheduledScale) -> i64 {
    let entry = &schedule.status.as_ref().unwrap().history[0];
    let begun = entry.applied_time.as_ref().unwrap().0;
    begun.duration_since(entry.scheduled_time.0).as_secs()
}

async fn until(time: Timestamp) {
    wait::until(SOON, &format!("it is {time}"), async || (Timestamp::now() >= time).then_some(())).await;
}

#[tokio::test]
async fn a_window_comes_and_goes_at_its_instants() {
    let scene = Scene::new("schedules-live").await;
    scene.service(SHOP, json!({"autoscaling": {"minReplicas": 2, "maxReplicas": 10}})).await;
    scene.ready(SHOP).await;
    let start = in_seconds(AHEAD);
    scene.apply(&schedule("soon", start, &format!("{LENGTH}s"), json!({}))).await;
    phase(&scene, "soon", Phase::Pending).await;
    bounds(&scene, 6, 10).await;
    assert!(Timestamp::now() >= start);
    let active = phase(&scene, "soon", Phase::Active).await;
    // Nothing but its instant begins it: the operator looks at what does not change every few minutes.
    assert!((0..LENGTH).contains(&lateness(&active)), "{:?}", active.status);
    bounds(&scene, 2, 10).await;
    assert!(Timestamp::now() >= start + SignedDuration::from_secs(LENGTH));
    phase(&scene, "soon", Phase::Completed).await;
}

#[tokio::test]
async fn an_operator_that_was_stopped_over_the_start_applies_the_window_once() {
    let scene = Scene::new("schedules-stopped").await;
    scene.service(SHOP, json!({"replicas": 2, "autoscaling": {"mode": "Fixed"}})).await;
    scene.ready(SHOP).await;
    let start = in_seconds(AHEAD);
    scene.apply(&schedule("soon", start, "1h", json!({}))).await;
    phase(&scene, "soon", Phase::Pending).await;
    scene.operator.as_ref().unwrap().signal(Signal::SIGSTOP);
    until(start + SignedDuration::from_secs(8)).await;
    size(&scene, SHOP, 2).await;
    scene.operator.as_ref().unwrap().signal(Signal::SIGCONT);
    size(&scene, SHOP, 6).await;
    let active = phase(&scene, "soon", Phase::Active).await;
    assert_eq!(active.status.unwrap().history.len(), 1);
}

/// A cooldown in seconds, and with it the time in which the first step must be seen.
const LEAST_LEAD: i64 = 12;

#[tokio::test]
async fn a_measured_lead_time_begins_before_the_start() {
    let scene = Scene::new("schedules-lead").await;
    let scaler =
        json!({"intervalSeconds": 1, "safety": {"maxScaleUpRate": 2, "cooldownSeconds": LEAST_LEAD}});
    let autoscaling = json!({"mode": "GeneralScaler", "minReplicas": 2, "maxReplicas": 10, "scaler": scaler});
    scene.service(SHOP, json!({"replicas": 2, "autoscaling": autoscaling})).await;
    scene.ready(SHOP).await;
    let start = in_seconds(50);
    let fields = json!({"leadTime": "auto", "respectRateLimit": true, "minReplicas": 6});
    scene.apply(&schedule("soon", start, "1h", fields)).await;
    let pending = phase(&scene, "soon", Phase::Pending).await;
    let lead = pending.status.unwrap().lead_seconds.unwrap();
    assert!((LEAST_LEAD..40).contains(&lead), "one cooldown, and what simulated pods need: {lead}");
    size(&scene, SHOP, 4).await;
    assert!(Timestamp::now() < start, "the first step comes before the start");
    size(&scene, SHOP, 6).await;
    phase(&scene, "soon", Phase::Active).await;
}
