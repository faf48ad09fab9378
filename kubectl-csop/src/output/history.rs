//! The table of revisions.

use super::table::{self, Column};
use crate::duration;
use crate::view::revisions::{HistoryView, RevisionView};
use jiff::Timestamp;

/// The table, the oldest revision first.
pub fn text(view: &HistoryView, wide: bool, width: Option<usize>, now: Timestamp) -> String {
    let mut columns = vec![
        Column::always("REVISION"),
        Column::always("CURRENT"),
        Column::dropped("HASH", 4),
        Column::elastic("IMAGE", 3),
        Column::dropped("AGE", 1),
        Column::dropped("CHANGE-CAUSE", 2),
    ];
    if wide {
        columns.push(Column::always("RESTARTED-AT"));
    }
    let rows: Vec<_> = view.revisions.iter().map(|row| cells(row, wide, now)).collect();
    table::text(&columns, &rows, width)
}

fn cells(row: &RevisionView, wide: bool, now: Timestamp) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let cause = if row.cause_is_older { String::new() } else { text(&row.change_cause) };
    let mut cells = vec![
        row.number.to_string(),
        if row.current { "yes".to_owned() } else { String::new() },
        text(&row.hash),
        text(&row.image),
        row.created_at.map(|then| duration::age(then, now)).unwrap_or_default(),
        cause,
    ];
    if wide {
        cells.push(text(&row.restarted_at));
    }
    cells
}
