//! What scalers would have done over a recorded series, side by side.

use super::SCHEMA_VERSION;
use csop_shared::scale::simulate::{Change, Run, Summary, Trace};
use jiff::Timestamp;
use serde::Serialize;

/// A replay.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayView {
    schema_version: u32,
    kind: &'static str,
    /// The series.
    pub trace: TraceView,
    /// Seconds that a new pod takes until it is ready.
    pub pod_start_seconds: f64,
    /// The scaler first, then what it is compared with.
    pub runs: Vec<RunView>,
    /// What to know when reading the figures.
    pub notes: Vec<String>,
}

/// A recorded series.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceView {
    /// The file.
    pub origin: String,
    /// Its rows.
    pub rows: usize,
    /// The time of the first.
    pub from: Timestamp,
    /// The time of the last.
    pub to: Timestamp,
    /// Usual seconds between two rows.
    pub step_seconds: Option<f64>,
    /// Whether the times are seconds since some moment that nobody knows.
    pub relative: bool,
}

/// What one of them would have done.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// What it is called here.
    pub name: String,
    /// Fewest replicas that it may ask for.
    pub min: i32,
    /// Most replicas that it may ask for.
    pub max: i32,
    /// What a cost is counted in.
    pub currency: Option<String>,
    /// The whole in figures.
    pub summary: Summary,
    /// The changes, the oldest first.
    pub operations: Vec<Change>,
}

impl ReplayView {
    /// The view of a replay.
    pub fn new(trace: TraceView, pod_start_seconds: f64, runs: Vec<RunView>, notes: Vec<String>) -> Self {
        Self { schema_version: SCHEMA_VERSION, kind: "Replay", trace, pod_start_seconds, runs, notes }
    }
}

impl TraceView {
    /// The view of a trace from a file.
    pub fn new(origin: &str, trace: &Trace) -> Self {
        let end = |time: Option<&Timestamp>| time.copied().unwrap_or_default();
        Self {
            origin: origin.to_owned(),
            rows: trace.times.len(),
            from: end(trace.times.first()),
            to: end(trace.times.last()),
            step_seconds: trace.step().map(|step| step.as_secs_f64()),
            relative: trace.relative,
        }
    }
}

impl RunView {
    /// The view of a run.
    pub fn new(name: String, (min, max): (i32, i32), currency: Option<String>, run: &Run) -> Self {
        let (summary, operations) = (run.summary.clone(), run.operations.clone());
        Self { name, min, max, currency, summary, operations }
    }
}
