//! The target of a simulation, and what a recorded series looks like at its size.

use super::trace::{Columns, Trace};
use crate::{api::general_scaler::MetricMode, scale::MetricPlan};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Digits that a value keeps when it is carried over to another size, so that what the division leaves behind moves no limit.
const DIGITS: i32 = 12;

/// What a scaler sees at a time.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Replicas that the target asks for.
    pub current: i32,
    /// Ready pods.
    pub ready: i32,
    /// The metrics at this size, in the scaler's order; NaN where one is missing.
    pub values: Vec<f64>,
    /// When the values held.
    pub time: Timestamp,
    /// What a pod costs in an hour, where the trace says so.
    pub price: Option<f64>,
}

/// A target whose pods need time to start.
#[derive(Debug)]
pub(super) struct World<'a> {
    trace: &'a Trace,
    columns: &'a Columns,
    modes: Vec<MetricMode>,
    start: SignedDuration,
    /// How long a row holds: until the next one usually comes.
    holds: SignedDuration,
    row: usize,
    starting: VecDeque<(Timestamp, i32)>,
    pub(super) seen: Seen,
}

impl<'a> World<'a> {
    pub(super) fn new(
        trace: &'a Trace,
        columns: &'a Columns,
        metrics: &[MetricPlan],
        current: i32,
        start: SignedDuration,
    ) -> Self {
        Self {
            trace,
            columns,
            modes: metrics.iter().map(|metric| metric.mode).collect(),
            start,
            holds: trace.step().unwrap_or_default(),
            row: 0,
            starting: VecDeque::new(),
            seen: Seen { current, values: vec![f64::NAN; metrics.len()], ..Seen::default() },
        }
    }

    /// Looks at the world at a time, not before the last one.
    pub(super) fn look(&mut self, now: Timestamp) {
        while self.trace.times.get(self.row + 1).is_some_and(|time| *time <= now) {
            self.row += 1;
        }
        self.seen.time = now.min(self.trace.times[self.row] + self.holds);
        while self.starting.front().is_some_and(|(ready, _)| *ready <= now) {
            self.starting.pop_front();
        }
        self.seen.ready = self.ready();
        self.seen.price = self.columns.price.and_then(|column| self.trace.cell(self.row, column));
        let recorded = self.recorded(self.columns.replicas);
        for (at, column) in self.columns.metrics.iter().enumerate() {
            let value = self.trace.cell(self.row, *column).unwrap_or(f64::NAN);
            self.seen.values[at] = match (self.modes[at], recorded) {
                (MetricMode::PerReplica, _) | (_, None) => value,
                (_, Some(recorded)) => carried(value, recorded, self.seen.current),
            };
        }
    }

    fn recorded(&self, column: Option<usize>) -> Option<i32> {
        column.and_then(|column| self.trace.cell(self.row, column)).map(|cell| cell as i32)
    }

    /// Pods that are not ready are those that start here, or as many as there were, where starting takes no time here.
    fn ready(&self) -> i32 {
        let unready = if self.start.is_positive() {
            self.starting.iter().map(|(_, pods)| pods).sum()
        } else {
            let both = (self.recorded(self.columns.replicas), self.recorded(self.columns.ready));
            if let (Some(replicas), Some(ready)) = both { (replicas - ready).max(0) } else { 0 }
        };
        (self.seen.current - unready).max(0)
    }

    /// Gives the target another size.
    pub(super) fn resize(&mut self, replicas: i32, now: Timestamp) {
        let mut change = replicas - self.seen.current;
        if change > 0 && self.start.is_positive() {
            self.starting.push_back((now + self.start, change));
        }
        // Pods that are not ready yet go first.
        while change < 0
            && let Some((_, pods)) = self.starting.back_mut()
        {
            let gone = (*pods).min(-change);
            *pods -= gone;
            change += gone;
            if *pods == 0 {
                self.starting.pop_back();
            }
        }
        self.seen.current = replicas;
    }
}

/// What a level that was measured with `recorded` replicas would have been with `current`.
fn carried(value: f64, recorded: i32, current: i32) -> f64 {
    if recorded == current || value == 0.0 || !value.is_finite() {
        return value;
    }
    // Without pods there is nobody who feels a level: it stays as it was for one.
    let carried = value * f64::from(recorded) / f64::from(current.max(1));
    let scale = 10_f64.powi(DIGITS - 1 - carried.abs().log10().floor() as i32);
    if scale.is_finite() && scale > 0.0 && carried != 0.0 {
        (carried * scale).round() / scale
    } else {
        carried
    }
}

#[cfg(test)]
mod tests {
    use super::carried;

    #[test]
    fn a_level_is_spread_over_the_pods_that_are_there() {
        assert_eq!(carried(0.7, 10, 7), 1.0);
        assert_eq!(carried(0.3, 3, 1), 0.9);
        assert_eq!(carried(80.0, 4, 4), 80.0);
        assert_eq!(carried(80.0, 4, 0), 320.0);
        assert_eq!(carried(0.0, 4, 2), 0.0);
        assert!(carried(f64::NAN, 4, 2).is_nan());
    }
}
