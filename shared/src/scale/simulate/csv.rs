//! Traces as CSV. A month at 15 seconds is read in a fraction of a second: rows are split where they stand.

use super::trace::{Malformed, PRICE, READY, REPLICAS, Trace};
use jiff::Timestamp;
use std::fmt::Write;

const TIME: &str = "time";
/// Below this, seconds count from some moment that nobody knows, and not from 1970.
const RELATIVE: i64 = 100_000_000;
/// A column of numbers that are counted.
const WHOLE: [&str; 2] = [REPLICAS, READY];
const MOST: f64 = 1_000_000.0;

/// What a column holds.
#[derive(Clone, Copy)]
enum Kind {
    Time,
    Value,
    Whole,
    Price,
}

pub(super) fn parse(text: &str) -> Result<Trace, Malformed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim_end_matches('\r')));
    let mut lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let none = || Malformed {
        line: 1,
        column: None,
        problem: "the trace is empty: it needs a line of names".to_owned(),
    };
    let (at, head) = lines.next().ok_or_else(none)?;
    let names = names(at, head)?;
    let kinds: Vec<_> = names.iter().map(|name| kind(name)).collect();
    let columns = names.iter().filter(|name| **name != TIME).map(|name| (*name).to_owned()).collect();
    let mut trace = Trace::new(columns);
    for (line, row) in lines {
        read(line, row, &names, &kinds, &mut trace)?;
    }
    if trace.times.is_empty() {
        return Err(Malformed {
            line: at,
            column: None,
            problem: "there is no row below the names".to_owned(),
        });
    }
    trace.relative = trace.times[0].as_second() < RELATIVE;
    Ok(trace)
}

fn kind(name: &str) -> Kind {
    match name {
        TIME => Kind::Time,
        PRICE => Kind::Price,
        name if WHOLE.contains(&name) => Kind::Whole,
        _ => Kind::Value,
    }
}

fn names(line: usize, head: &str) -> Result<Vec<&str>, Malformed> {
    let wrong = |problem: String| Malformed { line, column: None, problem };
    let names: Vec<_> = head.split(',').map(plain).collect();
    if let Some(at) = names.iter().position(|name| name.is_empty()) {
        return Err(wrong(format!("the name of column {} is missing", at + 1)));
    }
    let twice = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name));
    if let Some((_, name)) = twice {
        return Err(wrong(format!("two columns are named {name}")));
    }
    if !names.contains(&TIME) {
        let hint =
            if head.contains(';') || head.contains('\t') { " (columns are separated by commas)" } else { "" };
        return Err(wrong(format!("no column is named {TIME}{hint}: the first line holds the names")));
    }
    Ok(names)
}

fn read(line: usize, row: &str, names: &[&str], kinds: &[Kind], trace: &mut Trace) -> Result<(), Malformed> {
    let mut cells = row.split(',');
    for (name, kind) in names.iter().zip(kinds) {
        let wrong = |problem: String| Malformed { line, column: Some((*name).to_owned()), problem };
        let Some(cell) = cells.next().map(plain) else {
            let (have, want) = (row.split(',').count(), names.len());
            return Err(wrong(format!("the row has {have} cells, and the first line {want} names")));
        };
        match kind {
            Kind::Time => time(cell, trace).map_err(wrong)?,
            _ if cell.is_empty() => trace.cells.push(f64::NAN),
            kind => trace.cells.push(number(cell, *kind).map_err(wrong)?),
        }
    }
    match cells.count() {
        0 => Ok(()),
        more => {
            let problem = format!("the row has {more} cells more than the first line has names");
            Err(Malformed { line, column: None, problem })
        }
    }
}

fn number(cell: &str, kind: Kind) -> Result<f64, String> {
    let value: f64 = cell.parse().map_err(|_| format!("{cell:?} is no number"))?;
    match kind {
        Kind::Whole if value < 0.0 || value.fract() != 0.0 || value > MOST => {
            Err(format!("{cell} is no number of pods"))
        }
        Kind::Price if value <= 0.0 => Err(format!("{cell} is no price: it must be above 0")),
        _ => Ok(value),
    }
}

fn time(cell: &str, trace: &mut Trace) -> Result<(), String> {
    let time = instant(cell)
        .ok_or_else(|| format!("{cell:?} is no time: write it like 2026-11-27T08:00:00Z, or in seconds"))?;
    match trace.times.last() {
        Some(last) if time < *last => {
            Err(format!("{cell} is earlier than the row before: sort the rows by time"))
        }
        Some(last) if time == *last => Err(format!("{cell} is there twice: keep one of the rows")),
        _ => {
            trace.times.push(time);
            Ok(())
        }
    }
}

fn instant(cell: &str) -> Option<Timestamp> {
    if let Ok(seconds) = cell.parse::<i64>() {
        return Timestamp::from_second(seconds).ok();
    }
    if let Ok(seconds) = cell.parse::<f64>() {
        return Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok();
    }
    cell.parse().ok()
}

/// A cell without the spaces and quotes around it.
fn plain(cell: &str) -> &str {
    let cell = cell.trim();
    cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')).unwrap_or(cell)
}

pub(super) fn write(trace: &Trace) -> String {
    let mut text = format!("{TIME},{}\n", trace.columns.join(","));
    for (row, time) in trace.times.iter().enumerate() {
        let _ = write!(text, "{time}");
        for column in 0..trace.columns.len() {
            text.push(',');
            if let Some(cell) = trace.cell(row, column) {
                let _ = write!(text, "{cell}");
            }
        }
        text.push('\n');
    }
    text
}
