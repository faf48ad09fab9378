//! The API types: what is written by hand is read, and read back.

use csop_shared::{
    api::{GeneralScaler, GeneralScalerStatus},
    scale::{Expressions, NoExpressions, Plan, State},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;

/// A manifest of the predecessor, of which only the API version has changed.
const PREDECESSOR: &str = r#"
apiVersion: csop.dev/v1alpha1
kind: GeneralScaler
metadata: {name: http-app-scaler}
spec:
  targetDeployment: http-app
  minReplicas: 2
  maxReplicas: 10
  metrics:
    - type: prometheus
      config: {query: "rate(http_requests_total[5m])"}
      targetValue: 100
  policy: {type: slo}
  safety: {cooldownSeconds: 300, maxScaleUpRate: 3, maxScaleDownRate: 1}
"#;

fn expressions() -> Arc<dyn Expressions> {
    Arc::new(NoExpressions)
}

#[test]
fn a_manifest_of_the_predecessor_is_ready_for_decisions() {
    let scaler: GeneralScaler = serde_yaml::from_str(PREDECESSOR).unwrap();
    let plan = Plan::new(csop_shared::scale::Shared::new(scaler.spec), &expressions()).unwrap();
    assert_eq!((plan.min, plan.max, plan.safety.up.rate, plan.safety.down.rate), (2, 10, 3, 1));
    assert_eq!(plan.safety.up.cooldown, SignedDuration::from_secs(300));
    assert_eq!((&*plan.metrics[0].name, plan.policies.len()), ("prometheus", 1));
}

#[test]
fn every_accepted_key_survives_a_round_trip() {
    let spec = json!({
        "targetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db"},
        "minReplicas": 0, "maxReplicas": 9, "intervalSeconds": 1, "idleSeconds": 60, "mode": "Recommend",
        "metrics": [
            {"name": "jobs", "type": "redis", "config": {"address": "r:6379", "key": "k", "kind": "stream", "group": "g", "signal": "pending", "tls": true},
             "targetValue": 0.0004, "mode": "PerReplica", "activation": 5, "reduce": "Single", "tolerance": {"up": 0.05, "down": 0.2},
             "fallback": {"afterSeconds": 60, "replicas": 3, "behavior": "CurrentIfLower"}, "maxAgeSeconds": 10, "onEmpty": "Zero",
             "authRef": {"name": "redis", "keys": {"password": "pw"}}},
            {"type": "external", "config": {"scalerAddress": "s:9000", "metadata": {"a": "b"}}, "tolerance": 0.25},
        ],
        "policies": [
            {"type": "cost", "config": {"maxCostPerMonth": 100.5, "costPerPod": 0.1, "fixedCostPerHour": 1, "currency": "EUR", "priceFrom": {"query": "p"}}},
            {"type": "cel", "config": {"expression": "desired", "timeZone": "Europe/Berlin"}},
        ],
        "safety": {"scaleUpCooldownSeconds": 1, "stabilizationWindowSeconds": {"up": 1},
                   "behavior": {"scaleUp": {"selectPolicy": "Min", "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}},
    });
    let object = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "GeneralScaler", "metadata": {"name": "s"}, "spec": spec});
    let read: GeneralScaler = serde_json::from_value(object.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap()["spec"], object["spec"]);
}

#[test]
fn a_misspelt_direction_of_a_tolerance_is_an_error() {
    let metric =
        json!({"type": "prometheus", "config": {"query": "q"}, "targetValue": 1, "tolerance": {"upp": 0.1}});
    let object = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "GeneralScaler", "metadata": {"name": "s"},
                        "spec": {"targetDeployment": "d", "maxReplicas": 3, "metrics": [metric]}});
    let error = serde_json::from_value::<GeneralScaler>(object).unwrap_err().to_string();
    assert!(error.contains("tolerance must be a number"), "{error}");
}

#[test]
fn what_cannot_be_is_refused_with_field_and_remedy() {
    let metric = |extra: Value| {
        let mut metric =
            json!({"name": "rps", "type": "prometheus", "config": {"query": "q"}, "targetValue": 1});
        metric.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"targetDeployment": "d", "maxReplicas": 3, "metrics": [metric]})
    };
    for (spec, said) in [
        (metric(json!({"targetValue": 0})), "spec.metrics[rps].targetValue is 0: it must be above 0"),
        (metric(json!({"targetValue": null})), "spec.metrics[rps].targetValue is missing"),
        (metric(json!({"tolerance": 11})), "spec.metrics[rps].tolerance is 11: it must be from 0 to 10"),
        (metric(json!({"tolerance": {"down": -0.1}})), "spec.metrics[rps].tolerance is -0.1"),
        (json!({"maxReplicas": 3}), "names no target"),
        (
            json!({"targetDeployment": "d", "minReplicas": 5, "maxReplicas": 3}),
            "spec.maxReplicas 3 is below minReplicas 5",
        ),
        (
            json!({"targetDeployment": "d", "maxReplicas": 3, "policy": {"type": "cost", "config": {"maxCostPerHour": 1}}}),
            "costPerPod must be above 0",
        ),
        (
            json!({"targetDeployment": "d", "maxReplicas": 3, "policy": {"type": "cost", "config": {"maxCostPerHour": 1, "costPerPod": 1, "tolerance": 0.1}}}),
            "policies of type slo",
        ),
        (
            json!({"targetDeployment": "d", "maxReplicas": 3, "policy": {"type": "cel"}}),
            "expression is missing",
        ),
    ] {
        let error =
            Plan::new(csop_shared::scale::Shared::new(serde_json::from_value(spec).unwrap()), &expressions())
                .unwrap_err()
                .to_string();
        assert!(error.contains(said), "{error}\nshould say {said}");
    }
}

#[test]
fn metrics_without_names_are_told_apart() {
    let metric = json!({"type": "prometheus", "config": {"query": "q"}, "targetValue": 1});
    let mut named = metric.clone();
    named["name"] = json!("prometheus-2");
    let spec = json!({"targetDeployment": "d", "maxReplicas": 3, "metrics": [metric, named, metric]});
    let plan =
        Plan::new(csop_shared::scale::Shared::new(serde_json::from_value(spec).unwrap()), &expressions())
            .unwrap();
    let names: Vec<_> = plan.metrics.iter().map(|metric| metric.name.to_string()).collect();
    assert_eq!(names, ["prometheus", "prometheus-2", "prometheus-3"]);
}

#[test]
fn what_must_survive_a_restart_does() {
    let status = json!({
        "metrics": [{"name": "rps", "state": "Missing", "missingSince": "2026-01-01T00:00:00.000000Z"}, {"name": "q", "state": "Fresh", "value": 2.5, "wants": 3}],
        "operations": [{"time": "2026-01-01T00:00:01.250000Z", "from": 2, "to": 3, "cause": "Demand(rps)", "startsCooldown": true, "outcome": "Pending"}],
        "lastPrice": {"value": 0.75, "time": "2026-01-01T00:00:00.000000Z"},
        "effectiveMax": 12,
        "idleSince": "2026-01-01T00:00:00.000000Z",
    });
    let status: GeneralScalerStatus = serde_json::from_value(status).unwrap();
    let state = State::from_status(&status);
    assert_eq!(state.metrics.len(), 1);
    let mut written =
        GeneralScalerStatus { metrics: status.metrics.clone(), ..GeneralScalerStatus::default() };
    state.write_to(&mut written);
    assert_eq!(written, status);
    assert_eq!(State::from_status(&written), state);
}
