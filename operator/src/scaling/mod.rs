//! Evaluation: decides for every scaler at its interval from the latest samples, and asks for a reconcile only when there is
//! something to write. Between two reconciles a scaler lives here, in memory.

mod deadlines;
mod evaluator;
mod news;
mod pages;
mod slot;

pub use evaluator::{Evaluator, Following};
pub use pages::pages;
pub use slot::{Facts, Outgoing, TargetView, View, mean};
