//! A service as single facts, for a watch without a terminal: only those that change are printed.

use super::service::{autoscaling, replicas};
use crate::view::schedules::ScheduleView;
use crate::view::service::ServiceView;
use crate::view::services::{Row, ServicesView};
use crate::view::tree::Node;
use std::collections::BTreeMap;

/// What is said, by what it is said of.
pub type Facts = BTreeMap<String, String>;

/// The facts of one service.
pub fn of_service(view: &ServiceView) -> Facts {
    let mut facts = Facts::new();
    let mut add = |key: &str, value: &str| {
        if !value.is_empty() {
            facts.insert(key.to_owned(), value.to_owned());
        }
    };
    let reason = if view.message.is_empty() {
        view.reason.clone()
    } else {
        format!("{}: {}", view.reason, view.message)
    };
    add("Status", &format!("{:?} ({reason})", view.verdict));
    add("Image", &view.image);
    add("Running", view.live_image.as_deref().unwrap_or_default());
    add("Revision", view.revision.as_deref().unwrap_or_default());
    add("URL", view.url.as_deref().unwrap_or_default());
    add("Replicas", &replicas(view));
    add("Autoscaling", &autoscaling(view));
    facts.extend(view.schedules.iter().map(of_schedule));
    view.children.iter().for_each(|node| of_node(node, &mut facts));
    facts
}

/// A schedule without what changes with every look at it.
pub(super) fn of_schedule(schedule: &ScheduleView) -> (String, String) {
    let floor = schedule.floor_text();
    let when = match (&schedule.active, &schedule.next) {
        (Some(active), _) => format!("floor {floor} until {}", active.end),
        (None, Some(next)) => format!("floor {floor} at {}", next.start),
        (None, None) => schedule.phase.clone(),
    };
    (format!("Schedule/{}", schedule.name), when)
}

fn of_node(node: &Node, facts: &mut Facts) {
    if !node.retired {
        let state = if node.state.is_empty() { "there" } else { &node.state };
        facts.insert(format!("{}/{}", node.kind, node.name), state.to_owned());
    }
    node.children.iter().for_each(|child| of_node(child, facts));
}

/// The facts of all services.
pub fn of_services(view: &ServicesView) -> Facts {
    view.items.iter().map(|row| (format!("{}/{}", row.namespace, row.name), of_row(row))).collect()
}

fn of_row(row: &Row) -> String {
    let part = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    format!("{} {} {}", row.status, part(&row.ready), part(&row.image))
}

/// A line for each fact that is new, changed or gone.
pub fn changes(before: &Facts, after: &Facts) -> Vec<String> {
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| format!("{key}: gone"));
    let new = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(value))
        .map(|(key, value)| format!("{key}: {value}"));
    new.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_told() {
        let facts = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let before = facts(&[("Image", "a"), ("Pod/x", "Pending"), ("Pod/y", "Running")]);
        let after = facts(&[("Image", "a"), ("Pod/x", "Running"), ("Pod/z", "Pending")]);
        assert_eq!(changes(&before, &after), ["Pod/x: Running", "Pod/z: Pending", "Pod/y: gone"]);
        assert!(changes(&after, &after).is_empty());
    }
}
