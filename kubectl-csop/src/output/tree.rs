//! The tree of a service's children.

use super::paint::Paint;
use crate::duration;
use crate::view::tree::{Health, Node};
use console::measure_text_width;
use jiff::Timestamp;

/// How a tree is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Lines may use more than ASCII.
    pub unicode: bool,
    /// Colours.
    pub paint: Paint,
    /// Old, empty ReplicaSets are shown too.
    pub all: bool,
}

struct Line {
    label: String,
    state: String,
    health: Health,
    age: String,
}

/// The tree, a line for each node, its columns aligned.
pub fn text(nodes: &[Node], style: Style, now: Timestamp) -> String {
    let mut lines = vec![];
    for node in nodes {
        collect(node, "", "", style, now, &mut lines);
    }
    let width =
        |part: fn(&Line) -> &str| lines.iter().map(|line| measure_text_width(part(line))).max().unwrap_or(0);
    let (labels, states) = (width(|line| &line.label), width(|line| &line.state));
    lines.iter().map(|line| draw(line, labels, states, style.paint)).collect()
}

fn draw(line: &Line, labels: usize, states: usize, paint: Paint) -> String {
    let label_pad = " ".repeat(labels - measure_text_width(&line.label));
    let state_pad = " ".repeat(states - measure_text_width(&line.state));
    let state = match line.health {
        Health::Good => paint.good(&line.state),
        Health::Waiting => paint.warn(&line.state),
        Health::Failed => paint.bad(&line.state),
        Health::Neutral => line.state.clone(),
    };
    let whole = format!("{}{label_pad}   {state}{state_pad}   {}", line.label, line.age);
    whole.trim_end().to_owned() + "\n"
}

fn collect(node: &Node, lead: &str, branch: &str, style: Style, now: Timestamp, lines: &mut Vec<Line>) {
    lines.push(Line {
        label: format!("{lead}{branch}{}/{}", node.kind, node.name),
        state: node.state.clone(),
        health: node.health,
        age: node.created_at.map(|then| duration::age(then, now)).unwrap_or_default(),
    });
    let (fork, end, bar) =
        if style.unicode { ("├─ ", "└─ ", "│  ") } else { ("|- ", "`- ", "|  ") };
    let lead = match branch {
        "" => String::new(),
        last if last == end => format!("{lead}   "),
        _ => format!("{lead}{bar}"),
    };
    let shown: Vec<_> = node.children.iter().filter(|child| style.all || !child.retired).collect();
    for (at, child) in shown.iter().enumerate() {
        let branch = if at + 1 == shown.len() { end } else { fork };
        collect(child, &lead, branch, style, now, lines);
    }
}
