//! A replay as text: the changes side by side, and the whole in figures.

use super::table::{self, Column};
use super::wrap;
use crate::duration;
use crate::view::replay::{ReplayView, RunView};
use crate::view::scaler::short;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// Characters before the values of a section.
const INDENT: usize = 11;
/// Rows of changes that are shown.
const SHOWN: usize = 20;

/// The whole page.
pub fn text(view: &ReplayView, width: Option<usize>) -> String {
    let mut text = String::new();
    field(&mut text, "Trace:", &trace(view), width);
    for run in &view.runs {
        field(&mut text, "Replayed:", &format!("{}, min {}, max {}", run.name, run.min, run.max), width);
    }
    for note in &view.notes {
        field(&mut text, "Note:", note, width);
    }
    text.push_str(&changes(view, width));
    text.push('\n');
    text + &figures(&view.runs, width)
}

fn trace(view: &ReplayView) -> String {
    let it = &view.trace;
    let (from, to) = (moment(it.from, it.relative), moment(it.to, it.relative));
    let length = seconds(it.to.duration_since(it.from).as_secs_f64());
    let step = it
        .step_seconds
        .map(|step| format!(", every {}s", short((step * 10.0).round() / 10.0)))
        .unwrap_or_default();
    format!("{}, {} rows, {from} to {to} ({length}{step})", it.origin, it.rows)
}

/// A date, or the time since some moment that nobody knows.
pub fn moment(time: Timestamp, relative: bool) -> String {
    if relative { seconds(time.as_second() as f64) } else { format!("{time:.0}") }
}

fn seconds(seconds: f64) -> String {
    duration::text(Duration::from_secs_f64(seconds.max(0.0)))
}

/// The changes of all runs, each in the row of its time.
fn changes(view: &ReplayView, width: Option<usize>) -> String {
    let mut rows: BTreeMap<Timestamp, Vec<String>> = BTreeMap::new();
    for (at, run) in view.runs.iter().enumerate() {
        for change in &run.operations {
            let row = rows.entry(change.time).or_insert_with(|| vec![String::new(); 2 * view.runs.len()]);
            row[2 * at] = format!("{} -> {}", change.from, change.to);
            row[2 * at + 1] = change.cause.to_string();
        }
    }
    if rows.is_empty() {
        return "No changes.\n".to_owned();
    }
    let mut columns = vec![Column::always("TIME"), Column::always("FROM -> TO"), Column::always("CAUSE")];
    if view.runs.len() > 1 {
        columns[1] = Column::always("SCALER");
        columns.extend([Column::always("OTHER"), Column::dropped("CAUSE", 1)]);
    }
    let all = rows.len();
    let shown: Vec<_> = rows
        .into_iter()
        .take(SHOWN)
        .map(|(time, cells)| [moment(time, view.trace.relative)].into_iter().chain(cells).collect())
        .collect();
    let mut text = table::text(&columns, &shown, width);
    if all > SHOWN {
        text.push_str(&format!("({} more rows; -o json has all changes)\n", all - SHOWN));
    }
    text
}

fn figures(runs: &[RunView], width: Option<usize>) -> String {
    let mut rows: Vec<Vec<String>> = vec![];
    let mut add = |name: &str, figure: &dyn Fn(&RunView) -> Option<String>| {
        let figures: Vec<_> = runs.iter().map(figure).collect();
        if figures.iter().any(Option::is_some) {
            let cells = figures.into_iter().map(|figure| figure.unwrap_or_else(|| "unknown".to_owned()));
            rows.push([name.to_owned()].into_iter().chain(cells).collect());
        }
    };
    add("time under target", &|run| percent(run.summary.under_target_seconds, run.summary.known_seconds));
    if runs.iter().any(|run| run.summary.metrics.len() > 1) {
        for at in 0..runs.iter().map(|run| run.summary.metrics.len()).max().unwrap_or(0) {
            let named = runs.iter().find_map(|run| run.summary.metrics.get(at));
            let name = named.map(|metric| metric.name.clone()).unwrap_or_default();
            add(&format!("  of {name}"), &|run| {
                let metric = run.summary.metrics.get(at)?;
                percent(metric.under_target_seconds, metric.known_seconds)
            });
        }
    }
    add("pod-hours", &|run| Some(format!("{:.2}", run.summary.pod_hours)));
    add("cost", &|run| {
        let currency = run.currency.as_ref().map(|currency| format!(" {currency}")).unwrap_or_default();
        run.summary.cost.map(|cost| format!("{cost:.2}{currency}"))
    });
    add("changes", &|run| Some(run.summary.operations.to_string()));
    add("fewest to most pods", &|run| Some(format!("{} to {}", run.summary.fewest, run.summary.most)));
    let mut columns = vec![Column::always("SUMMARY"), Column::always("FIGURE")];
    if runs.len() > 1 {
        columns = vec![Column::always("SUMMARY"), Column::always("SCALER"), Column::always("OTHER")];
    }
    table::text(&columns, &rows, width)
}

fn percent(part: f64, whole: f64) -> Option<String> {
    (whole > 0.0).then(|| format!("{:.2}%", 100.0 * part / whole))
}

fn field(text: &mut String, key: &str, value: &str, width: Option<usize>) {
    for (at, line) in wrap::lines(value, width.map(|width| width.saturating_sub(INDENT))).iter().enumerate() {
        let key = if at == 0 { key } else { "" };
        text.push_str(&format!("{key:<INDENT$}{line}\n"));
    }
}
