use super::*;
use csop_shared::api::GeneralScalerStatus;
use csop_shared::scale::{Decision, Floor, Name, Observation, Reading, Ring, Series, State};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) fn now() -> Timestamp {
    "2026-11-27T14:48:00Z".parse().unwrap()
}

pub(crate) fn metric(name: &str, mode: &str, target: f64) -> Value {
    json!({"name": name, "type": "prometheus", "config": {"query": "q"}, "mode": mode, "targetValue": target})
}

pub(crate) fn spec(metrics: Value, extra: Value) -> GeneralScalerSpec {
    let mut spec =
        json!({"targetDeployment": "shop", "minReplicas": 3, "maxReplicas": 30, "metrics": metrics});
    spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    serde_json::from_value(spec).unwrap()
}

/// A value that was measured so many seconds ago; none is missing.
pub(crate) fn reading(value: Option<f64>, age: i64) -> Reading {
    let time = now() - SignedDuration::from_secs(age);
    value.map_or(Reading::Missing, |value| Reading::Sample {
        values: Series::One(value),
        time,
        active: None,
        target: None,
    })
}

pub(crate) fn seen(current: i32, values: &[Option<f64>]) -> Observation {
    let readings = values.iter().map(|value| reading(*value, 4)).collect();
    Observation { current: Some(current), ready: current, readings, ..Observation::default() }
}

pub(crate) fn record_of(spec: GeneralScalerSpec, mut state: State, observation: Observation) -> Record {
    let plan = Arc::new(plan(&spec).unwrap());
    let mut ring = Ring::default();
    ring.advance(&plan, 1, &mut state, observation, now(), &mut Decision::default());
    ring.records().remove(0)
}

fn next_of(metrics: Value, extra: Value, observation: Observation) -> String {
    let record = record_of(spec(metrics, extra), State::default(), observation);
    next::next(&plan(&record.spec).unwrap(), &record).text()
}

fn no_window() -> Value {
    json!({"safety": {"cooldownSeconds": 0, "stabilizationWindowSeconds": {"down": 0}}})
}

#[test]
fn the_limits_of_each_mode_are_told() {
    for (mode, target, current, value, said) in [
        ("PerReplica", 200.0, 10, 1850.0, "up when m > 2200; down when m < 1800"),
        // Ten percent of five pods are less than one: a whole pod must be too many.
        ("PerReplica", 200.0, 5, 950.0, "up when m > 1100; down when m <= 800"),
        ("PerReplica", 0.0004, 10, 0.004, "up when m > 0.0044; down when m < 0.0036"),
        ("Ratio", 5.0, 20, 5.2, "up when m > 5.5; down when m < 4.5"),
        ("Ratio", 5.0, 4, 5.2, "up when m > 5.5; down when m <= 3.75"),
        ("Latency", 200.0, 10, 190.0, "up when m > 220; down when m <= 140"),
    ] {
        let text = next_of(json!([metric("m", mode, target)]), no_window(), seen(current, &[Some(value)]));
        assert_eq!(text, said, "{mode} {target} at {current}");
    }
}

#[test]
fn limits_are_where_the_decision_turns() {
    for (mode, target, current) in [
        ("PerReplica", 200.0, 10),
        ("PerReplica", 200.0, 5),
        ("Ratio", 5.0, 20),
        ("Ratio", 5.0, 4),
        ("Latency", 200.0, 10),
    ] {
        let result = |value: f64| {
            let spec = spec(json!([metric("m", mode, target)]), no_window());
            record_of(spec, State::default(), seen(current, &[Some(value)])).decision.result
        };
        let text = next_of(json!([metric("m", mode, target)]), no_window(), seen(current, &[Some(target)]));
        let text = if mode == "PerReplica" {
            next_of(
                json!([metric("m", mode, target)]),
                no_window(),
                seen(current, &[Some(target * f64::from(current))]),
            )
        } else {
            text
        };
        let limit = |way: &str| -> f64 {
            let clause = text.split("; ").find(|clause| clause.starts_with(way)).unwrap();
            clause.split(' ').next_back().unwrap().parse().unwrap()
        };
        let (high, low) = (limit("up"), limit("down"));
        assert_eq!((result(high), result(high * 1.001) > current), (current, true), "{text}");
        let at_low = result(low) < current;
        assert_eq!(at_low, text.contains("<="), "{text}");
        assert!(result(low * 0.999) < current && result(low * 1.001) == current, "{text}");
    }
}

#[test]
fn windows_and_other_metrics_are_part_of_it() {
    let metrics = json!([metric("rps", "PerReplica", 200.0), metric("queue", "PerReplica", 50.0)]);
    let text = next_of(metrics.clone(), json!({}), seen(10, &[Some(1850.0), Some(310.0)]));
    assert_eq!(text, "up when rps > 2200 or queue > 550; down when rps < 1800 for 300s");
    let text = next_of(metrics, json!({}), seen(10, &[Some(1850.0), None]));
    assert_eq!(text, "up when rps > 2200 or queue > 550; not down while queue is missing");
}

#[test]
fn what_is_in_the_way_is_told() {
    let one = || json!([metric("rps", "PerReplica", 200.0)]);
    for (extra, observation, said) in [
        (json!({}), seen(30, &[Some(9000.0)]), "not up: 30 is maxReplicas; "),
        (json!({}), seen(3, &[Some(100.0)]), "; not down: 3 is minReplicas"),
        (
            json!({"safety": {"maxScaleUpRate": 0, "maxScaleDownRate": 0}}),
            seen(5, &[Some(1000.0)]),
            "not up: maxScaleUpRate is 0; not down: maxScaleDownRate is 0",
        ),
        (json!({"mode": "Off"}), seen(5, &[Some(1000.0)]), "nothing changes while the mode is Off"),
        (
            json!({}),
            Observation { paused: true, ..seen(5, &[Some(1000.0)]) },
            "nothing changes until it is resumed",
        ),
        (
            json!({}),
            Observation { conflict: true, ..seen(5, &[Some(1000.0)]) },
            "nothing changes while something else scales the target",
        ),
        (
            json!({}),
            Observation { current: None, ..seen(5, &[Some(1000.0)]) },
            "nothing changes until the target is there",
        ),
        (json!({}), seen(0, &[Some(1000.0)]), "nothing changes until somebody sets the target above 0"),
        // The history has just begun, with the current number.
        (
            json!({}),
            seen(10, &[Some(1000.0)]),
            "up when rps > 2200; down towards 5 in 5m, unless the demand rises",
        ),
        (json!({"minReplicas": 0}), seen(1, &[Some(150.0)]), "down to 0 after 300s without work"),
        (json!({"minReplicas": 0}), seen(1, &[Some(0.0)]), "down to 0 in 5m, unless work comes"),
        (json!({"minReplicas": 0}), seen(0, &[Some(0.0)]), "up when rps > 0; not down from 0"),
    ] {
        let text = next_of(one(), extra, observation);
        assert!(text.contains(said), "{text}\nshould say {said}");
    }
    assert_eq!(
        next_of(json!([]), json!({}), seen(3, &[])),
        "only schedules and edits change it: there are no metrics"
    );
}

#[test]
fn a_cooldown_tells_when_it_ends() {
    let operations = json!([{"time": "2026-11-27T14:47:00.000000Z", "from": 8, "to": 10, "cause": "Demand(rps)",
                             "startsCooldown": true, "outcome": "Applied"}]);
    let status: GeneralScalerStatus = serde_json::from_value(json!({"operations": operations})).unwrap();
    let spec = spec(json!([metric("rps", "PerReplica", 200.0)]), json!({}));
    let record = record_of(spec, State::from_status(&status), seen(10, &[Some(3000.0)]));
    assert_eq!(
        next::next(&plan(&record.spec).unwrap(), &record).up.unwrap(),
        "up towards 15 in 4m, after the cooldown"
    );
    let decision = because::because(&plan(&record.spec).unwrap(), &record.decision);
    assert_eq!(decision, "15 are wanted, 4m of the cooldown are left");
}

#[test]
fn a_floor_of_a_schedule_is_told_by_name() {
    let floors =
        vec![Floor { name: Name::from("friday"), replicas: 12, raise_max: false, respect_rate_limit: false }];
    let observation = Observation { floors, ..seen(12, &[Some(1000.0)]) };
    let text = next_of(json!([metric("rps", "PerReplica", 200.0)]), json!({}), observation);
    assert_eq!(text, "up when rps > 2640; not down: 12 is schedule \"friday\"");
}

#[test]
fn every_cause_has_words() {
    for facts in csop_shared::scale::CauseKind::ALL {
        assert!(!because::general(&facts.kind.into()).is_empty(), "{}", facts.name);
    }
}
