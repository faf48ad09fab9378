//! The changes of a target's replicas that a scaler has made.

use super::SCHEMA_VERSION;
use csop_shared::api::GeneralScaler;
use csop_shared::api::general_scaler::{Operation, Outcome};
use jiff::Timestamp;
use kube::ResourceExt;
use serde::Serialize;

/// The operations of a scaler.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationsView {
    schema_version: u32,
    kind: &'static str,
    /// The scaler's namespace.
    pub namespace: String,
    /// The scaler's name.
    pub name: String,
    /// The operations, the newest first.
    pub operations: Vec<OperationView>,
}

/// A change of a number of replicas.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationView {
    /// When it was decided.
    pub time: Timestamp,
    /// Replicas before.
    pub from: i32,
    /// Replicas after.
    pub to: i32,
    /// Why: `Demand(rps)`.
    pub cause: String,
    /// What led to it, in words.
    pub detail: String,
    /// Whether the cooldowns count from it.
    pub starts_cooldown: bool,
    /// Whether the target is not known to have it yet.
    pub pending: bool,
}

/// The operations that a scaler's status has.
pub fn view(scaler: &GeneralScaler) -> OperationsView {
    let operations = scaler.status.as_ref().map(|status| status.operations.as_slice()).unwrap_or_default();
    OperationsView {
        schema_version: SCHEMA_VERSION,
        kind: "ScalerHistory",
        namespace: scaler.namespace().unwrap_or_default(),
        name: scaler.name_any(),
        operations: newest_first(operations),
    }
}

/// Operations as a status keeps them, the newest first.
pub fn newest_first(operations: &[Operation]) -> Vec<OperationView> {
    operations.iter().rev().map(operation).collect()
}

fn operation(operation: &Operation) -> OperationView {
    OperationView {
        time: operation.time.0,
        from: operation.from,
        to: operation.to,
        cause: operation.cause.to_string(),
        detail: operation.detail.clone(),
        starts_cooldown: operation.starts_cooldown,
        pending: operation.outcome == Outcome::Pending,
    }
}
