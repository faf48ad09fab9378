//! A HorizontalPodAutoscaler in a simulation, for comparison.
//!
//! The rules are those that Kubernetes publishes: the page "Horizontal Pod Autoscaling" of its documentation (algorithm details:
//! the ratio, its tolerance, several metrics, missing metrics; configurable scaling behavior: policies, periods, stabilisation
//! windows, defaults) and the API reference of `HorizontalPodAutoscaler` in `autoscaling/v2` (`Value` and `AverageValue`). A metric
//! of mode PerReplica is an external metric with a target of type AverageValue; Ratio and Latency are targets of type Value, and
//! those of resources a utilisation.

use super::{run::Subject, world::Seen};
use crate::{
    api::general_scaler::{
        Behavior, MetricMode, PolicyUnit, ScalingPolicy, ScalingRules, SelectPolicy, SourceType,
    },
    scale::{Cause, CauseKind, MetricPlan, Name, Plan, stages::stabilize, state::History},
};
use jiff::{SignedDuration, Timestamp};

/// How often the controller looks (`--horizontal-pod-autoscaler-sync-period`).
const SYNC: SignedDuration = SignedDuration::from_secs(15);
/// How far a ratio may be off 1 (`--horizontal-pod-autoscaler-tolerance`), exactly so far included.
const TOLERANCE: f64 = 0.1;
/// Seconds; that of the way up is 0.
const DOWN_WINDOW: i32 = 300;
const UP: [ScalingPolicy; 2] = [
    ScalingPolicy { type_: PolicyUnit::Percent, value: 100, period_seconds: 15 },
    ScalingPolicy { type_: PolicyUnit::Pods, value: 4, period_seconds: 15 },
];
const DOWN: [ScalingPolicy; 1] =
    [ScalingPolicy { type_: PolicyUnit::Percent, value: 100, period_seconds: 15 }];

/// A HorizontalPodAutoscaler with the bounds, the metrics and the `safety.behavior` of a scaler.
#[derive(Debug)]
pub struct Hpa {
    min: i32,
    max: i32,
    metrics: Vec<MetricPlan>,
    up: Rules,
    down: Rules,
    history: History,
    cause: Cause,
}

/// The rules of a direction, and what they look back on.
#[derive(Debug)]
struct Rules {
    window: SignedDuration,
    select: SelectPolicy,
    policies: Vec<ScalingPolicy>,
    events: Vec<(Timestamp, i32)>,
}

impl Rules {
    fn new(given: Option<&ScalingRules>, window: i32, policies: &[ScalingPolicy]) -> Self {
        let given = given.cloned().unwrap_or_default();
        let window = given.stabilization_window_seconds.unwrap_or(window);
        Self {
            window: SignedDuration::from_secs(window.into()),
            select: given.select_policy.unwrap_or_default(),
            policies: if given.policies.is_empty() { policies.to_vec() } else { given.policies },
            events: vec![],
        }
    }

    /// By how much the replicas have changed in this direction within a period.
    fn changed(&self, policy: ScalingPolicy, now: Timestamp) -> i32 {
        let period = SignedDuration::from_secs(policy.period_seconds.into());
        let recent = self.events.iter().rev().take_while(|(time, _)| now.duration_since(*time) < period);
        recent.map(|(_, change)| change).sum()
    }

    fn note(&mut self, change: i32, now: Timestamp) {
        let longest = self.policies.iter().map(|policy| policy.period_seconds).max().unwrap_or(0);
        let longest = SignedDuration::from_secs(longest.into());
        self.events.retain(|(time, _)| now.duration_since(*time) < longest);
        self.events.push((now, change));
    }
}

impl Hpa {
    /// An autoscaler that has just started. One that scales to zero does not exist without a feature gate: it keeps one pod.
    pub fn new(plan: &Plan) -> Self {
        let behavior = plan.spec.safety.as_ref().and_then(|safety| safety.behavior.clone());
        let Behavior { scale_up, scale_down } = behavior.unwrap_or_default();
        Self {
            min: plan.min.max(1),
            max: plan.max,
            metrics: plan.metrics.to_vec(),
            up: Rules::new(scale_up.as_ref(), 0, &UP),
            down: Rules::new(scale_down.as_ref(), DOWN_WINDOW, &DOWN),
            history: History::default(),
            cause: Cause::default(),
        }
    }

    /// The largest proposal, and whose it is; none when nothing may change because of what is missing.
    fn proposal(&self, seen: &Seen) -> Option<(i32, Name)> {
        let mut largest: Option<(i32, &Name)> = None;
        let mut missing = false;
        for (metric, value) in self.metrics.iter().zip(&seen.values) {
            if !value.is_finite() {
                missing = true;
                continue;
            }
            let wanted = proposal(metric, *value, seen.current, seen.ready);
            if largest.is_none_or(|(most, _)| wanted > most) {
                largest = Some((wanted, &metric.name));
            }
        }
        let (wanted, name) = largest?;
        (!missing || wanted >= seen.current).then(|| (wanted, name.clone()))
    }

    /// What the policies leave of a change, and the bounds.
    fn paced(&self, current: i32, wanted: i32, now: Timestamp) -> i32 {
        if wanted > current {
            let most = self.most(current, now).max(current).min(self.max);
            wanted.min(most)
        } else if wanted < current {
            let least = self.least(current, now).min(current).max(self.min);
            wanted.max(least)
        } else {
            wanted
        }
    }

    fn most(&self, current: i32, now: Timestamp) -> i32 {
        let limit = |policy: &ScalingPolicy| {
            let start = current - self.up.changed(*policy, now) + self.down.changed(*policy, now);
            match policy.type_ {
                PolicyUnit::Pods => start + policy.value,
                PolicyUnit::Percent => {
                    (f64::from(start) * (1.0 + f64::from(policy.value) / 100.0)).ceil() as i32
                }
            }
        };
        let limits = self.up.policies.iter().map(limit);
        let limit = match self.up.select {
            SelectPolicy::Disabled => None,
            SelectPolicy::Max => limits.max(),
            SelectPolicy::Min => limits.min(),
        };
        limit.unwrap_or(current)
    }

    fn least(&self, current: i32, now: Timestamp) -> i32 {
        let limit = |policy: &ScalingPolicy| {
            let start = current - self.up.changed(*policy, now) + self.down.changed(*policy, now);
            match policy.type_ {
                PolicyUnit::Pods => start - policy.value,
                PolicyUnit::Percent => (f64::from(start) * (1.0 - f64::from(policy.value) / 100.0)) as i32,
            }
        };
        let limits = self.down.policies.iter().map(limit);
        let limit = match self.down.select {
            SelectPolicy::Disabled => None,
            SelectPolicy::Max => limits.min(),
            SelectPolicy::Min => limits.max(),
        };
        limit.unwrap_or(current)
    }
}

/// How many replicas a metric wants.
fn proposal(metric: &MetricPlan, value: f64, current: i32, ready: i32) -> i32 {
    let target = metric.target.map_or(f64::INFINITY, |target| target.value.to_f64());
    let is_within = |ratio: f64| (1.0 - TOLERANCE..=1.0 + TOLERANCE).contains(&ratio);
    let ceil = |replicas: f64| replicas.ceil().min(f64::from(i32::MAX)) as i32;
    match (metric.mode, metric.source) {
        (MetricMode::PerReplica, _) => {
            if is_within(value / (target * f64::from(current))) {
                current
            } else {
                ceil(value / target)
            }
        }
        (_, SourceType::Resource) => {
            // Pods that are not ready count with no use at all on the way up.
            let ratio = value / target;
            let ratio = if ratio > 1.0 { ratio * f64::from(ready) / f64::from(current) } else { ratio };
            if is_within(ratio) || (value > target && ratio < 1.0) {
                return current;
            }
            if ratio > 1.0 { ceil(ratio * f64::from(current)) } else { ceil(ratio * f64::from(ready)) }
        }
        _ => {
            let ratio = value / target;
            if is_within(ratio) { current } else { ceil(ratio * f64::from(ready)) }
        }
    }
}

impl Subject for Hpa {
    fn interval(&self) -> SignedDuration {
        SYNC
    }

    fn metrics(&self) -> &[MetricPlan] {
        &self.metrics
    }

    fn min(&self) -> i32 {
        self.min
    }

    fn decide(&mut self, seen: &Seen, now: Timestamp) -> i32 {
        let current = seen.current;
        let wanted = if current == 0 {
            // Somebody has switched it off so.
            return 0;
        } else if current > self.max || current < self.min {
            self.cause = CauseKind::Bounds.into();
            current.clamp(self.min, self.max)
        } else {
            let Some((wanted, name)) = self.proposal(seen) else { return current };
            self.cause = Cause { kind: CauseKind::Demand, subject: Some(name) };
            let windows = (self.up.window, self.down.window);
            let stable = stabilize::stabilize(&mut self.history, current, wanted, windows, now);
            self.paced(current, stable, now)
        };
        match wanted - current {
            0 => {}
            change if change > 0 => self.up.note(change, now),
            change => self.down.note(-change, now),
        }
        wanted
    }

    fn cause(&self) -> Cause {
        self.cause.clone()
    }
}

#[cfg(test)]
#[path = "hpa_tests.rs"]
mod tests;
