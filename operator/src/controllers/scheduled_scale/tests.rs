//! Schedules from status to status, without a cluster and with a clock of the test's own.

use super::observe::{Observed, Target, Way};
use super::status::status;
use crate::runtime::events::Notice;
use csop_shared::api::cash_service::AutoscalingMode;
use csop_shared::api::cash_service_scheduled_scale::{HistoryOutcome, Phase};
use csop_shared::api::{CashServiceScheduledScale, CashServiceScheduledScaleStatus};
use csop_shared::conditions::{find, types};
use csop_shared::reasons::schedule as reasons;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A schedule, its target and its last status.
struct Scene {
    schedule: CashServiceScheduledScale,
    observed: Observed,
    writes: usize,
}

/// What a look led to.
struct Seen {
    status: CashServiceScheduledScaleStatus,
    alarm: Option<Timestamp>,
    events: Vec<Notice>,
}

fn at(time: &str) -> Timestamp {
    format!("2026-11-27T{time}Z").parse().unwrap()
}

impl Scene {
    fn new(fields: Value) -> Self {
        let mut spec = json!({"serviceRef": {"name": "shop"}});
        for (key, value) in fields.as_object().unwrap() {
            spec[key] = value.clone();
        }
        let meta = json!({"name": "friday", "namespace": "pay", "generation": 1, "creationTimestamp": "2026-11-27T00:00:00Z"});
        let schedule = serde_json::from_value(json!({"metadata": meta, "spec": spec})).unwrap();
        let target = Target { min: 3, max: Some(30), ..Target::default() };
        Self { schedule, observed: Observed { target: Some(target) }, writes: 0 }
    }

    /// From nine to ten, at least ten.
    fn nine_to_ten() -> Self {
        Self::new(json!({"at": "2026-11-27 09:00", "duration": "1h", "minReplicas": 10}))
    }

    fn target(&mut self) -> &mut Target {
        self.observed.target.as_mut().unwrap()
    }

    /// Every nine o'clock for an hour, one more than there are.
    fn one_more() -> Self {
        Self::new(json!({"cron": "0 9 * * *", "duration": "1h", "addPercent": 100, "base": "CurrentAtStart"}))
    }

    /// Edits a field of the spec.
    fn edit(&mut self, field: &str, value: Value) {
        let mut object = serde_json::to_value(&self.schedule).unwrap();
        object["spec"][field] = value;
        object["metadata"]["generation"] = json!(self.schedule.metadata.generation.unwrap() + 1);
        self.schedule = serde_json::from_value(object).unwrap();
    }

    fn look(&mut self, now: Timestamp) -> Seen {
        let verdict = status(&self.schedule, &self.observed, now);
        if self.schedule.status != verdict.status {
            self.writes += 1;
            self.schedule.status.clone_from(&verdict.status);
        }
        Seen { status: verdict.status.unwrap(), alarm: verdict.alarm, events: verdict.events }
    }

    fn phase(&mut self, now: Timestamp) -> Phase {
        self.look(now).status.phase.unwrap()
    }

    fn reason(&self, kind: &str) -> &str {
        &find(&self.schedule.status.as_ref().unwrap().conditions, kind).unwrap().reason
    }

    fn status(&self) -> &CashServiceScheduledScaleStatus {
        self.schedule.status.as_ref().unwrap()
    }

    fn outcomes(&self) -> Vec<HistoryOutcome> {
        self.status().history.iter().map(|entry| entry.outcome).collect()
    }
}

fn reasons_of(verdict: &Seen) -> Vec<&str> {
    verdict.events.iter().map(|event| event.reason.as_str()).collect()
}

#[test]
fn a_window_from_before_to_after() {
    let mut scene = Scene::nine_to_ten();
    let before = scene.look(at("08:00:00"));
    assert_eq!((before.status.phase, before.status.floor), (Some(Phase::Pending), Some(10)));
    assert_eq!(before.alarm, Some(at("09:00:00")));
    assert_eq!(before.status.next_time.as_ref().unwrap().0, at("09:00:00"));
    let begun = scene.look(at("09:00:00"));
    assert_eq!(begun.status.phase, Some(Phase::Active));
    assert_eq!(begun.alarm, Some(at("10:00:00")));
    assert_eq!(reasons_of(&begun), [reasons::WINDOW_STARTED]);
    let over = scene.look(at("10:00:00"));
    assert_eq!((over.status.phase, over.status.floor, over.alarm), (Some(Phase::Completed), None, None));
    assert_eq!(reasons_of(&over), [reasons::WINDOW_ENDED]);
    assert_eq!(scene.outcomes(), [HistoryOutcome::Applied]);
}

#[test]
fn between_transitions_nothing_is_written() {
    let mut scene = Scene::new(json!({"cron": "0 9 * * *", "duration": "1h", "minReplicas": 10}));
    for time in ["08:00:00", "08:30:00", "09:00:00", "09:00:01", "09:59:59", "10:00:00", "23:00:00"] {
        scene.look(at(time));
    }
    assert_eq!(scene.writes, 3);
}

#[test]
fn an_operator_that_comes_back_inside_the_window_applies_it_late() {
    let mut scene = Scene::nine_to_ten();
    scene.look(at("08:00:00"));
    let late = scene.look(at("09:20:00"));
    assert_eq!(reasons_of(&late), [reasons::LATE_START]);
    assert!(late.events[0].note.contains("1200 s after"), "{}", late.events[0].note);
    let entry = &scene.status().history[0];
    assert_eq!((entry.outcome, entry.floor), (HistoryOutcome::LateStart, Some(10)));
    assert_eq!(entry.applied_time.as_ref().unwrap().0, at("09:20:00"));
}

#[test]
fn an_operator_that_was_away_for_the_whole_window_missed_it() {
    let mut scene = Scene::nine_to_ten();
    scene.look(at("08:00:00"));
    let back = scene.look(at("11:00:00"));
    assert_eq!(back.status.phase, Some(Phase::Missed));
    assert_eq!(reasons_of(&back), [reasons::MISSED]);
    assert_eq!(scene.outcomes(), [HistoryOutcome::Missed]);
    assert_eq!(scene.phase(at("12:00:00")), Phase::Missed);
    assert_eq!(scene.writes, 2);
}

#[test]
fn of_many_missed_windows_the_last_are_remembered() {
    let mut scene = Scene::new(json!({"cron": "* * * * *", "duration": "30s", "minReplicas": 10}));
    scene.look(at("08:00:00"));
    scene.look(at("23:00:45"));
    assert_eq!(scene.status().history.len(), 10);
    assert!(scene.outcomes().iter().all(|outcome| *outcome == HistoryOutcome::Missed));
    assert_eq!(scene.status().phase, Some(Phase::Pending));
}

#[test]
fn a_clock_that_is_set_back_applies_nothing_twice() {
    let mut scene = Scene::one_more();
    scene.look(at("08:00:00"));
    scene.target().current = Some(4);
    scene.look(at("09:00:00"));
    assert_eq!(scene.status().floor, Some(8));
    assert_eq!(scene.phase(at("08:10:00")), Phase::Pending);
    scene.target().current = Some(8);
    scene.look(at("09:00:00"));
    assert_eq!(scene.status().floor, Some(8), "the count at the first start stands");
    assert_eq!(scene.outcomes(), [HistoryOutcome::Applied]);
}

#[test]
fn a_clock_that_was_a_day_ahead_misses_no_window_that_is_open() {
    let mut scene = Scene::new(json!({"cron": "0 9 * * *", "duration": "1h", "minReplicas": 10}));
    scene.look(at("08:00:00"));
    scene.look(at("08:00:00") + SignedDuration::from_hours(24));
    assert_eq!(scene.outcomes(), [HistoryOutcome::Missed]);
    assert_eq!(scene.phase(at("09:30:00")), Phase::Active);
    assert_eq!(scene.outcomes(), [HistoryOutcome::LateStart]);
}

#[test]
fn the_count_at_the_start_is_waited_for_and_then_kept() {
    let mut scene = Scene::one_more();
    let begun = scene.look(at("09:00:00"));
    assert_eq!((begun.status.phase, begun.status.floor), (Some(Phase::Active), None));
    scene.target().current = Some(4);
    scene.look(at("09:00:01"));
    assert_eq!(scene.status().active.as_ref().unwrap().base_replicas, Some(4));
    assert_eq!(scene.status().floor, Some(8));
    scene.target().current = None;
    scene.look(at("09:30:00"));
    assert_eq!(scene.status().floor, Some(8));
    assert_eq!(scene.status().history[0].base_replicas, Some(4));
}

#[test]
fn suspending_ends_a_window_and_resuming_missed_nothing() {
    let mut scene = Scene::new(json!({"cron": "0 9 * * *", "duration": "1h", "minReplicas": 10}));
    scene.look(at("09:10:00"));
    scene.edit("suspend", json!(true));
    assert_eq!(scene.phase(at("09:20:00")), Phase::Suspended);
    assert!(scene.status().active.is_none());
    scene.edit("suspend", json!(false));
    assert_eq!(scene.phase(at("23:00:00")), Phase::Pending);
    assert_eq!(scene.outcomes().len(), 1);
}

#[test]
fn what_cannot_be_kept_is_invalid_and_says_why() {
    let invalid = |fields: Value, mode| {
        let mut scene = Scene::new(fields);
        scene.target().mode = mode;
        let verdict = scene.look(at("08:00:00"));
        assert_eq!(verdict.status.phase, Some(Phase::Invalid));
        assert_eq!((verdict.alarm, verdict.events.len()), (None, 1));
        assert!(scene.look(at("09:00:00")).events.is_empty(), "told once");
        (scene.reason(types::READY).to_owned(), verdict.events[0].note.clone())
    };
    let once = |field: &str, value: Value| {
        let mut fields = json!({"at": "2026-11-27 09:00", "duration": "1h", "minReplicas": 10});
        fields[field] = value;
        fields
    };
    let (reason, note) = invalid(once("timeZone", json!("America/NewYork")), AutoscalingMode::HPA);
    assert_eq!(reason, reasons::INVALID_TIME);
    assert!(note.contains("America/New_York"), "{note}");
    assert_eq!(
        invalid(once("suspend", json!(false)), AutoscalingMode::External).0,
        reasons::NOT_SCALED_BY_CSOP
    );
    assert_eq!(invalid(once("leadTime", json!("auto")), AutoscalingMode::HPA).0, reasons::NEEDS_SCALER);
    assert_eq!(
        invalid(once("respectRateLimit", json!(true)), AutoscalingMode::Fixed).0,
        reasons::NEEDS_SCALER
    );
    assert_eq!(invalid(once("at", json!("2026-11-20 09:00")), AutoscalingMode::HPA).0, reasons::IN_THE_PAST);
    let mut of_application = once("targetRef", json!({"kind": "MoneyPositive", "name": "app"}));
    of_application["serviceRef"] = Value::Null;
    assert_eq!(invalid(of_application, AutoscalingMode::HPA).0, reasons::NOT_INSTALLED);
}

#[test]
fn an_edit_to_a_window_of_the_past_is_no_missed_window() {
    let mut scene = Scene::nine_to_ten();
    scene.look(at("08:00:00"));
    scene.edit("at", json!("2026-11-27 06:00"));
    assert_eq!(scene.phase(at("08:01:00")), Phase::Invalid);
    assert_eq!(scene.reason(types::READY), reasons::IN_THE_PAST);
    assert_eq!(scene.phase(at("08:02:00")), Phase::Invalid, "and it stays so");
    assert!(scene.outcomes().is_empty());
    scene.edit("at", json!("2026-11-27 09:00"));
    assert_eq!(scene.phase(at("09:30:00")), Phase::Active);
}

#[test]
fn a_target_that_is_missing_is_waited_for() {
    let mut scene = Scene::nine_to_ten();
    let target = scene.observed.target.take();
    assert_eq!(scene.phase(at("09:00:00")), Phase::Pending);
    assert_eq!(scene.reason(types::READY), reasons::TARGET_MISSING);
    scene.observed.target = target;
    assert_eq!(scene.phase(at("09:10:00")), Phase::Active);
}

#[test]
fn what_keeps_the_floor_down_is_told_before_the_window() {
    let limited = |change: fn(&mut Target)| {
        let mut scene = Scene::new(json!({"at": "2026-11-27 09:00", "duration": "1h", "minReplicas": 40}));
        change(scene.target());
        scene.look(at("08:00:00"));
        (scene.reason(types::LIMITED).to_owned(), scene.status().floor.unwrap())
    };
    assert_eq!(limited(|_| ()), (reasons::BY_MAX.to_owned(), 30));
    assert_eq!(limited(|t| t.affordable = Some(8)), (reasons::BY_BUDGET.to_owned(), 30));
    let quota =
        |t: &mut Target| (t.max, t.quota) = (None, Some("quota compute has 2 of pods left".to_owned()));
    assert_eq!(limited(quota), (reasons::BY_QUOTA.to_owned(), 40));
    assert_eq!(limited(|t| t.max = Some(40)), (reasons::NOT_LIMITED.to_owned(), 40));
}

#[test]
fn what_several_ask_for_together_is_limited_for_each_of_them() {
    let other = |fields: Value| -> CashServiceScheduledScale {
        let mut spec = json!({"at": "2026-11-27 09:30", "duration": "1h", "addReplicas": 20});
        for (key, value) in fields.as_object().unwrap() {
            spec[key] = value.clone();
        }
        serde_json::from_value(json!({"metadata": {"name": "other"}, "spec": spec})).unwrap()
    };
    let add = || Scene::new(json!({"at": "2026-11-27 09:00", "duration": "1h", "addReplicas": 20}));
    for (fields, by) in [
        (json!({}), reasons::BY_MAX),
        (json!({"addReplicas": 7}), reasons::NOT_LIMITED),
        (json!({"addReplicas": null, "minReplicas": 40}), reasons::NOT_LIMITED),
        (json!({"raiseMax": true}), reasons::NOT_LIMITED),
        (json!({"suspend": true}), reasons::NOT_LIMITED),
    ] {
        let mut scene = add();
        scene.target().others = vec![other(fields.clone())];
        scene.look(at("08:00:00"));
        assert_eq!(scene.reason(types::LIMITED), reasons::NOT_LIMITED, "at its start it is alone: {fields}");
        let begun = scene.look(at("09:00:00"));
        assert_eq!((begun.alarm, begun.status.floor), (Some(at("09:30:00")), Some(23)));
        scene.look(at("09:30:00"));
        assert_eq!(scene.reason(types::LIMITED), by, "{fields}");
        assert_eq!(scene.status().floor, Some(23), "its own");
    }
    let mut later = add();
    later.target().others = vec![other(json!({"at": "2026-11-27 08:30"}))];
    later.look(at("08:00:00"));
    let limited = find(&later.status().conditions, types::LIMITED).unwrap();
    assert_eq!(limited.reason, reasons::BY_MAX, "the later one says so before");
    let says =
        "43 replicas are asked for together with \"other\", maxReplicas is 30: set raiseMax to exceed it";
    assert_eq!(limited.message, says);
}

/// Floor 40 from 4, 6 pods an operation, a minute between two, two minutes until a pod is ready: five waits and the last start.
#[test]
fn a_lead_time_of_its_own_is_that_of_all_operations_and_the_last_pod() {
    let mut scene = Scene::new(json!({
        "at": "2026-11-27 09:00", "duration": "1h", "minReplicas": 40, "respectRateLimit": true, "leadTime": "auto",
    }));
    let way = Way { rate: 6, cooldown: SignedDuration::from_mins(1), ready: SignedDuration::from_mins(2) };
    *scene.target() = Target {
        mode: AutoscalingMode::GeneralScaler,
        min: 4,
        max: Some(50),
        way: Some(way),
        ..Target::default()
    };
    let pending = scene.look(at("08:00:00"));
    assert_eq!(pending.status.lead_seconds, Some(420));
    assert_eq!(pending.status.next_time.unwrap().0, at("08:53:00"));
    assert_eq!(pending.alarm, Some(at("08:36:00")), "it is measured again");
    scene.target().way = Some(Way { ready: SignedDuration::from_secs(123), ..way });
    let again = scene.look(at("08:36:00"));
    assert_eq!(
        (again.status.lead_seconds, again.alarm),
        (Some(420), Some(at("08:53:00"))),
        "about the same is the same"
    );
    assert_eq!(scene.phase(at("08:52:59")), Phase::Pending);
    assert_eq!(scene.phase(at("08:53:00")), Phase::Active);
    scene.target().way = Some(Way { ready: SignedDuration::from_secs(1), ..way });
    scene.edit("respectRateLimit", json!(false));
    let begun = scene.look(at("08:53:30")).status;
    assert_eq!(
        (begun.phase, begun.lead_seconds),
        (Some(Phase::Active), Some(420)),
        "what has begun is not taken back"
    );
}

#[test]
fn two_windows_that_meet_leave_no_gap() {
    let mut scene = Scene::new(json!({"cron": "0 * * * *", "duration": "1h", "minReplicas": 10}));
    assert_eq!(scene.phase(at("08:59:59")), Phase::Active);
    let seam = scene.look(at("09:00:00"));
    assert_eq!(seam.status.phase, Some(Phase::Active));
    assert_eq!(seam.status.active.unwrap().scheduled_time.0, at("09:00:00"));
}

#[test]
fn a_target_that_is_held_gets_nothing_and_the_schedule_says_so() {
    let mut scene = Scene::nine_to_ten();
    scene.target().held = Some((reasons::TARGET_PAUSED, "CashService/shop is paused".to_owned()));
    assert_eq!(scene.phase(at("09:00:00")), Phase::Active);
    assert_eq!(scene.reason(types::READY), reasons::TARGET_PAUSED);
    assert!(scene.outcomes().is_empty());
    scene.target().held = None;
    scene.look(at("09:30:00"));
    assert_eq!(scene.outcomes(), [HistoryOutcome::LateStart]);
}

#[test]
fn what_is_over_stays_what_it_was() {
    let mut scene = Scene::nine_to_ten();
    scene.look(at("09:00:00"));
    scene.look(at("10:00:00"));
    scene.target().mode = AutoscalingMode::External;
    assert_eq!(scene.phase(at("11:00:00")), Phase::Completed);
    scene.observed.target = None;
    assert_eq!(scene.phase(at("12:00:00")), Phase::Completed);
    assert_eq!(scene.writes, 2);
}

#[test]
fn a_schedule_that_is_made_inside_its_window_is_not_late() {
    let mut scene = Scene::new(json!({"at": "2026-11-26 23:00", "duration": "3h", "minReplicas": 10}));
    scene.look(at("00:00:01"));
    assert_eq!(scene.outcomes(), [HistoryOutcome::Applied]);
}

#[test]
fn windows_of_one_schedule_that_meet_are_one_raise() {
    let mut scene = Scene::new(
        json!({"cron": "0 * * * *", "duration": "90m", "addReplicas": 2, "base": "CurrentAtStart"}),
    );
    scene.target().current = Some(4);
    scene.look(at("08:10:00"));
    scene.target().current = Some(6);
    assert_eq!(scene.look(at("09:00:00")).status.floor, Some(6));
    assert_eq!(scene.look(at("10:00:00")).status.floor, Some(6));
}
