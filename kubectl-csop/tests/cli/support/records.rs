//! What an operator answers about a scaler.

use csop_shared::api::GeneralScalerSpec;
use csop_shared::scale::{
    Decision, Expressions, NoExpressions, Observation, Plan, Reading, Records, Ring, Series, State,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

/// A scaler of one metric.
pub fn spec() -> Value {
    json!({
        "targetDeployment": "shop", "minReplicas": 3, "maxReplicas": 30,
        "metrics": [{"name": "rps", "type": "prometheus", "config": {"query": "sum(x)"}, "mode": "PerReplica", "targetValue": 200}],
    })
}

/// What an operator answers that has just decided twice.
pub fn records() -> Value {
    let expressions: Arc<dyn Expressions> = Arc::new(NoExpressions);
    let plan = Plan::new(serde_json::from_value::<GeneralScalerSpec>(spec()).unwrap(), &expressions).unwrap();
    let plan = Arc::new(plan);
    let now: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
    let (mut ring, mut state) = (Ring::default(), State::default());
    for (after, value) in [(0, 1840.0), (15, 1850.5)] {
        let time = now + SignedDuration::from_secs(after);
        let sample = Reading::Sample { values: Series::One(value), time, active: None, target: None };
        let seen =
            Observation { current: Some(10), ready: 9, readings: vec![sample], ..Observation::default() };
        ring.advance(&plan, 1, &mut state, seen, time, &mut Decision::default());
    }
    let as_of = now + SignedDuration::from_secs(19);
    serde_json::to_value(Records { as_of, records: ring.records() }).unwrap()
}
