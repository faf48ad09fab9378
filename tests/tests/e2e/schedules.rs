//! Schedules on the real control plane, by a clock that the test sets.

use csop_shared::api::cash_service_scheduled_scale::{HistoryOutcome, Phase};
use csop_shared::api::{CashService, CashServiceScheduledScale, GeneralScaler};
use csop_shared::conditions::find;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::ResourceExt as _;
use serde_json::{Value, json};

use crate::clockwork::Clockwork;
use crate::scene::{SHOP, Scene};

/// A service between 2 and 30 replicas, and an operator at eight o'clock.
async fn scene(name: &str, autoscaling: Value) -> (Scene, Clockwork) {
    let scene = Scene::without_operator(name).await;
    let mut clock = Clockwork::at("2026-11-27T08:00:00Z");
    clock.start(&scene).await;
    scene.service(SHOP, json!({"replicas": 2, "autoscaling": autoscaling})).await;
    scene.ready(SHOP).await;
    (scene, clock)
}

fn hpa() -> Value {
    json!({"minReplicas": 2, "maxReplicas": 30})
}

/// A schedule of the service over defaults: from nine to ten, at least ten replicas.
fn schedule(name: &str, fields: Value) -> Value {
    let mut spec =
        json!({"serviceRef": {"name": SHOP}, "at": "2026-11-27 09:00", "duration": "1h", "minReplicas": 10});
    for (key, value) in fields.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(spec.as_object_mut().unwrap().remove(key)),
            value => spec[key] = value.clone(),
        }
    }
    json!({"apiVersion": "csop.dev/v1alpha1", "kind": "CashServiceScheduledScale", "metadata": {"name": name}, "spec": spec})
}

pub(crate) async fn bounds(scene: &Scene, min: i32, max: i32) {
    let what = format!("has min {min}, max {max}");
    let holds = |hpa: &HorizontalPodAutoscaler| {
        hpa.spec.as_ref().is_some_and(|spec| (spec.min_replicas, spec.max_replicas) == (Some(min), max))
    };
    scene.until(SHOP, &what, holds).await;
}

pub(crate) async fn phase(scene: &Scene, name: &str, phase: Phase) -> CashServiceScheduledScale {
    let is = |s: &CashServiceScheduledScale| {
        let status = s.status.as_ref();
        status.is_some_and(|status| {
            status.phase == Some(phase) && status.observed_generation == s.metadata.generation
        })
    };
    scene.until(name, &format!("is {}", phase.as_str()), is).await
}

pub(crate) async fn size(scene: &Scene, name: &str, wanted: i32) {
    let holds = |d: &Deployment| d.spec.as_ref().unwrap().replicas == Some(wanted);
    scene.until(name, &format!("has {wanted} replicas"), holds).await;
}

fn outcomes(schedule: &CashServiceScheduledScale) -> Vec<HistoryOutcome> {
    schedule.status.iter().flat_map(|status| &status.history).map(|entry| entry.outcome).collect()
}

fn reason<'a>(schedule: &'a CashServiceScheduledScale, kind: &str) -> &'a str {
    &find(&schedule.status.as_ref().unwrap().conditions, kind).unwrap().reason
}

#[tokio::test]
async fn a_window_raises_the_minimum_and_gives_it_back() {
    let (scene, clock) = scene("schedules-window", hpa()).await;
    scene.apply(&schedule("friday", json!({})).to_string()).await;
    phase(&scene, "friday", Phase::Pending).await;
    bounds(&scene, 2, 30).await;
    clock.set("2026-11-27T08:59:59Z");
    bounds(&scene, 10, 30).await;
    let active = phase(&scene, "friday", Phase::Active).await;
    let answered = |s: &CashServiceScheduledScale| {
        s.status.as_ref().unwrap().answer.as_deref() == Some("min 10, max 30")
    };
    scene.until("friday", "has the target's answer", answered).await;
    assert_eq!(outcomes(&active), [HistoryOutcome::Applied]);
    let in_force = |s: &CashService| s.status.as_ref().unwrap().schedules == ["friday"];
    scene.until(SHOP, "names the schedule", in_force).await;
    clock.set("2026-11-27T09:59:59Z");
    bounds(&scene, 2, 30).await;
    phase(&scene, "friday", Phase::Completed).await;
}

#[tokio::test]
async fn edits_of_schedule_and_service_count_inside_the_window() {
    let (scene, clock) = scene("schedules-edits", hpa()).await;
    scene.apply(&schedule("friday", json!({})).to_string()).await;
    clock.set("2026-11-27T09:10:00Z");
    bounds(&scene, 10, 30).await;
    scene.apply(&schedule("friday", json!({"minReplicas": 14})).to_string()).await;
    bounds(&scene, 14, 30).await;
    scene.apply(&schedule("friday", json!({"minReplicas": null, "addReplicas": 3})).to_string()).await;
    bounds(&scene, 5, 30).await;
    scene.service(SHOP, json!({"autoscaling": {"minReplicas": 6, "maxReplicas": 8}})).await;
    bounds(&scene, 8, 8).await;
    let clamped = |s: &CashServiceScheduledScale| reason(s, "Limited") == "ByMax";
    scene.until("friday", "is limited", clamped).await;
    scene.apply(&schedule("friday", json!({"minReplicas": 12, "raiseMax": true})).to_string()).await;
    bounds(&scene, 12, 12).await;
    clock.set("2026-11-27T10:00:00Z");
    bounds(&scene, 6, 8).await;
}

#[tokio::test]
async fn what_two_add_together_is_limited_for_both() {
    let (scene, clock) = scene("schedules-together", hpa()).await;
    let add = json!({"minReplicas": null, "addReplicas": 16});
    scene.apply(&schedule("one", add.clone()).to_string()).await;
    let clamped = |s: &CashServiceScheduledScale| reason(s, "Limited") == "ByMax";
    let fits = |s: &CashServiceScheduledScale| reason(s, "Limited") == "NotLimited";
    phase(&scene, "one", Phase::Pending).await;
    scene.until("one", "fits alone", fits).await;
    clock.set("2026-11-27T09:10:00Z");
    bounds(&scene, 18, 30).await;
    scene.apply(&schedule("two", add).to_string()).await;
    bounds(&scene, 30, 30).await;
    phase(&scene, "two", Phase::Active).await;
    scene.until("one", "is limited", clamped).await;
    scene.until("two", "is limited", clamped).await;
    scene.kubectl(["delete", "css", "two"]).await;
    scene.until("one", "fits alone again", fits).await;
}

#[tokio::test]
async fn deleting_and_suspending_end_a_window() {
    let (scene, clock) = scene("schedules-end", hpa()).await;
    scene.apply(&schedule("one", json!({})).to_string()).await;
    scene.apply(&schedule("two", json!({"minReplicas": 12})).to_string()).await;
    clock.set("2026-11-27T09:10:00Z");
    bounds(&scene, 12, 30).await;
    scene.apply(&schedule("two", json!({"minReplicas": 12, "suspend": true})).to_string()).await;
    bounds(&scene, 10, 30).await;
    phase(&scene, "two", Phase::Suspended).await;
    scene.kubectl(["delete", "css", "one"]).await;
    bounds(&scene, 2, 30).await;
    scene.apply(&schedule("two", json!({"minReplicas": 12, "suspend": false})).to_string()).await;
    bounds(&scene, 12, 30).await;
}

#[tokio::test]
async fn windows_that_overlap_or_meet_leave_no_dip() {
    let (scene, clock) = scene("schedules-overlap", json!({"mode": "Fixed"})).await;
    let seen = crate::witness::Witness::of(&scene).await;
    scene.apply(&schedule("first", json!({})).to_string()).await;
    scene.apply(&schedule("second", json!({"at": "2026-11-27 10:00", "minReplicas": 8})).to_string()).await;
    scene
        .apply(
            &schedule(
                "beside",
                json!({"at": "2026-11-27 09:30", "duration": "1h", "minReplicas": null, "addReplicas": 4}),
            )
            .to_string(),
        )
        .await;
    clock.set("2026-11-27T09:00:00Z");
    size(&scene, SHOP, 10).await;
    clock.set("2026-11-27T09:40:00Z");
    phase(&scene, "beside", Phase::Active).await;
    clock.set("2026-11-27T09:59:59Z");
    size(&scene, SHOP, 8).await;
    clock.set("2026-11-27T10:40:00Z");
    phase(&scene, "beside", Phase::Completed).await;
    clock.set("2026-11-27T11:00:00Z");
    size(&scene, SHOP, 2).await;
    assert_eq!(seen.sizes(SHOP), [2, 8, 10]);
}

#[tokio::test]
async fn an_operator_that_was_away_comes_late_or_misses_the_window() {
    let (scene, mut clock) = scene("schedules-away", hpa()).await;
    scene.apply(&schedule("friday", json!({})).to_string()).await;
    scene.apply(&schedule("early", json!({"at": "2026-11-27 08:30", "duration": "10m"})).to_string()).await;
    phase(&scene, "friday", Phase::Pending).await;
    phase(&scene, "early", Phase::Pending).await;
    clock.stop().await;
    clock.set("2026-11-27T09:20:00Z");
    clock.start(&scene).await;
    bounds(&scene, 10, 30).await;
    let late = phase(&scene, "friday", Phase::Active).await;
    assert_eq!(outcomes(&late), [HistoryOutcome::LateStart]);
    let entry = &late.status.as_ref().unwrap().history[0];
    let lateness = entry.applied_time.as_ref().unwrap().0.duration_since(entry.scheduled_time.0);
    assert_eq!(lateness.as_mins(), 20);
    let missed = phase(&scene, "early", Phase::Missed).await;
    assert_eq!(outcomes(&missed), [HistoryOutcome::Missed]);
    let told =
        scene.kubectl(["get", "events", "--field-selector=reason=WindowMissed", "--output=name"]).await;
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[tokio::test]
async fn a_clock_that_is_set_back_or_forward_applies_nothing_twice_and_misses_nothing_open() {
    let (scene, clock) = scene("schedules-clock", hpa()).await;
    let daily = json!({"at": null, "cron": "0 9 27,28 11 *", "minReplicas": null, "addPercent": 100, "base": "CurrentAtStart"});
    scene.apply(&schedule("daily", daily).to_string()).await;
    clock.set("2026-11-27T09:00:00Z");
    bounds(&scene, 4, 30).await;
    size(&scene, SHOP, 4).await;
    clock.set("2026-11-27T08:00:00Z");
    bounds(&scene, 2, 30).await;
    clock.set("2026-11-27T09:00:00Z");
    bounds(&scene, 4, 30).await;
    let back = phase(&scene, "daily", Phase::Active).await;
    assert_eq!(outcomes(&back), [HistoryOutcome::Applied]);
    clock.set("2026-11-28T09:30:00Z");
    let forward = |s: &CashServiceScheduledScale| s.status.as_ref().unwrap().history.len() == 2;
    let forward = scene.until("daily", "has begun again", forward).await;
    assert_eq!(outcomes(&forward)[1], HistoryOutcome::LateStart);
    phase(&scene, "daily", Phase::Active).await;
    scene.kubectl(["delete", "css", "daily"]).await;
    bounds(&scene, 2, 30).await;
}

#[tokio::test]
async fn a_scaler_gets_floors_of_its_own_and_of_its_service() {
    let scaler = json!({"intervalSeconds": 1, "safety": {"maxScaleDownRate": 3, "cooldownSeconds": 2, "stabilizationWindowSeconds": {"down": 0}}});
    let autoscaling = json!({"mode": "GeneralScaler", "minReplicas": 2, "maxReplicas": 30, "scaler": scaler});
    let (scene, clock) = scene("schedules-scaler", autoscaling).await;
    scene.apply(&schedule("of-service", json!({})).to_string()).await;
    let of_scaler = json!({"serviceRef": null, "targetRef": {"kind": "GeneralScaler", "name": SHOP}, "at": "2026-11-27 09:30", "duration": "10m", "minReplicas": 13});
    scene.apply(&schedule("of-scaler", of_scaler).to_string()).await;
    clock.set("2026-11-27T09:00:00Z");
    size(&scene, SHOP, 10).await;
    clock.set("2026-11-27T09:30:00Z");
    size(&scene, SHOP, 13).await;
    let both =
        |g: &GeneralScaler| g.status.as_ref().is_some_and(|s| s.schedules == ["of-scaler", "of-service"]);
    let scaled = scene.until(SHOP, "names both schedules", both).await;
    let last = scaled.status.unwrap().operations.pop().unwrap();
    assert_eq!((last.cause.to_string().as_str(), last.starts_cooldown), ("Schedule(of-scaler)", false));
    let answered = |s: &CashServiceScheduledScale| s.status.as_ref().unwrap().answer.is_some();
    scene.until("of-scaler", "has the target's answer", answered).await;
    clock.set("2026-11-27T09:40:00Z");
    size(&scene, SHOP, 10).await;
    clock.set("2026-11-27T10:00:00Z");
    size(&scene, SHOP, 7).await;
    size(&scene, SHOP, 2).await;
}

#[tokio::test]
async fn a_floor_comes_while_a_cooldown_runs() {
    let scaler = json!({"intervalSeconds": 1, "safety": {"maxScaleUpRate": 2, "cooldownSeconds": 3600}});
    let autoscaling = json!({"mode": "GeneralScaler", "minReplicas": 2, "maxReplicas": 30, "scaler": scaler});
    let (scene, clock) = scene("schedules-cooldown", autoscaling).await;
    scene.apply(&schedule("steps", json!({"minReplicas": 20, "respectRateLimit": true})).to_string()).await;
    scene.apply(&schedule("at-once", json!({"at": "2026-11-27 09:10"})).to_string()).await;
    clock.set("2026-11-27T09:00:00Z");
    size(&scene, SHOP, 4).await;
    let cooling = |g: &GeneralScaler| {
        g.status.as_ref().is_some_and(|s| s.operations.last().is_some_and(|last| last.starts_cooldown))
    };
    scene.until(SHOP, "has a cooldown", cooling).await;
    clock.set("2026-11-27T09:10:00Z");
    size(&scene, SHOP, 10).await;
}

#[tokio::test]
async fn what_demand_has_raised_is_lowered_neither_at_the_start_nor_at_the_end() {
    let (scene, clock) = scene("schedules-demand", hpa()).await;
    let seen = crate::witness::Witness::of(&scene).await;
    scene.apply(&schedule("friday", json!({"minReplicas": 6})).to_string()).await;
    phase(&scene, "friday", Phase::Pending).await;
    scene.kubectl(["scale", "deployment", SHOP, "--replicas=8"]).await;
    clock.set("2026-11-27T09:00:00Z");
    bounds(&scene, 6, 30).await;
    phase(&scene, "friday", Phase::Active).await;
    clock.set("2026-11-27T10:00:00Z");
    bounds(&scene, 2, 30).await;
    phase(&scene, "friday", Phase::Completed).await;
    assert_eq!(seen.sizes(SHOP), [2, 8]);
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_by_the_api_or_invalid_with_the_reason() {
    let (scene, _clock) = scene("schedules-invalid", hpa()).await;
    scene.service("other", json!({"autoscaling": {"mode": "External"}})).await;
    let refused = async |fields: Value| {
        let output =
            scene.cluster.apply(&scene.namespace, &schedule("bad", fields.clone()).to_string()).await;
        assert!(!output.status.success(), "{fields}");
        output.stderr
    };
    let says = refused(json!({"at": null, "cron": "61 9 * * *"})).await;
    assert!(says.contains("the first field of cron is the minute"), "{says}");
    let says = refused(json!({"at": null, "cron": "0 9 30 2 *"})).await;
    assert!(says.contains("no year has a day that this cron names"), "{says}");
    let says = refused(json!({"at": "2027-02-29 06:00"})).await;
    assert!(says.contains("this date is in no calendar"), "{says}");
    let says = refused(json!({"duration": null, "until": "2026-11-27 08:59"})).await;
    assert!(says.contains("until must be later than at"), "{says}");
    let says = refused(json!({"addReplicas": 3})).await;
    assert!(says.contains("exactly one of minReplicas, addReplicas and addPercent"), "{says}");
    for (name, fields, reason_wanted) in [
        ("external", json!({"serviceRef": {"name": "other"}}), "NotScaledByCsop"),
        ("zone", json!({"timeZone": "America/NewYork"}), "InvalidTime"),
        ("past", json!({"at": "2020-01-01 06:00"}), "InThePast"),
        ("never", json!({"at": null, "cron": "0 9 31 4-4 *"}), "InvalidTime"),
        (
            "application",
            json!({"serviceRef": null, "targetRef": {"kind": "MoneyPositive", "name": "app"}}),
            "KindNotInstalled",
        ),
    ] {
        scene.apply(&schedule(name, fields).to_string()).await;
        let invalid = phase(&scene, name, Phase::Invalid).await;
        assert_eq!(reason(&invalid, "Ready"), reason_wanted, "{}", invalid.name_any());
    }
}
