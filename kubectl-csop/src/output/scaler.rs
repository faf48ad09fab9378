//! One scaler: what it sees, what it decided, what comes next, what it did.

use super::facts::Facts;
use super::paint::Paint;
use super::table::{self, Column};
use super::{facts, operations, schedules, wrap};
use crate::duration;
use crate::view::operations::OperationView;
use crate::view::scaler::{DecisionView, MetricView, ScalerView, Source, Step, policy_line, short};
use crate::view::verdict::Verdict;
use console::measure_text_width;
use csop_shared::api::general_scaler::MetricMode;
use csop_shared::scale::Action;
use jiff::Timestamp;

/// Characters before the values of a section.
const INDENT: usize = 11;
/// Characters before the lines of an explanation.
const STAGE: usize = 14;
/// Operations that are shown; `history` shows all.
const SHOWN: usize = 5;

/// How the text is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With the reasoning step by step.
    pub explain: bool,
    /// With all operations and conditions.
    pub wide: bool,
    /// The terminal's width; `None` for pipes.
    pub width: Option<usize>,
    /// Colours.
    pub paint: Paint,
}

/// The whole page.
pub fn text(view: &ScalerView, style: Style, now: Timestamp) -> String {
    let mut text: String = fitted(&head(view), style.width);
    text.push_str(&state(view, style, now));
    if !view.metrics.is_empty() {
        text.push_str(&metrics(view, style, now));
    }
    for (key, value) in rules(view, now) {
        field(&mut text, key, &value, style);
    }
    if let Some(decision) = &view.decision {
        two(&mut text, "Decision:", &decided(decision), &last_change(&view.operations, now), style);
    }
    if let Some(next) = &view.next {
        field(&mut text, "Next:", &next.text(), style);
    }
    let few =
        if style.wide { &view.operations[..] } else { &view.operations[..view.operations.len().min(SHOWN)] };
    if !few.is_empty() {
        text.push_str(&operations::text(few, style.width.filter(|_| !style.wide), now));
    }
    if style.explain {
        text.push_str(&explained(view, style, now));
    }
    text
}

/// `Scaler: pay/shop  Deployment/shop   now 10  ready 10  min 3  max 30   mode Auto`.
fn head(view: &ScalerView) -> String {
    let target = view.target.as_deref().unwrap_or("no target");
    let it = &view.replicas;
    format!(
        "Scaler: {}/{}  {target}   now {}  ready {}  min {}  max {}   mode {:?}",
        view.namespace,
        view.name,
        number(it.current),
        number(it.ready),
        it.min,
        it.max,
        view.mode
    )
}

/// A line as it is, or broken where the terminal is narrower.
fn fitted(line: &str, width: Option<usize>) -> String {
    if width.is_none_or(|width| measure_text_width(line) <= width) {
        return format!("{line}\n");
    }
    wrap::lines(line, width).into_iter().map(|line| line + "\n").collect()
}

/// How it is doing, when it is not Ready; and how old this is, when it is not the operator's own word.
fn state(view: &ScalerView, style: Style, now: Timestamp) -> String {
    let mut text = String::new();
    if view.source == Source::Status {
        let age = view.as_of.map(|then| format!("as of {} ago", duration::age(then, now)));
        let age = age.unwrap_or_else(|| "as of an unknown time".to_owned());
        field(&mut text, "From:", &style.paint.dim(&format!("the status, {age}")), style);
    }
    if view.verdict != Verdict::Ready {
        let word = format!("{:?}", view.verdict);
        let word = if word == view.reason { word } else { format!("{word} ({})", view.reason) };
        let painted =
            if view.verdict == Verdict::Degraded { style.paint.bad(&word) } else { style.paint.warn(&word) };
        field(&mut text, "Status:", &format!("{painted}: {}", view.message), style);
        field(&mut text, "Try:", &view.next_step, style);
    }
    for condition in view.conditions.iter().filter(|it| it.type_ != "Ready" && (style.wide || it.notable)) {
        if condition.message != view.message || view.verdict == Verdict::Ready {
            let value = format!(
                "{}={} {}: {}",
                condition.type_, condition.status, condition.reason, condition.message
            );
            field(&mut text, "Condition:", &value, style);
        }
    }
    text
}

fn metrics(view: &ScalerView, style: Style, now: Timestamp) -> String {
    let columns = [
        Column::always("METRIC"),
        Column::dropped("SOURCE", 4),
        Column::dropped("MODE", 3),
        Column::always("VALUE"),
        Column::dropped("TARGET", 1),
        Column::dropped("AGE", 2),
        Column::always("STATE"),
        Column::always("WANTS"),
    ];
    // Ages are those of the moment when the operator answered: its clock may differ from this one.
    let then = view.as_of.filter(|_| view.source == Source::Operator).unwrap_or(now);
    let rows: Vec<_> = view.metrics.iter().map(|metric| cells(metric, then)).collect();
    table::text(&columns, &rows, style.width)
}

fn cells(metric: &MetricView, now: Timestamp) -> Vec<String> {
    let amount = |value: Option<f64>| value.map(short).unwrap_or_default();
    let mode = match metric.mode {
        MetricMode::PerReplica => "PerReplica",
        MetricMode::Ratio => "Ratio",
        MetricMode::Latency => "Latency",
    };
    vec![
        metric.name.clone(),
        metric.source.as_str().to_owned(),
        mode.to_owned(),
        amount(metric.value),
        amount(metric.target),
        metric.time.map(|then| duration::age(then, now)).unwrap_or_default(),
        missing(metric, now),
        metric.wants.map(|wants| wants.to_string()).unwrap_or_default(),
    ]
}

/// `Fresh`, or for how long it has been missing.
fn missing(metric: &MetricView, now: Timestamp) -> String {
    match (metric.state, metric.missing_since) {
        (None, _) => String::new(),
        (Some(state), Some(since)) => format!("{state:?} for {}", duration::age(since, now)),
        (Some(state), None) => format!("{state:?}"),
    }
}

fn rules(view: &ScalerView, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut rules = vec![];
    if view.decided().is_some_and(|decision| !decision.policies.is_empty()) {
        rules.push(("Policy:", policy_line(&view.policies, view.demand())));
    }
    // The floor of several schedules has all their names.
    let is_told = |floor: &str| {
        floor.split(" + ").all(|name| view.windows.iter().any(|it| it.name == name && it.active.is_some()))
    };
    rules.extend(view.schedules.iter().filter(|floor| !is_told(&floor.name)).map(|schedule| {
        let floor = schedule.replicas.map(|replicas| format!(" floor {replicas}")).unwrap_or_default();
        ("Schedule:", format!("\"{}\"{floor}, in force", schedule.name))
    }));
    rules.extend(view.windows.iter().map(|schedule| ("Schedule:", schedules::line(schedule, now))));
    rules
}

/// `stay 10 (within tolerance 0.1)`.
fn decided(decision: &DecisionView) -> String {
    let (from, to) = (number(decision.current), number(decision.result));
    let what = match decision.action {
        _ if decision.result.is_none() => "nothing".to_owned(),
        Some(Action::Recommend) => format!("recommend {from} -> {to}"),
        _ if from == to => format!("stay {to}"),
        _ => format!("{from} -> {to}"),
    };
    let limited = decision.limited.join(", ");
    let limited = if limited.is_empty() { limited } else { format!(", Limited {limited}") };
    format!("{what} ({}){limited}", decision.because)
}

/// `last change 8 -> 10, 14m ago, cause Demand(rps)`.
fn last_change(operations: &[OperationView], now: Timestamp) -> String {
    let last = operations.first().map(|last| {
        let age = duration::age(last.time, now);
        format!("last change {} -> {}, {age} ago, cause {}", last.from, last.to, last.cause)
    });
    last.unwrap_or_default()
}

fn explained(view: &ScalerView, style: Style, now: Timestamp) -> String {
    let Some(record) = &view.record else {
        return "\nNo reasoning: only the operator itself knows it, and it could not be asked.\n".to_owned();
    };
    let age = duration::age(record.time, view.as_of.unwrap_or(now));
    let title = format!("How it was decided, {age} ago (decision {})", record.seq);
    let mut text = format!("\n{}\n", style.paint.bold(&title));
    for Step { stage, lines } in &view.explanation {
        let mut stage = format!("  {stage}");
        for line in lines {
            for part in wrap::lines(line, style.width.map(|width| width.saturating_sub(STAGE))) {
                text.push_str(&format!("{stage:<STAGE$}{part}\n"));
                stage = String::new();
            }
        }
    }
    text
}

/// A field of two parts: beside each other where there is room, else below each other.
fn two(text: &mut String, key: &str, one: &str, other: &str, style: Style) {
    const BETWEEN: &str = "         ";
    let width = INDENT + measure_text_width(one) + BETWEEN.len() + measure_text_width(other);
    if !other.is_empty() && style.width.is_none_or(|most| width <= most) {
        text.push_str(&format!("{key:<INDENT$}{one}{BETWEEN}{other}\n"));
    } else {
        field(text, key, one, style);
        field(text, "", other, style);
    }
}

fn field(text: &mut String, key: &str, value: &str, style: Style) {
    if value.is_empty() {
        return;
    }
    let lines = wrap::lines(value, style.width.map(|width| width.saturating_sub(INDENT)));
    for (at, line) in lines.iter().enumerate() {
        let key = if at == 0 { key } else { "" };
        text.push_str(&format!("{key:<INDENT$}{line}\n"));
    }
}

fn number(value: Option<i32>) -> String {
    value.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

/// The scaler as single facts, for a watch without a terminal: only those that change are printed.
pub fn facts(view: &ScalerView) -> Facts {
    let mut facts = Facts::new();
    facts.insert("Status".to_owned(), format!("{:?} ({}: {})", view.verdict, view.reason, view.message));
    let it = &view.replicas;
    let replicas =
        format!("now {} ready {} min {} max {}", number(it.current), number(it.ready), it.min, it.max);
    facts.insert("Replicas".to_owned(), replicas);
    for metric in &view.metrics {
        let value = metric.value.map(short).unwrap_or_else(|| "-".to_owned());
        facts.insert(
            format!("Metric/{}", metric.name),
            format!(
                "{value} {} wants {}",
                metric.state.map_or_else(|| "-".to_owned(), |state| format!("{state:?}")),
                number(metric.wants)
            ),
        );
    }
    if let Some(decision) = &view.decision {
        let text = format!(
            "{} -> {} {} ({})",
            number(decision.current),
            number(decision.result),
            decision.cause,
            decision.because
        );
        facts.insert("Decision".to_owned(), text);
    }
    facts.extend(view.windows.iter().map(facts::of_schedule));
    if let Some(last) = view.operations.first() {
        facts.insert(
            "Last change".to_owned(),
            format!("{} -> {} {} {}", last.from, last.to, last.cause, last.detail),
        );
    }
    facts
}
