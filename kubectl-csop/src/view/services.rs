//! The table of all services.

use super::SCHEMA_VERSION;
use super::verdict::{Verdict, judge};
use csop_shared::api::CashService;
use csop_shared::conditions::reasons;
use jiff::Timestamp;
use kube::ResourceExt;
use kube::core::DeserializeGuard;
use kube::core::error_boundary::InvalidObject;
use serde::Serialize;

/// All services.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicesView {
    schema_version: u32,
    kind: &'static str,
    /// One row each, by namespace and name.
    pub items: Vec<Row>,
}

/// A service, in a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The kind of the object.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How it is doing.
    pub verdict: Verdict,
    /// The reason, in a word.
    pub status: String,
    /// The reason, in a sentence.
    pub message: String,
    /// Ready and wanted pods.
    pub ready: Option<String>,
    /// Fewest replicas in force.
    pub min: Option<i32>,
    /// Most replicas in force.
    pub max: Option<i32>,
    /// The wanted image.
    pub image: Option<String>,
    /// Who decides the number of replicas.
    pub mode: Option<&'static str>,
    /// Hash of the wanted pod template.
    pub revision: Option<String>,
    /// The address inside the cluster.
    pub url: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

/// The view of all services; those that cannot be read as such are in it too.
pub fn view(services: impl IntoIterator<Item = DeserializeGuard<CashService>>) -> ServicesView {
    let rows = services.into_iter().map(|guarded| match guarded.0 {
        Ok(service) => row(&service),
        Err(broken) => broken_row(&broken),
    });
    let mut items: Vec<_> = rows.collect();
    items.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    ServicesView { schema_version: SCHEMA_VERSION, kind: "Services", items }
}

/// A service in a row.
pub fn row(service: &CashService) -> Row {
    let judgement = judge(service);
    let status = service.status.as_ref();
    let bounds = status.and_then(|status| status.bounds.as_ref());
    let scaling = &service.spec.autoscaling;
    Row {
        kind: "CashService",
        namespace: service.namespace().unwrap_or_default(),
        name: service.name_any(),
        verdict: judgement.verdict,
        status: judgement.reason,
        message: judgement.message,
        ready: status.and_then(|status| status.ready.clone()),
        min: bounds.map(|bounds| bounds.min).or(scaling.min_replicas),
        max: bounds.and_then(|bounds| bounds.max).or(scaling.max_replicas),
        image: Some(service.spec.image.clone()),
        mode: Some(scaling.mode.unwrap_or_default().as_str()),
        revision: status.and_then(|status| status.revision.clone()),
        url: status.and_then(|status| status.url.clone()),
        created_at: service.metadata.creation_timestamp.as_ref().map(|time| time.0),
    }
}

fn broken_row(broken: &InvalidObject) -> Row {
    Row {
        kind: "CashService",
        namespace: broken.metadata.namespace.clone().unwrap_or_default(),
        name: broken.metadata.name.clone().unwrap_or_default(),
        verdict: Verdict::Degraded,
        status: reasons::UNDECODABLE.to_owned(),
        message: broken.error.clone(),
        ready: None,
        min: None,
        max: None,
        image: None,
        mode: None,
        revision: None,
        url: None,
        created_at: broken.metadata.creation_timestamp.as_ref().map(|time| time.0),
    }
}
