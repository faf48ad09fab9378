//! What each metric says, and whether it can be acted on.

use super::reduce::{Reduced, reduce};
use crate::{
    api::general_scaler::MetricState,
    scale::{
        Number, Observation, Plan, Reading, State,
        decision::{Input, Problem},
        plan::MetricPlan,
    },
};
use jiff::Timestamp;

/// Fills `inputs` with what each metric says, and remembers since when metrics have been missing.
pub(in crate::scale) fn observe(
    plan: &Plan,
    state: &mut State,
    observation: &Observation,
    now: Timestamp,
    inputs: &mut Vec<Input>,
) {
    inputs.clear();
    inputs.reserve_exact(plan.metrics.len());
    for (at, metric) in plan.metrics.iter().enumerate() {
        let reading = observation.readings.get(at).unwrap_or(&Reading::Missing);
        let mut input = input(metric, reading, now);
        remember(metric, state, now, &mut input);
        inputs.push(input);
    }
    if state.metrics.len() > inputs.len() {
        state.metrics.retain(|name, _| plan.metrics.iter().any(|metric| metric.name == *name));
    }
}

fn input(metric: &MetricPlan, reading: &Reading, now: Timestamp) -> Input {
    let mut input = Input {
        metric: metric.name.clone(),
        source: metric.source,
        mode: metric.mode,
        target: metric.target.map(|target| target.value),
        raw: None,
        reduced: None,
        divisor: 1,
        time: None,
        age: None,
        state: MetricState::Missing,
        problem: None,
        negative: false,
        missing_since: None,
        fallback: false,
        ratio: None,
        active: None,
        suspicious: false,
        proposal: None,
    };
    match reading {
        Reading::Missing => {}
        Reading::Empty { time } => {
            dated(&mut input, *time, now);
            without_series(metric, &mut input);
        }
        Reading::Sample { values, time, active, target } => {
            dated(&mut input, *time, now);
            input.raw = Some(values.clone());
            input.active = *active;
            input.target =
                input.target.or_else(|| target.and_then(Number::from_f64).filter(|t| t.is_positive()));
            match reduce(values, metric.reduce) {
                Ok(Some(value)) => valued(metric, &mut input, value),
                Ok(None) => without_series(metric, &mut input),
                Err(problem) => input.problem = Some(problem),
            }
        }
    }
    input
}

fn dated(input: &mut Input, time: Timestamp, now: Timestamp) {
    input.time = Some(time);
    input.age = Some(now.duration_since(time));
}

fn without_series(metric: &MetricPlan, input: &mut Input) {
    if metric.empty_is_zero {
        valued(metric, input, Reduced { sum: Number::ZERO, count: 1 });
    } else {
        input.state = MetricState::Empty;
    }
}

fn valued(metric: &MetricPlan, input: &mut Input, value: Reduced) {
    input.negative = value.sum.is_negative();
    let sum = if input.negative { Number::ZERO } else { value.sum };
    (input.reduced, input.divisor) = (Some(sum), value.count);
    let Some(target) = input.target else {
        input.problem = Some(Problem::NoTarget);
        return;
    };
    input.ratio = Some(sum.approximate() / (target.approximate() * f64::from(value.count)));
    let fresh = input.age.is_some_and(|age| age <= metric.max_age);
    input.state = if fresh { MetricState::Fresh } else { MetricState::Stale };
}

/// A stale metric has been missing since its last sample, which was the last fresh one; others since they were first seen so.
fn remember(metric: &MetricPlan, state: &mut State, now: Timestamp, input: &mut Input) {
    if input.state == MetricState::Fresh {
        if let Some(memory) = state.metrics.get_mut(&metric.name) {
            memory.missing_since = None;
            if memory.baseline.is_none() {
                state.metrics.remove(&metric.name);
            }
        }
        return;
    }
    let begin = match (input.state, input.time) {
        (MetricState::Stale, Some(time)) => time.min(now),
        _ => now,
    };
    let memory = state.metrics.entry(metric.name.clone()).or_default();
    let since = *memory.missing_since.get_or_insert(begin);
    input.missing_since = Some(since);
    input.fallback = metric.fallback.is_some_and(|fallback| now.duration_since(since) >= fallback.after);
}
