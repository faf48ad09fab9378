//! The table of a scaler's operations.

use super::table::{self, Column};
use crate::duration;
use crate::view::operations::OperationView;
use jiff::Timestamp;

/// The table, in the order of the operations.
pub fn text(operations: &[OperationView], width: Option<usize>, now: Timestamp) -> String {
    let columns = [
        Column::always("TIME"),
        Column::always("FROM -> TO"),
        Column::always("CAUSE"),
        Column::dropped("DETAIL", 1),
    ];
    let rows: Vec<_> = operations.iter().map(|row| cells(row, now)).collect();
    table::text(&columns, &rows, width)
}

fn cells(operation: &OperationView, now: Timestamp) -> Vec<String> {
    let mut detail = operation.detail.clone();
    if operation.pending {
        let gap = if detail.is_empty() { "" } else { ", " };
        detail.push_str(&format!("{gap}not confirmed yet"));
    }
    vec![
        format!("{} ago", duration::age(operation.time, now)),
        format!("{} -> {}", operation.from, operation.to),
        cause(operation).to_owned(),
        detail,
    ]
}

/// The cause without its subject where the detail begins with that.
fn cause(operation: &OperationView) -> &str {
    match operation.cause.split_once('(') {
        Some((kind, subject)) if operation.detail.starts_with(subject.trim_end_matches(')')) => kind,
        _ => &operation.cause,
    }
}
