//! The tree of a service's children.

use super::paint::Paint;
use super::table::keep_end;
use super::wrap;
use crate::duration;
use crate::view::tree::{Health, Node};
use console::{measure_text_width, truncate_str};
use jiff::Timestamp;

/// Spaces between two columns.
const GAP: usize = 3;
/// However narrow the terminal, names and states keep this many characters.
const SHORTEST: usize = 12;

/// How a tree is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// The terminal's width; `None` for pipes.
    pub width: Option<usize>,
    /// Lines may use more than ASCII.
    pub unicode: bool,
    /// Colours.
    pub paint: Paint,
    /// Old, empty ReplicaSets are shown too.
    pub all: bool,
}

struct Line {
    /// The branches before the object.
    lead: String,
    /// The branches of what comes below it.
    below: String,
    object: String,
    state: String,
    health: Health,
    age: String,
}

impl Line {
    fn label(&self) -> usize {
        measure_text_width(&self.lead) + measure_text_width(&self.object)
    }

    fn painted(&self, text: &str, paint: Paint) -> String {
        match self.health {
            Health::Good => paint.good(text),
            Health::Waiting => paint.warn(text),
            Health::Failed => paint.bad(text),
            Health::Neutral => text.to_owned(),
        }
    }
}

/// The tree, a line for each node, its columns aligned; on a narrow terminal ages go first, then the alignment.
pub fn text(nodes: &[Node], style: Style, now: Timestamp) -> String {
    let mut lines = vec![];
    for node in nodes {
        collect(node, "", "", style, now, &mut lines);
    }
    let width = |part: fn(&Line) -> usize| lines.iter().map(part).max().unwrap_or(0);
    let labels = width(Line::label);
    let states = width(|line| measure_text_width(&line.state));
    let ages = width(|line| line.age.len());
    let room = style.width.unwrap_or(usize::MAX);
    if labels + GAP + states > room {
        return lines.iter().map(|line| narrow(line, room, style.paint)).collect();
    }
    let aged = labels + GAP + states + GAP + ages <= room;
    lines.iter().map(|line| draw(line, labels, states, aged, style.paint)).collect()
}

fn draw(line: &Line, labels: usize, states: usize, aged: bool, paint: Paint) -> String {
    let label_pad = " ".repeat(labels - line.label() + GAP);
    let state_pad = " ".repeat(states - measure_text_width(&line.state) + GAP);
    let state = line.painted(&line.state, paint);
    let age = if aged { &line.age } else { "" };
    let whole = format!("{}{}{label_pad}{state}{state_pad}{age}", line.lead, line.object);
    whole.trim_end().to_owned() + "\n"
}

/// A line without alignment; the state has lines of its own where it does not fit behind the object.
fn narrow(line: &Line, width: usize, paint: Paint) -> String {
    let object = keep_end(&line.object, width.saturating_sub(measure_text_width(&line.lead)).max(SHORTEST));
    let head = format!("{}{object}", line.lead);
    if line.state.is_empty() {
        return head + "\n";
    }
    if measure_text_width(&head) + 1 + measure_text_width(&line.state) <= width {
        return format!("{head} {}\n", line.painted(&line.state, paint));
    }
    let room = width.saturating_sub(measure_text_width(&line.below) + 2).max(SHORTEST);
    wrap::lines(&line.state, Some(room)).iter().fold(head + "\n", |text, part| {
        let part = truncate_str(part, room, "…");
        format!("{text}{}  {}\n", line.below, line.painted(&part, paint))
    })
}

fn collect(node: &Node, lead: &str, branch: &str, style: Style, now: Timestamp, lines: &mut Vec<Line>) {
    let (fork, end, bar) =
        if style.unicode { ("├─ ", "└─ ", "│  ") } else { ("|- ", "`- ", "|  ") };
    let inner = match branch {
        "" => String::new(),
        last if last == end => format!("{lead}   "),
        _ => format!("{lead}{bar}"),
    };
    let shown: Vec<_> = node.children.iter().filter(|child| style.all || !child.retired).collect();
    lines.push(Line {
        lead: format!("{lead}{branch}"),
        below: if shown.is_empty() { inner.clone() } else { format!("{inner}{}", bar.trim_end()) },
        object: format!("{}/{}", node.kind, node.name),
        state: node.state.clone(),
        health: node.health,
        age: node.created_at.map(|then| duration::age(then, now)).unwrap_or_default(),
    });
    for (at, child) in shown.iter().enumerate() {
        let branch = if at + 1 == shown.len() { end } else { fork };
        collect(child, &inner, branch, style, now, lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(kind: &'static str, name: &str, state: &str, children: Vec<Node>) -> Node {
        Node {
            kind,
            name: name.to_owned(),
            state: state.to_owned(),
            health: Health::Neutral,
            retired: false,
            created_at: "2026-11-23T11:57:00Z".parse().ok(),
            children,
        }
    }

    fn drawn(width: usize) -> String {
        let pod = node("Pod", "shop-7c9b-aaaaa", "ImagePullBackOff, 3 restarts", vec![]);
        let tree =
            [node("Deployment", "shop", "0 of 2 ready", vec![pod]), node("Service", "shop", "", vec![])];
        let style = Style { width: Some(width), unicode: true, paint: Paint::new(false), all: false };
        text(&tree, style, "2026-11-23T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_narrow_terminal_loses_ages_then_the_alignment() {
        assert_eq!(
            drawn(60),
            "Deployment/shop          0 of 2 ready                   3m\n\
             └─ Pod/shop-7c9b-aaaaa   ImagePullBackOff, 3 restarts   3m\n\
             Service/shop                                            3m\n"
        );
        assert_eq!(
            drawn(55),
            "Deployment/shop          0 of 2 ready\n\
             └─ Pod/shop-7c9b-aaaaa   ImagePullBackOff, 3 restarts\n\
             Service/shop\n"
        );
        assert_eq!(
            drawn(30),
            "Deployment/shop 0 of 2 ready\n\
             └─ Pod/shop-7c9b-aaaaa\n     ImagePullBackOff, 3\n     restarts\n\
             Service/shop\n"
        );
        assert!(drawn(20).contains("└─ …/shop-7c9b-aaaaa\n     ImagePullBackO…\n"), "{}", drawn(20));
    }
}
