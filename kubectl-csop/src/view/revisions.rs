//! The recorded revisions of a service.

use super::SCHEMA_VERSION;
use csop_shared::api::CashService;
use csop_shared::names::annotations;
use csop_shared::render::{Plan, UNKNOWN_DIGEST, restored, secrets};
use csop_shared::revision;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::ResourceExt;
use serde::Serialize;
use serde_json::Value;

/// The history of a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryView {
    schema_version: u32,
    kind: &'static str,
    /// The service's namespace.
    pub namespace: String,
    /// The service's name.
    pub name: String,
    /// The revisions, the oldest first.
    pub revisions: Vec<RevisionView>,
}

/// A revision.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionView {
    /// Its number: higher is newer.
    pub number: i64,
    /// The name of its ControllerRevision.
    pub name: String,
    /// The hash of its pod template.
    pub hash: Option<String>,
    /// Whether the Deployment has its pod template.
    pub current: bool,
    /// Its image.
    pub image: Option<String>,
    /// The annotation kubernetes.io/change-cause that the service had then.
    pub change_cause: Option<String>,
    /// Whether the revision before had the same cause: it is only left over then.
    pub cause_is_older: bool,
    /// The time of the restart that its pods carry.
    pub restarted_at: Option<String>,
    /// When it was recorded.
    pub created_at: Option<Timestamp>,
    /// What its pod template depends on of the service's spec.
    pub spec: Value,
}

/// The history of a service from its ControllerRevisions, in any order.
pub fn view(service: &CashService, recorded: &[ControllerRevision]) -> HistoryView {
    let mut sorted: Vec<_> = recorded.iter().collect();
    sorted.sort_by_key(|it| it.revision);
    let live = service.status.as_ref().and_then(|status| status.revision.as_deref());
    let current = sorted.iter().rev().find(|it| live.is_some() && hash(it) == live).map(|it| it.revision);
    let mut before = None;
    let revisions = sorted.into_iter().map(|it| {
        let cause = it.annotations().get(annotations::CHANGE_CAUSE).cloned();
        let row = RevisionView {
            number: it.revision,
            name: it.name_any(),
            hash: hash(it).map(str::to_owned),
            current: Some(it.revision) == current,
            image: text(it, "/spec/image"),
            cause_is_older: cause.is_some() && cause == before,
            change_cause: cause.clone(),
            restarted_at: text(it, "/restartedAt"),
            created_at: it.metadata.creation_timestamp.as_ref().map(|time| time.0),
            spec: data(it)["spec"].clone(),
        };
        before = cause;
        row
    });
    HistoryView {
        schema_version: SCHEMA_VERSION,
        kind: "History",
        revisions: revisions.collect(),
        namespace: service.namespace().unwrap_or_default(),
        name: service.name_any(),
    }
}

/// The newest of some revisions.
pub fn newest(recorded: &[ControllerRevision]) -> Option<&ControllerRevision> {
    recorded.iter().max_by_key(|it| it.revision)
}

/// The hash of a revision's pod template.
pub fn hash(recorded: &ControllerRevision) -> Option<&str> {
    recorded.annotations().get(annotations::REVISION).map(String::as_str)
}

/// What a revision holds.
pub fn data(recorded: &ControllerRevision) -> Value {
    recorded.data.as_ref().map(|raw| raw.0.clone()).unwrap_or_default()
}

/// Whether the service asks for another pod template than the revision has, the content of secrets aside.
///
/// Both are rendered here, so that it does not matter which version of csop has recorded the revision.
pub fn changes_template(service: &CashService, recorded: &ControllerRevision) -> bool {
    let Ok(then) = restored(service, &data(recorded)) else { return true };
    template_hash(service, UNKNOWN_DIGEST) != template_hash(&then, UNKNOWN_DIGEST)
}

/// The hash of the pod template that a service asks for, with this digest of the content of its secrets.
pub fn template_hash(service: &CashService, digest: &str) -> String {
    let secrets_digest = secrets::sees_secrets(&service.spec).then_some(digest);
    revision::of_template(&Plan { service, secrets_digest, floors: &[] }.template())
}

fn text(recorded: &ControllerRevision, path: &str) -> Option<String> {
    recorded.data.as_ref()?.0.pointer(path)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use csop_shared::render::relevant;
    use serde_json::json;

    fn service(image: &str) -> CashService {
        serde_json::from_value(json!({
            "apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "metadata": {"name": "shop", "namespace": "pay"},
            "spec": {"image": image, "autoscaling": {"maxReplicas": 3}},
            "status": {"revision": "a", "conditions": []},
        }))
        .unwrap()
    }

    fn recorded(number: i64, hash: &str, image: &str, cause: &str) -> ControllerRevision {
        serde_json::from_value(json!({
            "metadata": {"name": format!("shop-r{number}"), "annotations": {
                "csop.dev/revision": hash, "kubernetes.io/change-cause": cause}},
            "revision": number, "data": relevant(&service(image)),
        }))
        .unwrap()
    }

    #[test]
    fn the_newest_revision_with_the_live_hash_is_current() {
        let all = [recorded(3, "a", "i:1", "x"), recorded(1, "a", "i:1", "y"), recorded(2, "b", "i:2", "y")];
        let view = view(&service("i:1"), &all);
        let found: Vec<_> =
            view.revisions.iter().map(|it| (it.number, it.current, it.cause_is_older)).collect();
        assert_eq!(found, [(1, false, false), (2, false, true), (3, true, false)]);
        assert_eq!(view.revisions[1].image.as_deref(), Some("i:2"));
    }

    #[test]
    fn what_is_written_otherwise_and_means_the_same_is_no_change() {
        let record = recorded(1, "a", "i:1", "x");
        let mut now = service("i:1");
        assert!(!changes_template(&now, &record));
        now.spec.replicas = 3;
        now.spec.image_pull_policy = Some(Default::default());
        assert!(!changes_template(&now, &record));
        now.spec.image = "i:2".to_owned();
        assert!(changes_template(&now, &record));
    }
}
