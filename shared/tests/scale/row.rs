//! One worked example, as the data files have it. Their format is documented in `docs/scaling/engine.md`.

use crate::expect::Expect;
use csop_shared::{
    api::{
        GeneralScalerSpec,
        general_scaler::{Operation, Outcome},
    },
    scale::{
        Action, Decision, Expressions, Floor, History, Memory, Observation, Plan, Price, Reading,
        Recommendation, Series, Shared, Situation, State, decide,
    },
};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) id: String,
    #[serde(default)]
    spec: Map<String, Value>,
    now: Option<Timestamp>,
    #[serde(flatten)]
    seen: Seen,
    history: Option<Vec<Past>>,
    last_change: Option<f64>,
    #[serde(default)]
    operations: Vec<Done>,
    idle_for: Option<f64>,
    last_price: Option<Past64>,
    effective_max: Option<i32>,
    expect: Expect,
    #[serde(default)]
    then: Vec<Step>,
}

/// What is observed; a later step keeps what it does not name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    current: Option<i32>,
    ready: Option<i32>,
    demand: Option<i32>,
    metrics: Option<Vec<Metric>>,
    price: Option<Sampled>,
    floors: Option<Vec<Floor>>,
    paused: Option<bool>,
    conflict: Option<bool>,
    target_missing: Option<bool>,
    answer: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    after: f64,
    #[serde(default)]
    times: Option<usize>,
    #[serde(flatten)]
    seen: Seen,
    #[serde(default)]
    expect: Expect,
}

/// A metric's spec (all other keys) with what is read of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    proposes: Option<i32>,
    value: Option<Series>,
    #[serde(default)]
    age: f64,
    #[serde(default)]
    empty: bool,
    missing_for: Option<f64>,
    active: Option<bool>,
    stated_target: Option<f64>,
    #[serde(flatten)]
    spec: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize)]
struct Sampled {
    value: Option<f64>,
    #[serde(default)]
    age: f64,
}

#[derive(Clone, Debug, Deserialize)]
struct Past {
    ago: f64,
    replicas: i32,
}

#[derive(Clone, Debug, Deserialize)]
struct Past64 {
    ago: f64,
    value: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    ago: f64,
    from: i32,
    to: i32,
    cause: Option<String>,
    starts_cooldown: Option<bool>,
    pending: Option<bool>,
}

const NOON: &str = "2026-01-01T12:00:00Z";

fn seconds(value: f64) -> SignedDuration {
    SignedDuration::from_secs_f64(value)
}

/// Answers with what the row says.
#[derive(Debug)]
struct Answer(Option<Value>);

impl Expressions for Answer {
    fn evaluate(&self, _: &str, _: Option<&str>, _: &Situation<'_>, _: i32) -> Result<i64, String> {
        match &self.0 {
            Some(Value::Number(number)) => Ok(number.as_i64().unwrap()),
            other => Err(other.as_ref().and_then(Value::as_str).unwrap_or("no answer").to_owned()),
        }
    }
}

impl Row {
    /// What is wrong with the engine by this row; empty when nothing is.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut now = self.now.unwrap_or_else(|| NOON.parse().unwrap());
        let mut seen = self.seen.clone();
        let spec = self.full_spec();
        let plan_of = |seen: &Seen| {
            let expressions: Arc<dyn Expressions> = Arc::new(Answer(seen.answer.clone()));
            Plan::new(serde_json::from_value::<GeneralScalerSpec>(spec.clone()).unwrap(), &expressions)
        };
        let plan = match (plan_of(&seen), &self.expect.invalid) {
            (Err(error), Some(wanted)) if error.to_string().contains(wanted) => return vec![],
            (Err(error), _) => return vec![format!("invalid: {error}")],
            (Ok(_), Some(wanted)) => return vec![format!("is not refused with {wanted}")],
            (Ok(plan), None) => plan,
        };
        let mut state = self.state(&plan, now);
        let mut faults = vec![];
        let mut decision = self.step(&plan, &mut state, &seen, now);
        self.expect.check("", &decision, &state, usize::from(decision.action == Action::Scale), &mut faults);
        for (at, step) in self.then.iter().enumerate() {
            seen = seen.with(&step.seen);
            let mut writes = 0;
            for _ in 0..step.times.unwrap_or(1) {
                if step.seen.current.is_none() {
                    let from = decision.current;
                    seen.current =
                        Some(if decision.action == Action::Scale { decision.result } else { from });
                    if step.seen.ready.is_none() {
                        seen.ready = None;
                    }
                }
                now += seconds(step.after);
                decision = self.step(&plan_of(&seen).unwrap(), &mut state, &seen, now);
                writes += usize::from(decision.action == Action::Scale);
            }
            step.expect.check(&format!("then {}: ", at + 1), &decision, &state, writes, &mut faults);
        }
        faults
    }

    fn step(&self, plan: &Plan, state: &mut State, seen: &Seen, now: Timestamp) -> Decision {
        let (decision, next) = decide(plan, state, &seen.observation(now), now);
        *state = next;
        state.settle(true);
        decision
    }

    fn full_spec(&self) -> Value {
        let mut spec = json!({
            "targetDeployment": "app", "minReplicas": 1, "maxReplicas": 100,
            "safety": {"cooldownSeconds": 0, "stabilizationWindowSeconds": {"up": 0, "down": 0}},
        });
        merge(&mut spec, &Value::Object(self.spec.clone()));
        let metrics = self.seen.all_metrics();
        if !metrics.is_empty() {
            let specs = metrics.iter().map(Metric::full_spec);
            spec["metrics"] = specs.collect();
        }
        spec
    }

    fn state(&self, plan: &Plan, now: Timestamp) -> State {
        let at = |ago: f64| now - seconds(ago);
        let current = self.seen.current.unwrap_or(1);
        let change = self.last_change.map(|ago| Done {
            ago,
            from: current,
            to: current,
            cause: None,
            starts_cooldown: None,
            pending: None,
        });
        let operation = |done: Done| Operation {
            time: MicroTime(at(done.ago)),
            from: done.from,
            to: done.to,
            cause: done.cause.as_deref().unwrap_or("Demand").parse().unwrap(),
            starts_cooldown: done.starts_cooldown.unwrap_or(true),
            outcome: if done.pending == Some(true) { Outcome::Pending } else { Outcome::Applied },
            detail: String::new(),
        };
        let operations = self.operations.iter().cloned().chain(change).map(operation).collect();
        let mut metrics = BTreeMap::new();
        for (metric, plan) in self.seen.all_metrics().iter().zip(&plan.metrics) {
            if let Some(ago) = metric.missing_for {
                metrics.insert(plan.name.clone(), Memory { missing_since: Some(at(ago)), baseline: None });
            }
        }
        State {
            history: self.history.as_deref().map_or_else(History::default, |past| history(past, now)),
            operations: Shared::new(operations),
            idle_since: self.idle_for.map(at),
            metrics,
            last_price: self.last_price.as_ref().map(|past| Price {
                value: serde_json::from_value(past.value.clone()).unwrap(),
                time: at(past.ago),
            }),
            effective_max: self.effective_max,
        }
    }
}

/// All demands: those that no longer matter do no harm, but each list must be as the engine keeps it.
fn history(past: &[Past], now: Timestamp) -> History {
    let mut history = History { seeded: true, ..History::default() };
    for past in past {
        let one = Recommendation { time: now - seconds(past.ago), replicas: past.replicas };
        while history.highs.back().is_some_and(|last| last.replicas <= one.replicas) {
            history.highs.pop_back();
        }
        history.highs.push_back(one);
        while history.lows.back().is_some_and(|last| last.replicas >= one.replicas) {
            history.lows.pop_back();
        }
        history.lows.push_back(one);
    }
    history
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

impl Seen {
    fn with(&self, later: &Self) -> Self {
        let later = later.clone();
        Self {
            current: later.current.or(self.current),
            ready: later.ready.or(self.ready),
            demand: later.demand.or(self.demand),
            metrics: later.metrics.or_else(|| self.metrics.clone()),
            price: later.price.or_else(|| self.price.clone()),
            floors: later.floors.or_else(|| self.floors.clone()),
            paused: later.paused.or(self.paused),
            conflict: later.conflict.or(self.conflict),
            target_missing: later.target_missing.or(self.target_missing),
            answer: later.answer.or_else(|| self.answer.clone()),
        }
    }

    fn all_metrics(&self) -> Vec<Metric> {
        let demand = self.demand.map(Metric::proposing);
        demand.into_iter().chain(self.metrics.iter().flatten().cloned()).collect()
    }

    fn observation(&self, now: Timestamp) -> Observation {
        let current = self.current.unwrap_or(1);
        Observation {
            current: (self.target_missing != Some(true)).then_some(current),
            ready: self.ready.unwrap_or(current),
            paused: self.paused.unwrap_or(false),
            conflict: self.conflict.unwrap_or(false),
            readings: self.all_metrics().iter().map(|metric| metric.reading(now)).collect(),
            price: self.price.as_ref().map(|price| Box::new(price.reading(now))),
            floors: self.floors.clone().unwrap_or_default(),
        }
    }
}

impl Sampled {
    fn reading(&self, now: Timestamp) -> Reading {
        let time = now - seconds(self.age);
        self.value.map_or(Reading::Missing, |value| Reading::Sample {
            values: Series::One(value),
            time,
            active: None,
            target: None,
        })
    }
}

impl Metric {
    fn proposing(replicas: i32) -> Self {
        Self {
            proposes: Some(replicas),
            value: None,
            age: 0.0,
            empty: false,
            missing_for: None,
            active: None,
            stated_target: None,
            spec: Map::new(),
        }
    }

    fn full_spec(&self) -> Value {
        let mut spec = Value::Object(self.spec.clone());
        if self.proposes.is_some() {
            merge(&mut spec, &json!({"mode": "PerReplica", "targetValue": 1, "tolerance": 0}));
        }
        let external = spec.get("type").is_some_and(|kind| kind == "external");
        let defaults = match external {
            true => json!({"type": "external", "config": {"scalerAddress": "scaler:9000"}}),
            false => json!({"type": "prometheus", "config": {"query": "up"}, "targetValue": 1}),
        };
        for (key, value) in defaults.as_object().unwrap() {
            spec.as_object_mut().unwrap().entry(key).or_insert_with(|| value.clone());
        }
        spec
    }

    fn reading(&self, now: Timestamp) -> Reading {
        let time = now - seconds(self.age);
        let proposed = self.proposes.map(|replicas| Series::One(replicas.into()));
        match self.value.clone().or(proposed) {
            _ if self.empty => Reading::Empty { time },
            Some(values) => Reading::Sample { values, time, active: self.active, target: self.stated_target },
            None => Reading::Missing,
        }
    }
}
