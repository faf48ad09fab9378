//! Views to text: tables, trees, and the machine formats, which print a view unchanged.

pub mod check;
pub mod diff;
pub mod events;
pub mod facts;
pub mod forecast;
pub mod history;
pub mod logs;
pub mod operations;
pub mod paint;
pub mod plot;
pub mod replay;
pub mod scaler;
pub mod scalers;
pub mod schedules;
pub mod service;
pub mod services;
pub mod table;
pub mod tree;
pub mod wrap;

#[cfg(test)]
mod scaler_snapshots;
#[cfg(test)]
mod schedule_snapshots;
#[cfg(test)]
mod snapshots;

use serde::Serialize;

/// A view as indented JSON.
pub fn json<T: Serialize>(view: &T) -> String {
    let mut text = serde_json::to_string_pretty(view).expect("a view has only string keys");
    text.push('\n');
    text
}

/// A view as YAML that kubectl reads as it is meant.
pub fn yaml<T: Serialize>(view: &T) -> String {
    csop_shared::yaml::quoted(&serde_yaml::to_string(view).expect("a view has only string keys"))
}
