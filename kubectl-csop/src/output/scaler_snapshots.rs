//! Snapshots of what people see of scalers.

use super::paint::Paint;
use super::{scaler, scalers, services};
use crate::view::scaler::tests::{metric, now, record_of, seen, spec};
use crate::view::scaler::{Live, ScalerView, view};
use csop_shared::api::{GeneralScaler, GeneralScalerSpec, GeneralScalerStatus};
use csop_shared::scale::{Floor, Name, Observation, Records, State};
use jiff::SignedDuration;
use kube::core::DeserializeGuard;
use serde_json::{Value, json};

const PLAIN: scaler::Style =
    scaler::Style { explain: false, wide: false, width: None, paint: Paint::new(false) };

/// A scaler of two metrics and a budget that has scaled twice within the hour.
fn shop(extra: Value) -> GeneralScalerSpec {
    let queue = json!({"name": "queue", "type": "redis", "config": {"address": "r:6379", "key": "jobs"}, "targetValue": 50});
    let mut all = json!({"policies": [
        {"type": "slo"},
        {"type": "cost", "config": {"maxCostPerHour": 5, "costPerPod": 0.4}},
    ]});
    all.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    spec(json!([metric("rps", "PerReplica", 200.0), queue]), all)
}

fn status(extra: Value) -> GeneralScalerStatus {
    let mut status = json!({
        "observedGeneration": 1, "target": "Deployment/shop", "currentReplicas": 10, "desiredReplicas": 10, "cause": "Steady",
        "metrics": [{"name": "rps", "state": "Fresh", "value": 1850, "wants": 10}],
        "conditions": [
            {"type": "MetricsAvailable", "status": "True", "reason": "AllFresh", "message": "", "lastTransitionTime": "2026-11-27T10:00:00Z"},
            {"type": "Ready", "status": "True", "reason": "Ready", "message": "it scales Deployment/shop", "lastTransitionTime": "2026-11-27T10:00:00Z"},
        ],
        "operations": [
            {"time": "2026-11-27T13:56:00.000000Z", "from": 9, "to": 8, "cause": "Demand(rps)", "startsCooldown": true, "outcome": "Applied", "detail": "rps 1510 / 200, after 300s stabilization"},
            {"time": "2026-11-27T14:34:00.000000Z", "from": 8, "to": 10, "cause": "Demand(rps)", "startsCooldown": true, "outcome": "Applied", "detail": "rps 1930 / 200"},
        ],
    });
    status.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    serde_json::from_value(status).unwrap()
}

fn object(spec: GeneralScalerSpec, status: GeneralScalerStatus) -> GeneralScaler {
    let mut object = GeneralScaler::new("shop", spec);
    object.metadata = serde_json::from_value(json!({
        "name": "shop", "namespace": "pay", "generation": 1, "creationTimestamp": "2026-11-20T00:00:00Z",
        "managedFields": [{"manager": "csop-operator/status", "operation": "Apply", "time": "2026-11-27T14:47:20Z"}],
    }))
    .unwrap();
    object.status = Some(status);
    object
}

fn live(spec: GeneralScalerSpec, observation: Observation) -> ScalerView {
    let status = status(json!({}));
    let record = record_of(spec.clone(), State::from_status(&status), observation);
    let records = Live::Ok(Records { as_of: now() + SignedDuration::from_secs(2), records: vec![record] });
    view(&object(spec, status), &records)
}

fn mock() -> ScalerView {
    live(shop(json!({})), seen(10, &[Some(1850.0), Some(310.0)]))
}

fn text(view: &ScalerView) -> String {
    scaler::text(view, PLAIN, now())
}

fn explained(view: &ScalerView) -> String {
    scaler::text(view, scaler::Style { explain: true, ..PLAIN }, now())
}

#[test]
fn a_scaler_that_is_steady() {
    insta::assert_snapshot!(text(&mock()));
}

#[test]
fn its_reasoning_step_by_step() {
    insta::assert_snapshot!(explained(&mock()));
}

#[test]
fn a_narrow_terminal() {
    let style = scaler::Style { explain: true, width: Some(56), ..PLAIN };
    insta::assert_snapshot!(scaler::text(&mock(), style, now()));
}

#[test]
fn colours_of_a_metric_that_is_missing() {
    let view = live(shop(json!({})), seen(10, &[Some(1250.0), None]));
    let style = scaler::Style { explain: true, paint: Paint::new(true), ..PLAIN };
    insta::assert_snapshot!(scaler::text(&view, style, now()));
}

#[test]
fn a_change_held_by_the_budget_and_cut_by_a_rate() {
    let safety = json!({"safety": {"cooldownSeconds": 60, "maxScaleUpRate": 1, "behavior": {}}});
    insta::assert_snapshot!(explained(&live(shop(safety), seen(10, &[Some(5000.0), Some(310.0)]))));
}

#[test]
fn a_scaler_at_zero() {
    let view = live(shop(json!({"minReplicas": 0})), seen(0, &[Some(0.0), Some(0.0)]));
    insta::assert_snapshot!(explained(&view));
}

#[test]
fn a_scaler_that_only_recommends() {
    let extra = json!({"mode": "Recommend", "safety": {"cooldownSeconds": 0}});
    insta::assert_snapshot!(text(&live(shop(extra), seen(10, &[Some(2300.0), Some(310.0)]))));
}

#[test]
fn a_schedule_in_force() {
    let floors =
        vec![Floor { name: Name::from("friday"), replicas: 12, raise_max: false, respect_rate_limit: false }];
    insta::assert_snapshot!(text(&live(
        shop(json!({})),
        Observation { floors, ..seen(10, &[Some(1850.0), Some(310.0)]) }
    )));
}

#[test]
fn a_target_that_is_not_there() {
    let gone = status(json!({"cause": "TargetMissing", "conditions": [
        {"type": "Ready", "status": "False", "reason": "TargetMissing", "message": "Deployment/shop is not there: create it, or mend targetDeployment", "lastTransitionTime": "2026-11-27T10:00:00Z"}]}));
    let spec = shop(json!({}));
    let record =
        record_of(spec.clone(), State::default(), Observation { current: None, ..seen(0, &[None, None]) });
    let records = Live::Ok(Records { as_of: now(), records: vec![record] });
    insta::assert_snapshot!(explained(&view(&object(spec, gone), &records)));
}

#[test]
fn a_paused_scaler() {
    let spec = shop(json!({}));
    let mut object = object(spec.clone(), status(json!({})));
    object.metadata.annotations = Some([("csop.dev/paused".to_owned(), "true".to_owned())].into());
    let observation = Observation { paused: true, ..seen(10, &[Some(9000.0), Some(310.0)]) };
    let records = Records { as_of: now(), records: vec![record_of(spec, State::default(), observation)] };
    insta::assert_snapshot!(explained(&view(&object, &Live::Ok(records))));
}

#[test]
fn a_scaler_as_its_status_has_it() {
    let view =
        view(&object(shop(json!({})), status(json!({}))), &Live::Err("no operator was found".to_owned()));
    insta::assert_snapshot!(explained(&view));
    insta::assert_snapshot!("a_scaler_as_json", super::json(&view));
}

#[test]
fn a_live_view_has_the_whole_record() {
    let json = serde_json::to_value(mock()).unwrap();
    assert_eq!(json["record"]["decision"]["result"], 10);
    assert_eq!(
        (&json["next"]["up"], &json["decision"]["cause"]),
        (&json!("up when rps > 2200 or queue > 550"), &json!("Steady"))
    );
    let stages: Vec<_> =
        json["explanation"].as_array().unwrap().iter().map(|step| step["stage"].clone()).collect();
    assert_eq!(
        stages,
        ["Observe", "Propose", "Combine", "Stabilise", "Policies", "Limits", "Cooldown", "Rate", "Result"]
    );
}

#[test]
fn tables_of_scalers() {
    let broken = r#"{"metadata": {"name": "bad", "namespace": "pay"}, "spec": {"maxReplicas": "many"}}"#;
    let broken: DeserializeGuard<GeneralScaler> = serde_json::from_str(broken).unwrap();
    let fine = DeserializeGuard(Ok(object(shop(json!({})), status(json!({})))));
    let view = crate::view::scalers::view([fine, broken]);
    let style = services::Style::default();
    let table = |style| scalers::text(&view, style, now());
    insta::assert_snapshot!("scalers", table(style));
    insta::assert_snapshot!("scalers_wide", table(services::Style { namespaces: true, wide: true, ..style }));
    insta::assert_snapshot!("scalers_narrow", table(services::Style { width: Some(44), ..style }));
    assert_eq!(scalers::names(&view), "generalscaler.csop.dev/bad\ngeneralscaler.csop.dev/shop\n");
}
