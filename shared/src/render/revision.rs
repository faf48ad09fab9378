//! Revisions: which pod templates there have been, and what of the spec made them.

use super::{Manifest, Plan, config, labels};
use crate::{
    api::{CashService, cash_service::Config},
    names::{self, annotations},
    revision,
};
use k8s_openapi::{api::apps::v1::ControllerRevision, apimachinery::pkg::runtime::RawExtension};
use kube::ResourceExt;
use serde_json::{Value, json};

/// How many revisions are kept.
pub const KEPT_REVISIONS: usize = 10;

/// Fields of the spec that no pod template depends on.
const IRRELEVANT: [&str; 4] = ["autoscaling", "network", "replicas", "rollout"];

/// The part of the spec that the pod template depends on: what `undo` restores.
pub fn relevant_spec(service: &CashService) -> Value {
    let mut spec = serde_json::to_value(&service.spec).expect("specs serialise to JSON");
    if let Some(fields) = spec.as_object_mut() {
        fields.retain(|name, _| !IRRELEVANT.contains(&name.as_str()));
    }
    spec
}

/// All that the pod template depends on of what an owner sets: what a ControllerRevision holds.
pub fn relevant(service: &CashService) -> Value {
    let mut data = json!({ "spec": relevant_spec(service) });
    if let Some(stamp) = service.annotations().get(annotations::RESTARTED_AT) {
        data["restartedAt"] = Value::from(stamp.as_str());
    }
    data
}

/// The service as it is with all that its pod template depends on taken from the data of a ControllerRevision.
///
/// # Errors
/// When the data is not what csop records.
pub fn restored(service: &CashService, data: &Value) -> serde_json::Result<CashService> {
    let mut spec = serde_json::to_value(&service.spec)?;
    let mut kept = data["spec"].clone();
    for name in IRRELEVANT {
        kept[name] = spec[name].take();
    }
    let mut service = service.clone();
    service.spec = serde_json::from_value(kept)?;
    service.annotations_mut().remove(annotations::RESTARTED_AT);
    let stamp =
        data["restartedAt"].as_str().map(|stamp| (annotations::RESTARTED_AT.to_owned(), stamp.to_owned()));
    service.annotations_mut().extend(stamp);
    Ok(service)
}

/// A revision as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The name of its ControllerRevision.
    pub name: String,
    /// Its number: higher is newer.
    pub number: i64,
    /// The hash of its pod template.
    pub hash: String,
    /// The hashed ConfigMaps that its pods use.
    pub config_maps: Vec<String>,
}

impl Recorded {
    /// Reads a ControllerRevision that csop made.
    pub fn read(service: &str, object: &ControllerRevision) -> Self {
        let part = |path: &str| {
            object.data.as_ref().and_then(|raw| raw.0.pointer(path)).cloned().unwrap_or_default()
        };
        let config: Option<Config> = serde_json::from_value(part("/spec/config")).unwrap_or_default();
        Self {
            name: object.metadata.name.clone().unwrap_or_default(),
            number: object.revision,
            hash: object
                .metadata
                .annotations
                .as_ref()
                .and_then(|a| a.get(annotations::REVISION))
                .cloned()
                .unwrap_or_default(),
            config_maps: config::names_of(service, config.as_ref()),
        }
    }
}

/// The recorded revisions of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History(Vec<Recorded>);

impl History {
    /// From records in any order.
    pub fn new(mut records: Vec<Recorded>) -> Self {
        records.sort_by_key(|r| r.number);
        Self(records)
    }

    /// The ControllerRevision to make, when the plan's pod template is not the newest recorded one.
    pub fn next(&self, plan: &Plan<'_>, hash: &str) -> Option<Manifest> {
        let newest = self.0.last();
        if newest.is_some_and(|r| r.hash == hash) {
            return None;
        }
        Some(record(plan.service, newest.map_or(0, |r| r.number) + 1, hash))
    }

    /// The newest records, as many as are kept beside `new` ones.
    pub fn kept(&self, new: usize) -> &[Recorded] {
        &self.0[self.0.len().saturating_sub(KEPT_REVISIONS.saturating_sub(new))..]
    }
}

/// The revision of a service that has none yet.
pub(super) fn first(plan: &Plan<'_>) -> Manifest {
    record(plan.service, 1, &revision::of_template(&plan.template()))
}

fn record(service: &CashService, number: i64, hash: &str) -> Manifest {
    let mut metadata = labels::metadata(service, names::child(&service.name_any(), &format!("r{number}")));
    let notes = metadata.annotations.get_or_insert_default();
    notes.insert(annotations::REVISION.to_owned(), hash.to_owned());
    if let Some(cause) = service.annotations().get(annotations::CHANGE_CAUSE) {
        notes.insert(annotations::CHANGE_CAUSE.to_owned(), cause.clone());
    }
    let data = Some(RawExtension(relevant(service)));
    Manifest::new(&ControllerRevision { metadata, data, revision: number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(number: i64, hash: &str) -> Recorded {
        Recorded { name: format!("shop-r{number}"), number, hash: hash.to_owned(), config_maps: vec![] }
    }

    fn service() -> CashService {
        let object = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "metadata": {"name": "shop"},
            "spec": {"image": "i:1", "autoscaling": {"maxReplicas": 3}, "network": {"egress": "DNSOnly"}}});
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn a_return_to_an_older_template_is_a_new_revision() {
        let service = service();
        let plan = Plan { service: &service, secrets_digest: None, floors: &[] };
        let history = History::new(vec![recorded(2, "b"), recorded(1, "a")]);
        assert_eq!(history.next(&plan, "b"), None);
        assert_eq!(history.next(&plan, "a").map(|m| m.name).as_deref(), Some("shop-r3"));
    }

    #[test]
    fn a_record_holds_all_that_an_owner_set_of_the_pod_template() {
        let mut service = service();
        service
            .annotations_mut()
            .insert(annotations::RESTARTED_AT.to_owned(), "2026-11-21T10:00:00Z".to_owned());
        let body = record(&service, 1, "x").body;
        assert_eq!(body["data"], json!({"spec": {"image": "i:1"}, "restartedAt": "2026-11-21T10:00:00Z"}));
    }

    #[test]
    fn ten_are_kept_the_new_one_among_them() {
        let history = History::new((1..=10).map(|n| recorded(n, "x")).collect());
        assert_eq!(history.kept(0).len(), 10);
        assert_eq!(history.kept(1).iter().map(|r| r.number).min(), Some(2));
    }

    #[test]
    fn a_service_is_restored_from_a_record_but_for_its_size_and_network() {
        let mut before = service();
        before.annotations_mut().insert(annotations::RESTARTED_AT.to_owned(), "then".to_owned());
        let data = relevant(&before);
        let mut after = service();
        after.spec.image = "i:2".to_owned();
        after.spec.replicas = 7;
        after.spec.labels.insert("a".to_owned(), "b".to_owned());
        let restored = restored(&after, &data).unwrap();
        assert_eq!(relevant(&restored), data);
        assert_eq!((restored.spec.replicas, &restored.spec.network), (7, &after.spec.network));
        assert!(super::restored(&after, &json!({})).is_err());
    }

    #[test]
    fn scaling_and_network_are_no_part_of_a_revision() {
        assert_eq!(relevant_spec(&service()), json!({"image": "i:1"}));
    }
}
