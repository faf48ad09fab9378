//! The table of all services.

use super::table::{self, Column};
use crate::duration;
use crate::view::services::{Row, ServicesView};
use jiff::Timestamp;

/// How the table is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With a column of namespaces.
    pub namespaces: bool,
    /// With every column, however wide.
    pub wide: bool,
    /// The terminal's width; `None` for pipes.
    pub width: Option<usize>,
}

/// The table.
pub fn text(view: &ServicesView, style: Style, now: Timestamp) -> String {
    let rows: Vec<_> = view.items.iter().map(|row| cells(row, style, now)).collect();
    let width = if style.wide { None } else { style.width };
    table::text(&columns(style), &rows, width)
}

/// The names, as kubectl prints them.
pub fn names(view: &ServicesView) -> String {
    view.items.iter().map(|row| format!("cashservice.csop.dev/{}\n", row.name)).collect()
}

fn columns(style: Style) -> Vec<Column> {
    let mut columns = vec![];
    if style.namespaces {
        columns.push(Column::always("NAMESPACE"));
    }
    columns.extend([
        Column::always("NAME"),
        Column::always("STATUS"),
        Column::always("READY"),
        Column::dropped("MIN", 3),
        Column::dropped("MAX", 2),
        Column::elastic("IMAGE", 4),
        Column::dropped("AGE", 1),
    ]);
    if style.wide {
        columns.extend([Column::always("MODE"), Column::always("REVISION"), Column::always("URL")]);
    }
    columns
}

fn cells(row: &Row, style: Style, now: Timestamp) -> Vec<String> {
    let number = |value: Option<i32>| value.map(|number| number.to_string()).unwrap_or_default();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut cells = vec![];
    if style.namespaces {
        cells.push(row.namespace.clone());
    }
    cells.extend([
        row.name.clone(),
        row.status.clone(),
        text(&row.ready),
        number(row.min),
        number(row.max),
        text(&row.image),
        row.created_at.map(|then| duration::age(then, now)).unwrap_or_default(),
    ]);
    if style.wide {
        cells.extend([row.mode.unwrap_or_default().to_owned(), text(&row.revision), text(&row.url)]);
    }
    cells
}
