use super::*;
use crate::scale::{Expressions, NoExpressions};
use serde_json::{Value, json};
use std::sync::Arc;

fn hpa(metric: Value, behavior: Value) -> Hpa {
    let spec = json!({
        "targetDeployment": "app", "minReplicas": 1, "maxReplicas": 1000,
        "metrics": [metric], "safety": {"behavior": behavior},
    });
    let expressions: Arc<dyn Expressions> = Arc::new(NoExpressions);
    Hpa::new(
        &Plan::new(serde_json::from_value::<crate::api::GeneralScalerSpec>(spec).unwrap(), &expressions)
            .unwrap(),
    )
}

fn metric(mode: &str, target: f64) -> Value {
    json!({"type": "prometheus", "config": {"query": "q"}, "mode": mode, "targetValue": target})
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn seen(current: i32, ready: i32, value: f64) -> Seen {
    Seen { current, ready, values: vec![value], ..Seen::default() }
}

/// "Algorithm details": desired = ceil(current x value / target), and the examples of that section; the tolerance of 0.1.
#[test]
fn the_ratio_is_that_of_the_documentation() {
    for (mode, target, value, current, ready, wanted) in [
        ("Ratio", 100.0, 200.0, 3, 3, 6),
        ("Ratio", 100.0, 50.0, 6, 6, 3),
        ("Ratio", 100.0, 110.0, 10, 10, 10),
        ("Ratio", 100.0, 111.0, 10, 10, 12),
        ("Ratio", 100.0, 90.0, 10, 10, 10),
        ("Ratio", 100.0, 89.0, 10, 10, 9),
        ("Ratio", 100.0, 200.0, 10, 6, 12),
        ("Latency", 0.2, 0.9, 4, 4, 18),
        ("PerReplica", 100.0, 250.0, 2, 2, 3),
        ("PerReplica", 100.0, 219.0, 2, 2, 2),
        ("PerReplica", 100.0, 1101.0, 10, 10, 12),
        ("PerReplica", 100.0, 899.0, 10, 3, 9),
    ] {
        let hpa = hpa(metric(mode, target), json!({}));
        let (have, _) = hpa.proposal(&seen(current, ready, value)).unwrap();
        assert_eq!(have, wanted, "{mode} {value} of {target} at {current} with {ready} ready");
    }
}

/// "Not-yet-ready pods ... are conservatively assumed to be consuming 0% of the desired metric" on the way up.
#[test]
fn pods_of_a_resource_metric_that_are_not_ready_dampen_growth() {
    let cpu = json!({"type": "resource", "config": {"resource": "cpu"}, "targetValue": 50});
    for (value, current, ready, wanted) in
        [(100.0, 4, 4, 8), (100.0, 4, 2, 4), (100.0, 4, 3, 6), (100.0, 4, 1, 4), (25.0, 4, 4, 2)]
    {
        let (have, _) = hpa(cpu.clone(), json!({})).proposal(&seen(current, ready, value)).unwrap();
        assert_eq!(have, wanted, "{value} at {current} with {ready} ready");
    }
}

/// "Default behavior": on the way up the larger of 100 percent and 4 pods in 15 seconds.
#[test]
fn growth_is_bounded_as_by_default() {
    let mut hpa = hpa(metric("PerReplica", 1.0), json!({}));
    let mut current = 1;
    let steps: Vec<_> = (0..5)
        .map(|step| {
            current = hpa.decide(&seen(current, current, 900.0), at(15 * step));
            current
        })
        .collect();
    assert_eq!(steps, [5, 10, 20, 40, 80]);
}

/// "Default behavior": the way down is stabilised for 300 seconds, then it may go all the way at once.
#[test]
fn the_way_down_waits_for_its_window() {
    let mut hpa = hpa(metric("PerReplica", 1.0), json!({}));
    assert_eq!(hpa.decide(&seen(80, 80, 80.0), at(0)), 80);
    for seconds in [15, 150, 285] {
        assert_eq!(hpa.decide(&seen(80, 80, 3.0), at(seconds)), 80, "{seconds}");
    }
    assert_eq!(hpa.decide(&seen(80, 80, 3.0), at(300)), 3);
}

/// "Configurable scaling behavior": the example with 4 pods or 10 percent a minute, from 80 replicas to 10.
#[test]
fn the_way_down_follows_the_documented_example() {
    let behavior = json!({"scaleDown": {"stabilizationWindowSeconds": 0, "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 60}, {"type": "Percent", "value": 10, "periodSeconds": 60}]}});
    let mut hpa = hpa(metric("PerReplica", 1.0), behavior);
    let mut current = 80;
    let steps: Vec<_> = (0..9)
        .map(|minute| {
            current = hpa.decide(&seen(current, current, 10.0), at(60 * minute));
            current
        })
        .collect();
    assert_eq!(steps, [72, 64, 57, 51, 45, 40, 36, 32, 28]);
    assert_eq!(hpa.decide(&seen(28, 28, 10.0), at(60 * 8 + 15)), 28, "the period is not over");
}

/// "selectPolicy": Min takes the smallest change, Disabled none.
#[test]
fn the_selected_policy_counts() {
    let rules = |select: &str| {
        json!({"scaleDown": {"selectPolicy": select, "stabilizationWindowSeconds": 0, "policies": [
        {"type": "Pods", "value": 5, "periodSeconds": 60}, {"type": "Percent", "value": 10, "periodSeconds": 60}]}})
    };
    for (select, wanted) in [("Max", 90), ("Min", 95), ("Disabled", 100)] {
        let mut hpa = hpa(metric("PerReplica", 1.0), rules(select));
        assert_eq!(hpa.decide(&seen(100, 100, 1.0), at(0)), wanted, "{select}");
    }
}

/// "If any of these metrics cannot be converted ... and a scale down is suggested ... scaling is skipped."
#[test]
fn what_is_missing_keeps_the_size_from_falling() {
    let mut hpa = hpa(metric("PerReplica", 1.0), json!({}));
    hpa.metrics.push(hpa.metrics[0].clone());
    let both = |one, other| Seen { current: 5, ready: 5, values: vec![one, other], ..Seen::default() };
    assert_eq!(hpa.proposal(&both(2.0, f64::NAN)), None);
    assert_eq!(hpa.proposal(&both(9.0, f64::NAN)).map(|(wanted, _)| wanted), Some(9));
    assert_eq!(hpa.proposal(&both(2.0, 3.0)).map(|(wanted, _)| wanted), Some(3));
    assert_eq!(hpa.proposal(&both(f64::NAN, f64::NAN)), None);
}

#[test]
fn outside_of_its_bounds_it_goes_there_and_at_zero_it_is_off() {
    let mut hpa = hpa(metric("PerReplica", 1.0), json!({}));
    (hpa.min, hpa.max) = (2, 10);
    assert_eq!(hpa.decide(&seen(50, 50, 5.0), at(0)), 10);
    assert_eq!(hpa.decide(&seen(1, 1, 5.0), at(15)), 2);
    assert_eq!(hpa.decide(&seen(0, 0, 5.0), at(30)), 0);
    assert_eq!(hpa.decide(&seen(10, 10, 500.0), at(45)), 10);
}
