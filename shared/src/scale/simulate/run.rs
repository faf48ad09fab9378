//! A simulation from the first row of a trace to the last.

use super::{
    summary::{Counter, Summary},
    trace::{Columns, Trace},
    world::{Seen, World},
};
use crate::scale::{Cause, MetricPlan};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// Whoever decides on a number of replicas.
pub trait Subject {
    /// Time between two decisions.
    fn interval(&self) -> SignedDuration;
    /// The metrics that it looks at.
    fn metrics(&self) -> &[MetricPlan];
    /// Fewest replicas that it asks for.
    fn min(&self) -> i32;
    /// How many replicas there should be, and why.
    fn decide(&mut self, seen: &Seen, now: Timestamp) -> i32;
    /// Why the last decision changed something.
    fn cause(&self) -> Cause;
}

/// How a simulation runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// Time from the creation of a pod until it is ready.
    pub pod_start: SignedDuration,
    /// Replicas to begin with; without it as recorded, else the fewest.
    pub start: Option<i32>,
    /// What a pod costs in an hour, where the trace does not say it.
    pub price: Option<f64>,
    /// What an hour costs whatever the number of pods.
    pub fixed: f64,
}

/// What became of a simulation.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// One for each decision.
    pub points: Vec<Point>,
    /// The values that the decisions saw: as many for each as there are metrics; NaN where one is missing.
    pub values: Vec<f64>,
    /// The changes, the oldest first.
    pub operations: Vec<Change>,
    /// The whole in figures.
    pub summary: Summary,
}

/// A moment of a simulation, after its decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// When.
    pub time: Timestamp,
    /// Replicas.
    pub replicas: i32,
    /// Ready pods.
    pub ready: i32,
}

/// A change of the number of replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// When.
    pub time: Timestamp,
    /// Replicas before.
    pub from: i32,
    /// Replicas after.
    pub to: i32,
    /// Why.
    pub cause: Cause,
}

/// Lets somebody decide over a trace.
pub fn simulate(trace: &Trace, columns: &Columns, subject: &mut dyn Subject, settings: Settings) -> Run {
    let mut run = Run::default();
    let (Some(first), Some(last)) = (trace.times.first(), trace.times.last()) else { return run };
    let interval = subject.interval();
    let recorded = columns.replicas.and_then(|column| trace.cell(0, column)).map(|cell| cell as i32);
    let start = settings.start.or(recorded).unwrap_or(subject.min());
    let mut world = World::new(trace, columns, subject.metrics(), start, settings.pod_start);
    let mut counter = Counter::new(subject.metrics(), interval, settings);
    let decisions = last.duration_since(*first).as_secs() / interval.as_secs().max(1) + 1;
    let decisions = usize::try_from(decisions).unwrap_or(0);
    run.points.reserve_exact(decisions);
    run.values.reserve_exact(decisions * columns.metrics.len());
    let mut now = *first;
    while now <= *last {
        world.look(now);
        let from = world.seen.current;
        let to = subject.decide(&world.seen, now);
        if to != from {
            run.operations.push(Change { time: now, from, to, cause: subject.cause() });
            world.resize(to, now);
        }
        counter.add(&world.seen);
        run.points.push(Point { time: now, replicas: to, ready: world.seen.ready.min(to) });
        run.values.extend_from_slice(&world.seen.values);
        now += interval;
    }
    run.summary = counter.summary(run.operations.len());
    run
}
