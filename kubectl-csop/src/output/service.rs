//! One service: sections, and the tree of its children.

use super::paint::Paint;
use super::{schedules, tree, wrap};
use crate::duration;
use crate::view::service::{ConditionView, ServiceView};
use crate::view::tree::{Health, Node};
use crate::view::verdict::Verdict;
use csop_shared::conditions::types;
use jiff::Timestamp;

/// Characters before the values of a section.
const INDENT: usize = 14;

/// How the text is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Everything, also what is kept for history.
    pub wide: bool,
    /// The terminal's width; `None` for pipes.
    pub width: Option<usize>,
    /// Lines may use more than ASCII.
    pub unicode: bool,
    /// Colours.
    pub paint: Paint,
}

/// The sections and the tree.
pub fn text(view: &ServiceView, style: Style, now: Timestamp) -> String {
    let mut text = String::new();
    for (key, value) in facts(view, style, now) {
        field(&mut text, &key, &value, style);
    }
    // The cause stands above already.
    let told = if view.verdict == Verdict::Ready { "" } else { &view.message };
    text.push_str(&conditions(view, told, style, now));
    if !view.children.is_empty() {
        text.push_str(&format!("\n{}\n", style.paint.bold("Objects")));
        let style = drawn(style);
        text.push_str(&tree::text(&view.children, style, now));
    }
    text
}

/// The conditions that somebody should look at; all of them in a wide text.
fn conditions(view: &ServiceView, told: &str, style: Style, now: Timestamp) -> String {
    let notable: Vec<_> = view.conditions.iter().filter(|c| style.wide || c.notable).collect();
    if notable.is_empty() {
        return String::new();
    }
    let title = format!("\n{}\n", style.paint.bold("Conditions"));
    notable.into_iter().fold(title, |text, condition| text + &condition_text(condition, told, style, now))
}

/// The service as the root of its tree, and its conditions.
pub fn rooted(view: &ServiceView, style: Style, now: Timestamp) -> String {
    let word = format!("{:?}", view.verdict);
    let root = Node {
        kind: "CashService",
        name: view.name.clone(),
        state: if word == view.reason { word } else { format!("{word} ({})", view.reason) },
        health: match view.verdict {
            Verdict::Ready => Health::Good,
            Verdict::Degraded => Health::Failed,
            _ => Health::Waiting,
        },
        retired: false,
        created_at: view.created_at,
        children: view.children.clone(),
    };
    tree::text(&[root], drawn(style), now) + &conditions(view, "", Style { wide: true, ..style }, now)
}

fn drawn(style: Style) -> tree::Style {
    tree::Style { width: style.width, unicode: style.unicode, paint: style.paint, all: style.wide }
}

fn facts(view: &ServiceView, style: Style, now: Timestamp) -> Vec<(String, String)> {
    let mut facts: Vec<(&str, String)> = vec![
        ("Service", format!("{}/{}", view.namespace, view.name)),
        ("Status", status(view, style.paint, now)),
    ];
    match view.verdict {
        Verdict::Ready => {}
        _ => facts.push(("Cause", view.message.clone())),
    }
    facts.push(("Try", view.next_step.clone()));
    facts.push(("Image", view.image.clone()));
    facts.push(("Running", view.live_image.clone().unwrap_or_default()));
    facts.push(("Revision", view.revision.clone().unwrap_or_default()));
    facts.push(("URL", view.url.clone().unwrap_or_default()));
    facts.push(("Replicas", replicas(view)));
    facts.push(("Autoscaling", autoscaling(view)));
    facts.extend(view.schedules.iter().map(|schedule| ("Schedule", schedules::line(schedule, now))));
    facts.push(("Age", view.created_at.map(|then| duration::age(then, now)).unwrap_or_default()));
    facts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (format!("{key}:"), value))
        .collect()
}

fn status(view: &ServiceView, paint: Paint, now: Timestamp) -> String {
    let word = format!("{:?}", view.verdict);
    let text = if word == view.reason { word } else { format!("{word} ({})", view.reason) };
    let painted = match view.verdict {
        Verdict::Ready => paint.good(&text),
        Verdict::Degraded => paint.bad(&text),
        _ => paint.warn(&text),
    };
    let told_by = if view.verdict == Verdict::Paused { types::PAUSED } else { types::READY };
    match view.conditions.iter().find(|condition| condition.type_ == told_by) {
        Some(condition) => format!("{painted}, for {}", duration::age(condition.since, now)),
        None => painted,
    }
}

/// `2/2 ready, min 2, max 10 (from the spec)`.
pub(super) fn replicas(view: &ServiceView) -> String {
    let it = &view.replicas;
    let mut text = match it.wanted {
        Some(wanted) => format!("{}/{wanted} ready", it.ready),
        None if it.existing.is_none() => return String::new(),
        None => format!("{} ready", it.ready),
    };
    if let Some(existing) = it.existing.filter(|existing| it.wanted.is_some_and(|wanted| wanted != *existing))
    {
        text.push_str(&format!(", {existing} existing"));
    }
    if let Some(updated) =
        it.updated.filter(|updated| it.existing.is_some_and(|existing| *updated < existing))
    {
        text.push_str(&format!(", {updated} of the new revision"));
    }
    if let (Some(min), Some(max)) = (it.min, it.max) {
        text.push_str(&format!(", min {min}, max {max}"));
    }
    match it.source {
        Some("Spec") => text + " (from the spec)",
        Some("Schedule") => text + " (by schedule)",
        _ => text,
    }
}

pub(super) fn autoscaling(view: &ServiceView) -> String {
    let metrics: Vec<_> = view
        .autoscaling
        .metrics
        .iter()
        .map(|metric| {
            format!("{} {}/{}", metric.name, metric.current.as_deref().unwrap_or("unknown"), metric.target)
        })
        .collect();
    let texts: Vec<_> = metrics.into_iter().chain(view.autoscaling.limit.clone()).collect();
    if texts.is_empty() {
        return view.autoscaling.mode.to_owned();
    }
    format!("{}: {}", view.autoscaling.mode, texts.join(", "))
}

fn field(text: &mut String, key: &str, value: &str, style: Style) {
    let lines = wrap::lines(value, style.width.map(|width| width.saturating_sub(INDENT)));
    for (at, line) in lines.iter().enumerate() {
        let key = if at == 0 { key } else { "" };
        text.push_str(&format!("{key:<INDENT$}{line}\n"));
    }
}

fn condition_text(condition: &ConditionView, told: &str, style: Style, now: Timestamp) -> String {
    let head = format!("{}={}", condition.type_, condition.status);
    let reason = format!("{}, for {}", condition.reason, duration::age(condition.since, now));
    let fits = style.width.is_none_or(|width| 2 + head.len() + 2 + reason.len() <= width);
    let head = if condition.notable { style.paint.warn(&head) } else { head };
    let mut text = format!("  {head}{}{reason}\n", if fits { "  " } else { "\n    " });
    if !condition.message.is_empty() && condition.message != told {
        for line in wrap::lines(&condition.message, style.width.map(|width| width.saturating_sub(4))) {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}
