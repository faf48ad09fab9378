//! The table of all scalers.

use super::SCHEMA_VERSION;
use super::verdict::{self, Verdict};
use csop_shared::api::GeneralScaler;
use csop_shared::api::general_scaler::ScalerMode;
use csop_shared::conditions::reasons;
use jiff::Timestamp;
use kube::ResourceExt;
use kube::core::DeserializeGuard;
use kube::core::error_boundary::InvalidObject;
use serde::Serialize;

/// All scalers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalersView {
    schema_version: u32,
    kind: &'static str,
    /// One row each, by namespace and name.
    pub items: Vec<Row>,
}

/// A scaler, in a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
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
    /// What is scaled.
    pub target: Option<String>,
    /// Replicas that the target asks for.
    pub current: Option<i32>,
    /// Result of the last decision.
    pub wanted: Option<i32>,
    /// Fewest replicas in force.
    pub min: Option<i32>,
    /// Most replicas in force.
    pub max: Option<i32>,
    /// Why, in one word.
    pub cause: Option<String>,
    /// What becomes of decisions.
    pub mode: Option<ScalerMode>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

/// The view of all scalers; those that cannot be read as such are in it too.
pub fn view(scalers: impl IntoIterator<Item = DeserializeGuard<GeneralScaler>>) -> ScalersView {
    let rows = scalers.into_iter().map(|guarded| match guarded.0 {
        Ok(scaler) => row(&scaler),
        Err(broken) => broken_row(&broken),
    });
    let mut items: Vec<_> = rows.collect();
    items.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    ScalersView { schema_version: SCHEMA_VERSION, kind: "Scalers", items }
}

fn row(scaler: &GeneralScaler) -> Row {
    let judgement = verdict::of(&scaler.metadata, scaler.status.as_ref());
    let status = scaler.status.clone().unwrap_or_default();
    Row {
        namespace: scaler.namespace().unwrap_or_default(),
        name: scaler.name_any(),
        verdict: judgement.verdict,
        status: judgement.reason,
        message: judgement.message,
        target: status.target.or_else(|| super::scaler::target(&scaler.spec)),
        current: status.current_replicas,
        wanted: status.desired_replicas,
        min: status.min_replicas.or(Some(scaler.spec.min_replicas.unwrap_or(1))),
        max: status.max_replicas.or(Some(scaler.spec.max_replicas)),
        cause: status.cause.map(|cause| cause.to_string()),
        mode: Some(scaler.spec.mode.unwrap_or_default()),
        created_at: scaler.metadata.creation_timestamp.as_ref().map(|time| time.0),
    }
}

fn broken_row(broken: &InvalidObject) -> Row {
    Row {
        namespace: broken.metadata.namespace.clone().unwrap_or_default(),
        name: broken.metadata.name.clone().unwrap_or_default(),
        verdict: Verdict::Degraded,
        status: reasons::UNDECODABLE.to_owned(),
        message: broken.error.clone(),
        target: None,
        current: None,
        wanted: None,
        min: None,
        max: None,
        cause: None,
        mode: None,
        created_at: broken.metadata.creation_timestamp.as_ref().map(|time| time.0),
    }
}
