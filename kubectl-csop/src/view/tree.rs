//! The tree of a service's children.

use super::children::{Children, SecretKeys};
use super::pod;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{ConfigMap, Service};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

/// Whether a child is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Health {
    /// As it should be.
    Good,
    /// Not yet.
    Waiting,
    /// Something needs attention.
    Failed,
    /// Nothing to say.
    Neutral,
}

/// A child, and its own children.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What it is doing, in a few words.
    pub state: String,
    /// Whether that is good.
    pub health: Health,
    /// Whether it is kept for history only.
    pub retired: bool,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// What it owns.
    pub children: Vec<Node>,
}

impl Node {
    fn new(kind: &'static str, metadata: &ObjectMeta, (state, health): (String, Health)) -> Self {
        Self {
            kind,
            name: metadata.name.clone().unwrap_or_default(),
            state,
            health,
            retired: false,
            created_at: metadata.creation_timestamp.as_ref().map(|time| time.0),
            children: vec![],
        }
    }
}

/// The children that the object of this uid owns, workloads first.
pub fn nodes(owner: &str, children: &Children) -> Vec<Node> {
    let mut nodes = vec![];
    for deployment in owned(&children.deployments, owner, |it| &it.metadata) {
        let mut node = Node::new("Deployment", &deployment.metadata, deployment_state(deployment));
        node.children = replica_sets(deployment.metadata.uid.as_deref().unwrap_or_default(), children);
        nodes.push(node);
    }
    let neutral = |text: String| (text, Health::Neutral);
    let mut add = |kind, metadata: &ObjectMeta, state| nodes.push(Node::new(kind, metadata, state));
    for it in owned(&children.autoscalers, owner, |it| &it.metadata) {
        add("HorizontalPodAutoscaler", &it.metadata, autoscaler_state(it, children.read_at));
    }
    for it in owned(&children.services, owner, |it| &it.metadata) {
        add("Service", &it.metadata, neutral(ports(it)));
    }
    for it in owned(&children.network_policies, owner, |it| &it.metadata) {
        add("NetworkPolicy", &it.metadata, neutral(String::new()));
    }
    for it in owned(&children.budgets, owner, |it| &it.metadata) {
        add("PodDisruptionBudget", &it.metadata, neutral(budget_state(it)));
    }
    for it in owned(&children.accounts, owner, |it| &it.metadata) {
        add("ServiceAccount", &it.metadata, neutral(String::new()));
    }
    for it in owned(&children.secrets, owner, |it| &it.metadata) {
        add("Secret", &it.metadata, neutral(secret_state(it)));
    }
    for it in owned(&children.config_maps, owner, |it| &it.metadata) {
        add("ConfigMap", &it.metadata, neutral(config_state(it)));
    }
    let mut revisions = owned(&children.revisions, owner, |it| &it.metadata);
    revisions.sort_by_key(|it| it.revision);
    for it in revisions {
        add("ControllerRevision", &it.metadata, neutral(format!("revision {}", it.revision)));
    }
    nodes
}

/// The objects that the uid owns, by name.
fn owned<'a, T>(objects: &'a [T], owner: &str, metadata: impl Fn(&T) -> &ObjectMeta) -> Vec<&'a T> {
    let mut owned: Vec<_> = objects
        .iter()
        .filter(|object| {
            metadata(object).owner_references.iter().flatten().any(|reference| reference.uid == owner)
        })
        .collect();
    owned.sort_by(|one, other| metadata(one).name.cmp(&metadata(other).name));
    owned
}

fn replica_sets(owner: &str, children: &Children) -> Vec<Node> {
    let mut sets = owned(&children.replica_sets, owner, |it| &it.metadata);
    // The newest first: its pods are what the owner looks for.
    sets.sort_by(|one, other| other.metadata.creation_timestamp.cmp(&one.metadata.creation_timestamp));
    sets.into_iter()
        .map(|set| {
            let mut node = Node::new("ReplicaSet", &set.metadata, replica_set_state(set));
            node.children =
                owned(&children.pods, set.metadata.uid.as_deref().unwrap_or_default(), |it| &it.metadata)
                    .into_iter()
                    .map(|it| Node::new("Pod", &it.metadata, pod::state(it)))
                    .collect();
            node.retired =
                node.children.is_empty() && set.spec.as_ref().and_then(|spec| spec.replicas) == Some(0);
            node
        })
        .collect()
}

fn ready_of(ready: i32, wanted: i32) -> (String, Health) {
    let health = if ready >= wanted { Health::Good } else { Health::Waiting };
    (format!("{ready}/{wanted} ready"), health)
}

fn deployment_state(it: &Deployment) -> (String, Health) {
    let wanted = it.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let status = it.status.clone().unwrap_or_default();
    let (text, health) = ready_of(status.ready_replicas.unwrap_or(0), wanted);
    match status.updated_replicas.unwrap_or(0) {
        updated if updated < wanted => (format!("{text}, {updated} updated"), Health::Waiting),
        _ => (text, health),
    }
}

fn replica_set_state(it: &ReplicaSet) -> (String, Health) {
    let wanted = it.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let ready = it.status.as_ref().and_then(|status| status.ready_replicas).unwrap_or(0);
    if wanted == 0 && ready == 0 {
        ("0/0 ready".to_owned(), Health::Neutral)
    } else {
        ready_of(ready, wanted)
    }
}

fn autoscaler_state(it: &HorizontalPodAutoscaler, now: Option<Timestamp>) -> (String, Health) {
    if let Some(state) = super::autoscaler::inactive(it, now) {
        return state;
    }
    let metrics = super::autoscaler::metrics(it);
    let texts: Vec<_> = metrics
        .into_iter()
        .map(|metric| {
            format!("{} {}/{}", metric.name, metric.current.as_deref().unwrap_or("unknown"), metric.target)
        })
        .collect();
    (texts.join(", "), Health::Neutral)
}

fn ports(it: &Service) -> String {
    let ports = it.spec.as_ref().and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
    let names: Vec<_> = ports.iter().map(|port| port.port.to_string()).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!("port {one}"),
        many => format!("ports {}", many.join(", ")),
    }
}

fn budget_state(it: &PodDisruptionBudget) -> String {
    let allowed = it.status.as_ref().map_or(0, |status| status.disruptions_allowed);
    format!("{allowed} disruption{} allowed", if allowed == 1 { "" } else { "s" })
}

fn secret_state(it: &SecretKeys) -> String {
    keys(it.keys.iter().map(String::as_str))
}

fn config_state(it: &ConfigMap) -> String {
    let data = it.data.iter().flatten().map(|(key, _)| key.as_str());
    keys(data.chain(it.binary_data.iter().flatten().map(|(key, _)| key.as_str())))
}

fn keys<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    match names.as_slice() {
        [] => "no keys".to_owned(),
        [one] => format!("key {one}"),
        few if few.len() <= 4 => format!("keys {}", few.join(", ")),
        many => format!("{} keys", many.len()),
    }
}
