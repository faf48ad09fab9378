//! What a scaler would have done: its decisions over a recorded series, on a target that exists only here.

mod csv;
mod hpa;
mod run;
mod scaler;
mod summary;
#[cfg(test)]
mod tests;
mod trace;
mod world;

pub use hpa::Hpa;
pub use run::{Change, Point, Run, Settings, Subject, simulate};
pub use scaler::Scaler;
pub use summary::{MetricSummary, Summary};
pub use trace::{Columns, Malformed, Trace, Unmatched};
pub use world::Seen;
