//! How many replicas a metric wants. Every comparison includes its limit in what changes nothing.

use crate::{
    api::general_scaler::{FallbackBehavior, MetricMode, MetricState},
    scale::{
        Number, Plan,
        decision::Input,
        plan::{FallbackPlan, Target},
    },
};
use std::cmp::Ordering::{Greater, Less};

/// A latency counts as twice the target at most.
const MOST_LATENCY: u64 = 2;
/// The part of the replicas that a low latency takes away.
const LATENCY_STEP: i32 = 10;

/// Fills in the proposal of every metric that has one.
pub(in crate::scale) fn propose(plan: &Plan, inputs: &mut [Input], current: i32, ready: i32) {
    for (metric, input) in plan.metrics.iter().zip(inputs) {
        input.proposal = match (input.reduced, input.target) {
            (Some(sum), Some(target)) if input.state == MetricState::Fresh => {
                let value = Value { sum, divisor: input.divisor.into(), target: metric.target(target) };
                Some(value.proposal(metric.mode, current, ready))
            }
            _ => metric.fallback.filter(|_| input.fallback).map(|fallback| fall_back(fallback, current)),
        };
    }
}

fn fall_back(fallback: FallbackPlan, current: i32) -> i32 {
    match fallback.behavior {
        FallbackBehavior::CurrentIfHigher => current.max(fallback.replicas),
        FallbackBehavior::Static => fallback.replicas,
        FallbackBehavior::Current => current,
        FallbackBehavior::CurrentIfLower => current.min(fallback.replicas),
    }
}

/// A value, `sum` / `divisor`, beside its target.
struct Value {
    sum: Number,
    divisor: u64,
    target: Target,
}

impl Value {
    fn proposal(&self, mode: MetricMode, current: i32, ready: i32) -> i32 {
        if current == 0 {
            return self.share_of(1);
        }
        match mode {
            MetricMode::PerReplica => self.per_replica(current),
            _ if ready == 0 => current,
            MetricMode::Ratio => self.ratio(current, ready),
            MetricMode::Latency => self.latency(current),
        }
    }

    fn per_replica(&self, current: i32) -> i32 {
        let handled = self.divisor.saturating_mul(count(current));
        let outside = self.is(Greater, self.target.high, handled) || self.is(Less, self.target.low, handled);
        if outside { self.share_of(1) } else { current }
    }

    fn ratio(&self, current: i32, ready: i32) -> i32 {
        if self.is(Greater, self.target.high, self.divisor) {
            self.share_of(count(ready.min(current))).max(current)
        } else if self.is(Less, self.target.low, self.divisor) {
            self.share_of(count(current)).min(current)
        } else {
            current
        }
    }

    fn latency(&self, current: i32) -> i32 {
        if self.is(Greater, self.target.high, self.divisor) {
            let double = self.divisor.saturating_mul(MOST_LATENCY);
            if self.is(Less, self.target.value, double) {
                self.share_of(count(current))
            } else {
                current.saturating_mul(2)
            }
        } else if self.is(Greater, self.target.low, self.divisor) {
            current
        } else {
            (current - (current / LATENCY_STEP).max(1)).max(1)
        }
    }

    /// The ceiling of the value, times `factor`, in targets.
    fn share_of(&self, factor: u64) -> i32 {
        self.sum.ceil_ratio(factor, self.target.value, self.divisor)
    }

    /// Whether the value has this order to `limit` x `factor` / `divisor`.
    fn is(&self, order: std::cmp::Ordering, limit: Number, factor: u64) -> bool {
        self.sum.compare(1, limit, factor) == order
    }
}

fn count(replicas: i32) -> u64 {
    u64::try_from(replicas).unwrap_or(0)
}
