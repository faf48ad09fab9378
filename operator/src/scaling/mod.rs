//! Evaluation: decides for every scaler at its interval from the latest samples, and asks for a reconcile only when there is
//! something to write. Between two reconciles a scaler lives here, in memory.

mod deadlines;
mod evaluator;
mod news;
mod pages;
mod slot;
mod view;
mod words;

pub use evaluator::{Evaluator, Following};
pub use news::PRICE_TOLD;
pub use pages::pages;
pub use view::{Facts, Outgoing, TargetView, View};
pub use words::value;
