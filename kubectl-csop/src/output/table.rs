//! Tables as kubectl prints them, cut to the terminal's width.

use comfy_table::Table as Grid;
use comfy_table::presets::NOTHING;
use console::{measure_text_width, truncate_str};

/// Spaces between two columns.
const GAP: usize = 3;
/// A column that may be shortened keeps this many characters.
const SHORTEST: usize = 12;
/// Where the columns that stay are too wide together, each keeps this many characters.
const LEAST: usize = 8;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    title: &'static str,
    /// On a narrow terminal the column of the highest rank goes first; rank 0 stays.
    rank: u8,
    /// On a narrow terminal the column's values lose their beginning before any column goes.
    elastic: bool,
}

impl Column {
    /// A column that is always shown.
    pub const fn always(title: &'static str) -> Self {
        Self { title, rank: 0, elastic: false }
    }

    /// A column that is dropped on a narrow terminal, the highest rank first.
    pub const fn dropped(title: &'static str, rank: u8) -> Self {
        Self { title, rank, elastic: false }
    }

    /// A column that is shortened on a narrow terminal, then dropped.
    pub const fn elastic(title: &'static str, rank: u8) -> Self {
        Self { title, rank, elastic: true }
    }
}

/// The table's lines; `width` is that of the terminal, `None` for pipes, which get everything.
pub fn text(columns: &[Column], rows: &[Vec<String>], width: Option<usize>) -> String {
    let mut columns = columns.to_vec();
    let mut rows = rows.to_vec();
    if let Some(width) = width {
        fit(&mut columns, &mut rows, width);
    }
    draw(&columns, &rows)
}

fn fit(columns: &mut Vec<Column>, rows: &mut [Vec<String>], width: usize) {
    loop {
        let widths: Vec<_> = (0..columns.len()).map(|at| column_width(columns, rows, at)).collect();
        let total = widths.iter().sum::<usize>() + GAP * columns.len().saturating_sub(1);
        if total <= width {
            return;
        }
        if let Some(at) = columns.iter().position(|column| column.elastic) {
            let room = widths[at].saturating_sub(total - width);
            if room >= SHORTEST {
                rows.iter_mut().for_each(|row| row[at] = keep_end(&row[at], room));
                return;
            }
        }
        let Some(last) =
            (0..columns.len()).filter(|at| columns[*at].rank > 0).max_by_key(|at| columns[*at].rank)
        else {
            return squeeze(columns, rows, widths, total.saturating_sub(width));
        };
        columns.remove(last);
        rows.iter_mut().for_each(|row| drop(row.remove(last)));
    }
}

/// Shortens the widest columns by so many characters in all, as far as that can be.
fn squeeze(columns: &[Column], rows: &mut [Vec<String>], mut widths: Vec<usize>, mut excess: usize) {
    let floor = |at: usize| columns[at].title.len().max(LEAST);
    while excess > 0 {
        let shrinkable = (0..widths.len()).filter(|at| widths[*at] > floor(*at));
        let Some(widest) = shrinkable.max_by_key(|at| widths[*at]) else { break };
        widths[widest] -= 1;
        excess -= 1;
    }
    for row in rows {
        for (cell, room) in row.iter_mut().zip(&widths) {
            *cell = truncate_str(cell, *room, "…").into_owned();
        }
    }
}

fn column_width(columns: &[Column], rows: &[Vec<String>], at: usize) -> usize {
    let values = rows.iter().map(|row| measure_text_width(&row[at]));
    values.chain([columns[at].title.len()]).max().unwrap_or(0)
}

/// The end of a text, which tells images apart better than their beginning.
pub(super) fn keep_end(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room {
        text.to_owned()
    } else {
        format!("…{}", text.chars().skip(length + 1 - room).collect::<String>())
    }
}

fn draw(columns: &[Column], rows: &[Vec<String>]) -> String {
    let mut grid = Grid::new();
    grid.load_style(NOTHING);
    grid.set_header(columns.iter().map(|column| column.title));
    grid.add_rows(rows.iter().map(|row| row.iter().map(|cell| if cell.is_empty() { "-" } else { cell })));
    let gap = u16::try_from(GAP).unwrap_or(1);
    for column in grid.column_iter_mut() {
        column.set_padding((0, gap));
    }
    grid.trim_fmt() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] =
        [Column::always("NAME"), Column::elastic("IMAGE", 2), Column::dropped("AGE", 1)];

    fn table(width: Option<usize>) -> String {
        let row = |name: &str, image: &str| vec![name.to_owned(), image.to_owned(), "3d".to_owned()];
        let rows = [row("shop", "registry.example.com/shop:1.4.2"), row("a", "")];
        text(&COLUMNS, &rows, width)
    }

    #[test]
    fn a_pipe_gets_everything() {
        assert_eq!(
            table(None),
            "NAME   IMAGE                             AGE\n\
             shop   registry.example.com/shop:1.4.2   3d\n\
             a      -                                 3d\n"
        );
    }

    #[test]
    fn a_narrow_terminal_gets_the_end_of_the_image() {
        assert_eq!(
            table(Some(33)),
            "NAME   IMAGE                  AGE\n\
             shop   …mple.com/shop:1.4.2   3d\n\
             a      -                      3d\n"
        );
    }

    #[test]
    fn a_very_narrow_terminal_loses_columns() {
        assert_eq!(table(Some(15)), "NAME   AGE\nshop   3d\na      3d\n");
        assert_eq!(table(Some(5)), "NAME\nshop\na\n");
    }

    #[test]
    fn columns_that_stay_are_shortened_in_the_end() {
        let columns = [Column::always("NAMESPACE"), Column::always("NAME"), Column::dropped("AGE", 1)];
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["payments-and-refunds", "a-service-with-a-name", "3d"]), row(["pay", "shop", "1h"])];
        assert_eq!(
            text(&columns, &rows, Some(30)),
            "NAMESPACE        NAME\n\
             payments-and-…   a-service-wi…\n\
             pay              shop\n"
        );
        let widest = |width| text(&columns, &rows, Some(width)).lines().map(measure_text_width).max();
        assert_eq!(widest(20), Some(20));
        assert_eq!(widest(5), Some(20), "there is a least width");
    }
}
