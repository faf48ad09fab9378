//! A recorded series: what the metrics of a scaler were at which time.

use super::csv;
use crate::scale::{MetricPlan, Name};
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// Columns that are no metric: replicas and ready pods as they were, and what a pod cost in an hour.
pub(super) const REPLICAS: &str = "replicas";
pub(super) const READY: &str = "ready";
pub(super) const PRICE: &str = "price";

/// A recorded series, in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// The names of all columns but the time, in their order.
    pub columns: Vec<String>,
    /// The times of the rows.
    pub times: Vec<Timestamp>,
    /// Whether the times are seconds since some moment that nobody knows, rather than dates.
    pub relative: bool,
    /// The cells, row by row; NaN where there is none.
    pub(super) cells: Vec<f64>,
}

/// A text that is no trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// The column's name, where one cell is wrong.
    pub column: Option<String>,
    /// What is wrong, and what would be right.
    pub problem: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "line {}, column {column}: {}", self.line, self.problem),
            None => write!(f, "line {}: {}", self.line, self.problem),
        }
    }
}

impl std::error::Error for Malformed {}

/// Metrics of a scaler that a trace has no column for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the trace has no column for {}: add one named so (its cells may be empty); its columns are {}", .metrics.join(", "), .columns.join(", "))]
pub struct Unmatched {
    /// The metrics.
    pub metrics: Vec<String>,
    /// The columns that there are.
    pub columns: Vec<String>,
}

/// Where a scaler finds its metrics in a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// For each metric its column.
    pub metrics: Vec<usize>,
    /// The column of replicas as they were.
    pub replicas: Option<usize>,
    /// The column of ready pods as they were.
    pub ready: Option<usize>,
    /// The column of prices.
    pub price: Option<usize>,
}

impl Trace {
    /// Reads a trace from CSV: a line of names, `time` among them, then a row for each time.
    ///
    /// Times are RFC 3339 or seconds and grow. An empty cell is a missing value. Lines that begin with `#` are passed over.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line and column.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        csv::parse(text)
    }

    /// A trace of these columns, for whoever records one.
    pub fn new(columns: Vec<String>) -> Self {
        Self { columns, ..Self::default() }
    }

    /// Adds a row, as many cells as there are columns; NaN stands for none.
    pub fn push(&mut self, time: Timestamp, cells: impl IntoIterator<Item = f64>) {
        self.times.push(time);
        self.cells.extend(cells);
        self.cells.resize(self.times.len() * self.columns.len(), f64::NAN);
    }

    /// Writes the trace as CSV.
    pub fn to_csv(&self) -> String {
        csv::write(self)
    }

    /// A cell; none where it is empty.
    pub fn cell(&self, row: usize, column: usize) -> Option<f64> {
        Some(self.cells[row * self.columns.len() + column]).filter(|cell| !cell.is_nan())
    }

    /// The usual time between two rows: their median; none with fewer than two.
    pub fn step(&self) -> Option<SignedDuration> {
        let mut steps: Vec<_> = self.times.windows(2).map(|pair| pair[1].duration_since(pair[0])).collect();
        let middle = steps.len().checked_sub(1)? / 2;
        Some(*steps.select_nth_unstable(middle).1)
    }

    /// Where these metrics are.
    ///
    /// # Errors
    /// When a metric has no column.
    pub fn columns_of(&self, metrics: &[MetricPlan]) -> Result<Columns, Unmatched> {
        let find = |name: &str| self.columns.iter().position(|column| column == name);
        let missing: Vec<_> =
            metrics.iter().map(|metric| &metric.name).filter(|name| find(name).is_none()).collect();
        if !missing.is_empty() {
            let metrics = missing.into_iter().map(Name::to_string).collect();
            return Err(Unmatched { metrics, columns: self.columns.clone() });
        }
        Ok(Columns {
            metrics: metrics.iter().filter_map(|metric| find(&metric.name)).collect(),
            replicas: find(REPLICAS),
            ready: find(READY),
            price: find(PRICE),
        })
    }

    /// The columns that nobody reads.
    pub fn unread<'a>(&'a self, read: &'a [&Columns]) -> impl Iterator<Item = &'a str> {
        let is_read = |at: usize| {
            read.iter()
                .any(|it| it.metrics.contains(&at) || [it.replicas, it.ready, it.price].contains(&Some(at)))
        };
        self.columns.iter().enumerate().filter(move |(at, _)| !is_read(*at)).map(|(_, name)| name.as_str())
    }
}
