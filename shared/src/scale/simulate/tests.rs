use super::*;
use crate::{
    api::GeneralScalerSpec,
    scale::{Expressions, NoExpressions},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

fn scaler(extra: &Value) -> Scaler {
    let mut spec = json!({
        "targetDeployment": "app", "minReplicas": 1, "maxReplicas": 50,
        "metrics": [{"name": "rps", "type": "prometheus", "config": {"query": "q"}, "mode": "PerReplica", "targetValue": 100}],
        "safety": {"cooldownSeconds": 0, "stabilizationWindowSeconds": {"down": 0}},
    });
    spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let expressions: Arc<dyn Expressions> = Arc::new(NoExpressions);
    Scaler::new(serde_json::from_value::<GeneralScalerSpec>(spec).unwrap(), &expressions).unwrap()
}

fn replayed(csv: &str, extra: &Value, settings: Settings) -> Run {
    let trace = Trace::parse(csv).unwrap();
    let mut scaler = scaler(extra);
    let columns = trace.columns_of(&scaler.plan().metrics).unwrap();
    simulate(&trace, &columns, &mut scaler, settings)
}

fn replicas(run: &Run) -> Vec<i32> {
    run.points.iter().map(|point| point.replicas).collect()
}

fn error(csv: &str) -> String {
    Trace::parse(csv).unwrap_err().to_string()
}

#[test]
fn a_malformed_row_names_line_and_column() {
    for (csv, said) in [
        ("", "line 1: the trace is empty"),
        ("time,rps\n", "line 1: there is no row"),
        ("rps\n1\n", "line 1: no column is named time"),
        ("time;rps\n1;2\n", "columns are separated by commas"),
        ("time,rps,rps\n", "line 1: two columns are named rps"),
        ("time,,rps\n", "line 1: the name of column 2 is missing"),
        ("time,rps\n0,1\n15,abc\n", "line 3, column rps: \"abc\" is no number"),
        ("time,rps\n0,1\n15\n", "line 3, column rps: the row has 1 cells"),
        ("time,rps\n0,1,2\n", "line 2: the row has 1 cells more"),
        ("time,rps\nnoon,1\n", "line 2, column time: \"noon\" is no time"),
        ("# note\n\ntime,rps\n30,1\n15,1\n", "line 5, column time: 15 is earlier than the row before"),
        ("time,rps\n15,1\n15,1\n", "line 3, column time: 15 is there twice"),
        ("time,rps,replicas\n0,1,2.5\n", "line 2, column replicas: 2.5 is no number of pods"),
        ("time,rps,price\n0,1,0\n", "line 2, column price: 0 is no price"),
    ] {
        let error = error(csv);
        assert!(error.contains(said), "{error}\nshould say {said}");
    }
}

#[test]
fn a_trace_survives_a_round_trip() {
    let csv = "\u{feff}\"time\", rps ,ready\r\n2026-11-27T08:00:00Z,0.1,3\r\n2026-11-27T08:00:15.5Z,,\r\n";
    let trace = Trace::parse(csv).unwrap();
    assert!(!trace.relative);
    assert_eq!((trace.cell(0, 0), trace.cell(0, 1), trace.cell(1, 0)), (Some(0.1), Some(3.0), None));
    let written = trace.to_csv();
    assert_eq!(written, "time,rps,ready\n2026-11-27T08:00:00Z,0.1,3\n2026-11-27T08:00:15.5Z,,\n");
    assert_eq!(Trace::parse(&written).unwrap().to_csv(), written);
    assert!(Trace::parse("time,rps\n0,1\n").unwrap().relative);
}

#[test]
fn columns_are_matched_by_name() {
    let trace = Trace::parse("time,rps,extra,replicas\n0,1,2,3\n").unwrap();
    let plan = scaler(&json!({}));
    let columns = trace.columns_of(&plan.plan().metrics).unwrap();
    assert_eq!((&columns.metrics[..], columns.replicas, columns.ready), (&[0][..], Some(2), None));
    assert_eq!(trace.unread(&[&columns]).collect::<Vec<_>>(), ["extra"]);
    let other = Trace::parse("time,qps\n0,1\n").unwrap();
    let error = other.columns_of(&plan.plan().metrics).unwrap_err().to_string();
    assert!(error.contains("no column for rps") && error.contains("its columns are qps"), "{error}");
}

#[test]
fn a_total_stays_what_it_was_whatever_the_size() {
    let run = replayed("time,rps,replicas\n0,450,9\n15,450,9\n30,820,9\n", &json!({}), Settings::default());
    assert_eq!(replicas(&run), [5, 5, 9]);
    assert_eq!(run.operations.len(), 2);
    assert_eq!(run.operations[0].cause.to_string(), "Demand(rps)");
}

#[test]
fn a_level_is_what_it_would_have_been_at_this_size() {
    let ratio = json!({"metrics": [{"name": "rps", "type": "prometheus", "config": {"query": "q"}, "targetValue": 50}]});
    // Recorded at 4 pods throughout: what 4 felt as 100, 8 feel as 50.
    let csv = "time,rps,replicas\n0,100,4\n15,100,4\n30,100,4\n";
    assert_eq!(replicas(&replayed(csv, &ratio, Settings::default())), [8, 8, 8]);
    // Without that column it is taken as measured, and grows on.
    let csv = "time,rps\n0,100\n15,100\n30,100\n";
    let settings = Settings { start: Some(4), ..Settings::default() };
    assert_eq!(replicas(&replayed(csv, &ratio, settings)), [8, 16, 32]);
}

#[test]
fn pods_need_their_time_to_start() {
    let csv = "time,rps\n0,100\n15,400\n30,400\n45,400\n60,100\n";
    let settings = Settings { pod_start: SignedDuration::from_secs(20), ..Settings::default() };
    let run = replayed(csv, &json!({}), settings);
    let seen: Vec<_> = run.points.iter().map(|point| (point.replicas, point.ready)).collect();
    assert_eq!(seen, [(1, 1), (4, 1), (4, 1), (4, 4), (1, 1)]);
    // Of 75 seconds, 30 have more work than ready pods.
    let Summary { known_seconds, under_target_seconds, pod_hours, .. } = run.summary;
    assert_eq!((known_seconds, under_target_seconds), (75.0, 45.0));
    assert!((pod_hours - (1 + 4 + 4 + 4 + 1) as f64 * 15.0 / 3600.0).abs() < 1e-9);
}

#[test]
fn as_many_pods_are_not_ready_as_were_recorded() {
    let run = replayed("time,rps,replicas,ready\n0,400,4,1\n15,400,4,4\n", &json!({}), Settings::default());
    assert_eq!(run.points.iter().map(|point| point.ready).collect::<Vec<_>>(), [1, 4]);
}

#[test]
fn a_gap_is_missing_data_and_keeps_the_size() {
    let csv = "time,rps\n0,400\n15,400\n30,400\n600,100\n615,100\n";
    let run = replayed(csv, &json!({}), Settings { start: Some(4), ..Settings::default() });
    assert_eq!(run.points.len(), 42);
    assert!(run.points[..40].iter().all(|point| point.replicas == 4));
    assert_eq!(run.points[40].replicas, 1);
    let empty = replayed(
        "time,rps\n0,400\n15,\n30,\n",
        &json!({}),
        Settings { start: Some(4), ..Settings::default() },
    );
    assert_eq!((replicas(&empty), empty.summary.known_seconds), (vec![4, 4, 4], 15.0));
}

#[test]
fn rows_that_come_less_often_than_decisions_hold_until_the_next() {
    let run = replayed("time,rps\n0,400\n300,400\n600,100\n", &json!({}), Settings::default());
    assert_eq!(run.points.len(), 41);
    assert!(run.points[..40].iter().all(|point| point.replicas == 4), "{:?}", replicas(&run));
    assert_eq!(run.points[40].replicas, 1);
}

#[test]
fn the_cost_counts_pods_and_what_is_fixed() {
    let settings = Settings { price: Some(0.5), fixed: 1.0, start: Some(2), ..Settings::default() };
    let csv = "time,rps\n0,200\n3585,200\n";
    let run = replayed(csv, &json!({}), settings);
    assert!((run.summary.cost.unwrap() - 2.0).abs() < 1e-9, "{:?}", run.summary);
    let run = replayed(
        "time,rps,price\n0,200,2\n3585,200,2\n",
        &json!({}),
        Settings { start: Some(2), ..Settings::default() },
    );
    assert!((run.summary.cost.unwrap() - 4.0).abs() < 1e-9);
    assert_eq!(replayed(csv, &json!({}), Settings::default()).summary.cost, None);
}

#[test]
fn a_scaler_that_only_recommends_is_tried_as_if_it_scaled() {
    let run = replayed("time,rps\n0,450\n", &json!({"mode": "Recommend"}), Settings::default());
    assert_eq!(replicas(&run), [5]);
}

#[test]
fn seconds_with_decimals_are_times() {
    let trace = Trace::parse("time,rps\n1764230400.5,1\n").unwrap();
    assert_eq!(trace.times[0], "2025-11-27T08:00:00.5Z".parse::<Timestamp>().unwrap());
}

#[test]
fn an_external_target_must_be_said() {
    let spec = json!({"targetDeployment": "d", "maxReplicas": 3, "metrics": [{"type": "external", "config": {"scalerAddress": "s:1"}}]});
    let expressions: Arc<dyn Expressions> = Arc::new(NoExpressions);
    let error =
        Scaler::new(serde_json::from_value::<GeneralScalerSpec>(spec).unwrap(), &expressions).unwrap_err();
    assert!(
        error.to_string().contains("spec.metrics[external].targetValue is missing: a trace does not hold"),
        "{error}"
    );
}
