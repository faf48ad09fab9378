//! The table of all scalers.

use super::facts::Facts;
use super::services::Style;
use super::table::{self, Column};
use crate::duration;
use crate::view::scalers::{Row, ScalersView};
use jiff::Timestamp;

/// The table.
pub fn text(view: &ScalersView, style: Style, now: Timestamp) -> String {
    let rows: Vec<_> = view.items.iter().map(|row| cells(row, style, now)).collect();
    let width = if style.wide { None } else { style.width };
    table::text(&columns(style), &rows, width)
}

/// The names, as kubectl prints them.
pub fn names(view: &ScalersView) -> String {
    view.items.iter().map(|row| format!("generalscaler.csop.dev/{}\n", row.name)).collect()
}

/// The scalers as single facts, for a watch without a terminal.
pub fn facts(view: &ScalersView) -> Facts {
    let fact = |row: &Row| {
        let (current, wanted) = (number(row.current), number(row.wanted));
        format!("{current} -> {wanted} {} ({})", cause(row), row.status)
    };
    view.items.iter().map(|row| (format!("{}/{}", row.namespace, row.name), fact(row))).collect()
}

fn columns(style: Style) -> Vec<Column> {
    let mut columns = vec![];
    if style.namespaces {
        columns.push(Column::always("NAMESPACE"));
    }
    columns.extend([
        Column::always("NAME"),
        Column::elastic("TARGET", 5),
        Column::always("CURRENT"),
        Column::dropped("WANTED", 2),
        Column::dropped("MIN", 4),
        Column::dropped("MAX", 3),
        Column::always("CAUSE"),
        Column::dropped("AGE", 1),
    ]);
    if style.wide {
        columns.extend([Column::always("MODE"), Column::always("STATUS")]);
    }
    columns
}

fn cells(row: &Row, style: Style, now: Timestamp) -> Vec<String> {
    let mut cells = vec![];
    if style.namespaces {
        cells.push(row.namespace.clone());
    }
    cells.extend([
        row.name.clone(),
        row.target.clone().unwrap_or_default(),
        number(row.current),
        number(row.wanted),
        number(row.min),
        number(row.max),
        cause(row),
        row.created_at.map(|then| duration::age(then, now)).unwrap_or_default(),
    ]);
    if style.wide {
        cells.extend([row.mode.map(|mode| format!("{mode:?}")).unwrap_or_default(), row.status.clone()]);
    }
    cells
}

fn number(value: Option<i32>) -> String {
    value.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

/// The cause; of a scaler that has none, how it is doing.
fn cause(row: &Row) -> String {
    row.cause.clone().unwrap_or_else(|| row.status.clone())
}
