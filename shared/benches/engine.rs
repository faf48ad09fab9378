//! Benchmarks of the scaling engine: one decision as the operator makes it, and a recorded month as `scaler replay` runs it.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on panics")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use csop_shared::api::GeneralScalerSpec;
use csop_shared::scale::simulate::{Scaler, Settings, Trace, simulate};
use csop_shared::scale::{
    Action, Decision, Expressions, NoExpressions, Observation, Plan, Reading, Series, State, advance, decide,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::{hint::black_box, sync::Arc};

const START: Timestamp = Timestamp::UNIX_EPOCH;
const INTERVAL: SignedDuration = SignedDuration::from_secs(15);
/// Thirty days at an interval of 15 seconds.
const MONTH: u32 = 30 * 24 * 240;

fn plan(spec: Value) -> Plan {
    let expressions: Arc<dyn Expressions> = Arc::new(NoExpressions);
    Plan::new(serde_json::from_value::<GeneralScalerSpec>(spec).unwrap(), &expressions).unwrap()
}

fn metric(name: &str, mode: &str, target: f64) -> Value {
    json!({"name": name, "type": "prometheus", "config": {"query": "q"}, "mode": mode, "targetValue": target})
}

fn sample(value: f64, time: Timestamp) -> Reading {
    Reading::Sample { values: Series::One(value), time, active: None, target: None }
}

/// Three metrics and two policies, with values that have decimals.
fn one_decision(c: &mut Criterion) {
    let plan = plan(json!({
        "targetDeployment": "app", "minReplicas": 2, "maxReplicas": 100,
        "metrics": [metric("rps", "PerReplica", 99.5), metric("busy", "Ratio", 0.7), metric("latency", "Latency", 0.25)],
        "policies": [
            {"type": "slo", "config": {"tolerance": 0.05}},
            {"type": "cost", "config": {"maxCostPerHour": 12.5, "costPerPod": 0.137, "fixedCostPerHour": 0.4}},
        ],
        "safety": {"cooldownSeconds": 60, "maxScaleUpRate": 10, "behavior": {}},
    }));
    let now = START + INTERVAL;
    let readings = vec![sample(1830.123456, now), sample(0.7312345, now), sample(0.2213, now)];
    let observation = Observation { current: Some(18), ready: 18, readings, ..Observation::default() };
    let state = decide(&plan, &State::default(), &observation, START).1;
    c.bench_function("decide", |b| b.iter(|| decide(&plan, black_box(&state), black_box(&observation), now)));
}

/// A day's load, as a sawtooth with decimals, over and over.
fn load(at: u32) -> f64 {
    f64::from(at % 5760) / 3.0 + f64::from(at % 7)
}

fn replayed(plan: &Plan, steps: u32) -> i64 {
    let (mut state, mut decision) = (State::default(), Decision::default());
    let mut observation = Observation {
        current: Some(2),
        ready: 2,
        readings: vec![Reading::Missing],
        ..Observation::default()
    };
    let (mut now, mut sum) = (START, 0);
    for at in 0..steps {
        now += INTERVAL;
        observation.readings[0] = sample(load(at), now);
        advance(plan, &mut state, &observation, now, &mut decision);
        if decision.action == Action::Scale {
            (observation.current, observation.ready) = (Some(decision.result), decision.result);
            state.settle(true);
        }
        sum += i64::from(decision.result);
    }
    sum
}

fn a_month(c: &mut Criterion) {
    let plan = plan(json!({
        "targetDeployment": "app", "minReplicas": 2, "maxReplicas": 30, "policy": {"type": "slo"},
        "metrics": [metric("rps", "PerReplica", 100.0)],
    }));
    let mut group = c.benchmark_group("replay");
    group.sample_size(20).throughput(Throughput::Elements(MONTH.into()));
    group.bench_function("30d", |b| b.iter(|| replayed(black_box(&plan), MONTH)));
    group.finish();
}

/// The same month as `scaler replay` reads it: from text to the summary.
fn a_month_of_csv(c: &mut Criterion) {
    let row = |at: u32| format!("{},{},4,4\n", START + INTERVAL * i32::try_from(at).unwrap(), load(at));
    let csv = "time,rps,replicas,ready\n".to_owned() + &(0..MONTH).map(row).collect::<String>();
    let spec: GeneralScalerSpec = serde_json::from_value(json!({
        "targetDeployment": "app", "minReplicas": 2, "maxReplicas": 30,
        "metrics": [metric("rps", "PerReplica", 100.0)],
    }))
    .unwrap();
    let expressions: Arc<dyn Expressions> = Arc::new(NoExpressions);
    let replayed = || {
        let trace = Trace::parse(black_box(&csv)).unwrap();
        let mut scaler = Scaler::new(spec.clone(), &expressions).unwrap();
        let columns = trace.columns_of(&scaler.plan().metrics).unwrap();
        simulate(&trace, &columns, &mut scaler, Settings::default())
    };
    assert_eq!(replayed().points.len(), MONTH as usize);
    let mut group = c.benchmark_group("replay");
    group.sample_size(20).throughput(Throughput::Elements(MONTH.into()));
    group.bench_function("30d_csv", |b| b.iter(replayed));
    group.finish();
}

criterion_group!(engine, one_decision, a_month, a_month_of_csv);
criterion_main!(engine);
