//! Random scalers, and random histories of what they see.

use csop_shared::scale::{
    Expressions, Floor, Name, NoExpressions, Observation, Plan, Reading, Series, Shared,
};
use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use std::sync::Arc;

/// A metric: its mode, target and whether it has a fallback.
pub(crate) type Metric = (usize, u32, bool);
/// What is read of a metric, in hundredths; none when it is missing.
pub(crate) type Sample = Option<u32>;

/// A scaler's settings.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) min: i32,
    pub(crate) max: i32,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) cooldown: i32,
    pub(crate) rates: (Option<i32>, Option<i32>),
    pub(crate) windows: (i32, i32),
    pub(crate) behavior: bool,
    pub(crate) budget: Option<u32>,
}

/// What is seen at a time.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) after: u16,
    pub(crate) unready: i32,
    pub(crate) samples: Vec<Sample>,
    pub(crate) floor: Option<(i32, bool, bool)>,
    pub(crate) by_hand: Option<i32>,
}

pub(crate) fn scenes() -> impl Strategy<Value = Scene> {
    let rate = || proptest::option::of(0..6_i32);
    let safety = (prop_oneof![Just(0), Just(60)], (rate(), rate()), (0..120_i32, 0..120_i32), any::<bool>());
    let bounds = (0..4_i32, 1..30_i32);
    let metrics = vec((0..3_usize, 1..500_u32, any::<bool>()), 0..4);
    (bounds, metrics, safety, proptest::option::of(0..40_u32)).prop_map(
        |((min, more), metrics, (cooldown, rates, windows, behavior), budget)| Scene {
            min,
            max: min + more,
            metrics,
            cooldown,
            rates,
            windows,
            behavior,
            budget,
        },
    )
}

pub(crate) fn moments() -> impl Strategy<Value = Vec<Moment>> {
    let floor = proptest::option::weighted(0.2, (0..50_i32, any::<bool>(), any::<bool>()));
    let sample = proptest::option::weighted(0.9, 0..3000_u32);
    let by_hand = proptest::option::weighted(0.1, 0..60_i32);
    let moment = (1..200_u16, 0..3_i32, vec(sample, 4), floor, by_hand).prop_map(
        |(after, unready, samples, floor, by_hand)| Moment { after, unready, samples, floor, by_hand },
    );
    vec(moment, 1..25)
}

impl Scene {
    pub(crate) fn spec(&self) -> Value {
        let metric = |(at, (mode, target, fallback)): (usize, &Metric)| {
            let mode = ["PerReplica", "Ratio", "Latency"][*mode];
            let mut metric = json!({
                "name": format!("m{at}"), "type": "prometheus", "config": {"query": "q"},
                "mode": mode, "targetValue": f64::from(*target) / 100.0,
            });
            if *fallback {
                metric["fallback"] = json!({"replicas": 5, "afterSeconds": 100, "behavior": "Static"});
            }
            metric
        };
        let mut spec = json!({
            "targetDeployment": "app", "minReplicas": self.min, "maxReplicas": self.max, "idleSeconds": 100,
            "metrics": self.metrics.iter().enumerate().map(metric).collect::<Value>(),
            "safety": {
                "cooldownSeconds": self.cooldown,
                "stabilizationWindowSeconds": {"up": self.windows.0, "down": self.windows.1},
            },
        });
        let safety = &mut spec["safety"];
        if let Some(up) = self.rates.0 {
            safety["maxScaleUpRate"] = json!(up);
        }
        if let Some(down) = self.rates.1 {
            safety["maxScaleDownRate"] = json!(down);
        }
        if self.behavior {
            safety["behavior"] =
                json!({"scaleDown": {"policies": [{"type": "Pods", "value": 4, "periodSeconds": 60}]}});
        }
        if let Some(budget) = self.budget {
            spec["policy"] = json!({"type": "cost", "config": {"maxCostPerHour": f64::from(budget) / 10.0, "costPerPod": 0.1}});
        }
        spec
    }

    pub(crate) fn plan(&self) -> Plan {
        plan(self.spec())
    }
}

pub(crate) fn plan(spec: Value) -> Plan {
    let expressions: Arc<dyn Expressions> = Arc::new(NoExpressions);
    Plan::new(Shared::new(serde_json::from_value(spec).unwrap()), &expressions).unwrap()
}

pub(crate) fn start() -> Timestamp {
    "2026-01-01T00:00:00.123456789Z".parse().unwrap()
}

impl Moment {
    pub(crate) fn observation(&self, current: i32, now: Timestamp) -> Observation {
        let sample = |sample: &Sample| match sample {
            Some(value) => Reading::Sample {
                values: Series::One(f64::from(*value) / 100.0),
                time: now,
                active: None,
                target: None,
            },
            None => Reading::Missing,
        };
        let floor = |(replicas, raise_max, respect_rate_limit)| Floor {
            name: Name::from("schedule"),
            replicas,
            raise_max,
            respect_rate_limit,
        };
        Observation {
            current: Some(current),
            ready: (current - self.unready).max(0),
            readings: self.samples.iter().map(sample).collect(),
            floors: self.floor.map(floor).into_iter().collect(),
            ..Observation::default()
        }
    }

    pub(crate) fn later(&self, now: Timestamp) -> Timestamp {
        now + SignedDuration::from_secs(self.after.into())
    }
}
