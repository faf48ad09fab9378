//! The events of a service and its children.

use super::SCHEMA_VERSION;
use super::children::Children;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use std::collections::BTreeSet;

/// The events of a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventsView {
    schema_version: u32,
    kind: &'static str,
    /// The service's namespace.
    pub namespace: String,
    /// The service's name.
    pub name: String,
    /// The events, the oldest first.
    pub events: Vec<EventView>,
}

impl EventsView {
    /// The events of a service, in any order.
    pub fn new(namespace: &str, name: &str, mut events: Vec<EventView>) -> Self {
        events.sort_by(|one, other| (one.last_seen, &one.object).cmp(&(other.last_seen, &other.object)));
        Self {
            schema_version: SCHEMA_VERSION,
            kind: "Events",
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            events,
        }
    }
}

/// An event.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// When it was seen last.
    pub last_seen: Option<Timestamp>,
    /// When it was seen first.
    pub first_seen: Option<Timestamp>,
    /// How often it was seen.
    pub count: i32,
    /// Normal or Warning.
    #[serde(rename = "type")]
    pub type_: String,
    /// Why, in a word.
    pub reason: String,
    /// What it is about: kind and name.
    pub object: String,
    /// What happened, in a sentence.
    pub message: String,
    /// Who says so.
    pub source: String,
}

/// The view of an event.
pub fn view(event: &Event) -> EventView {
    let series = event.series.as_ref();
    let last = series
        .and_then(|it| it.last_observed_time.as_ref().map(|time| time.0))
        .or(event.last_timestamp.as_ref().map(|time| time.0))
        .or(event.event_time.as_ref().map(|time| time.0))
        .or(event.metadata.creation_timestamp.as_ref().map(|time| time.0));
    let first = event.first_timestamp.as_ref().map(|time| time.0);
    let about = &event.involved_object;
    let source = event.reporting_component.clone().filter(|it| !it.is_empty());
    EventView {
        last_seen: last,
        first_seen: first.or(event.event_time.as_ref().map(|time| time.0)),
        count: series.and_then(|it| it.count).or(event.count).unwrap_or(1),
        type_: event.type_.clone().unwrap_or_default(),
        reason: event.reason.clone().unwrap_or_default(),
        object: format!(
            "{}/{}",
            about.kind.as_deref().unwrap_or_default(),
            about.name.as_deref().unwrap_or_default()
        ),
        message: event
            .message
            .as_deref()
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        source: source
            .or_else(|| event.source.as_ref().and_then(|it| it.component.clone()))
            .unwrap_or_default(),
    }
}

/// A service with all that it owns, directly or not.
#[derive(Clone, Debug, Default)]
pub struct Family {
    uids: BTreeSet<String>,
    /// How the names of pods begin, those that are gone among them.
    pods: Vec<String>,
}

impl Family {
    /// Of the service with this UID.
    pub fn of(uid: &str, children: &Children) -> Self {
        let mut uids = BTreeSet::from([uid.to_owned()]);
        // A pod is owned by a ReplicaSet, which is owned by the Deployment.
        for _ in 0..3 {
            let owned = children.metadata().filter(|meta| is_owned(meta, &uids));
            let more: Vec<_> = owned.filter_map(|meta| meta.uid.clone()).collect();
            uids.extend(more);
        }
        let sets = children.replica_sets.iter().filter(|set| is_owned(&set.metadata, &uids));
        let pods = sets.filter_map(|set| Some(format!("{}-", set.metadata.name.as_ref()?))).collect();
        Self { uids, pods }
    }

    /// Whether an event is about one of them.
    pub fn has(&self, event: &Event) -> bool {
        let about = &event.involved_object;
        let uid = about.uid.as_ref().is_some_and(|uid| self.uids.contains(uid));
        let name = about.name.as_deref().unwrap_or_default();
        let pod = about.kind.as_deref() == Some("Pod") && self.pods.iter().any(|pod| name.starts_with(pod));
        uid || pod
    }
}

fn is_owned(meta: &ObjectMeta, owners: &BTreeSet<String>) -> bool {
    meta.owner_references.iter().flatten().any(|owner| owners.contains(&owner.uid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn event(kind: &str, name: &str, uid: &str, more: Value) -> Event {
        let mut object = json!({
            "metadata": {"name": "e", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "involvedObject": {"kind": kind, "name": name, "uid": uid}, "message": "so\n it is", "type": "Normal",
        });
        for (key, value) in more.as_object().unwrap() {
            object[key] = value.clone();
        }
        serde_json::from_value(object).unwrap()
    }

    fn owned(name: &str, uid: &str, owner: &str) -> Value {
        json!({"metadata": {"name": name, "uid": uid, "ownerReferences": [
            {"apiVersion": "x/v1", "kind": "X", "name": "x", "uid": owner}]}, "spec": {"selector": {}, "template": {}}})
    }

    #[test]
    fn events_of_pods_that_are_gone_belong_to_the_service() {
        let children = Children {
            deployments: vec![serde_json::from_value(owned("shop", "d", "s")).unwrap()],
            replica_sets: vec![
                serde_json::from_value(owned("shop-1a", "r", "d")).unwrap(),
                serde_json::from_value(owned("other-1a", "x", "y")).unwrap(),
            ],
            pods: vec![
                serde_json::from_value(json!({"metadata": owned("shop-1a-b", "p", "r")["metadata"]}))
                    .unwrap(),
            ],
            ..Children::default()
        };
        let family = Family::of("s", &children);
        for (kind, name, uid, is) in [
            ("CashService", "shop", "s", true),
            ("CashService", "shop", "earlier", false),
            ("Deployment", "shop", "d", true),
            ("Pod", "shop-1a-b", "p", true),
            ("Pod", "shop-1a-gone", "q", true),
            ("Pod", "other-1a-z", "q", false),
            ("ConfigMap", "shop-1a-b", "q", false),
        ] {
            assert_eq!(family.has(&event(kind, name, uid, json!({}))), is, "{kind} {name} {uid}");
        }
    }

    #[test]
    fn the_newest_of_the_times_counts_and_the_oldest_event_is_first() {
        let old = view(&event("Pod", "a", "p", json!({"lastTimestamp": "2026-01-02T00:00:00Z", "count": 4})));
        let series = json!({"series": {"count": 9, "lastObservedTime": "2026-01-03T00:00:00.000000Z"}});
        let new = view(&event("Pod", "b", "p", series));
        assert_eq!((old.count, new.count, old.message.as_str()), (4, 9, "so it is"));
        let all = EventsView::new("pay", "shop", vec![new.clone(), old.clone()]);
        assert_eq!(all.events, [old, new]);
    }
}
