//! What the operator's read-only endpoint answers about a scaler: its last decisions.

use super::Record;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The last decisions of a scaler, as the operator that makes them remembers them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Records {
    /// When this was answered, by the operator's clock: ages are counted from it.
    pub as_of: Timestamp,
    /// The decisions, the oldest first.
    pub records: Vec<Record>,
}

impl Records {
    /// Where the operator's HTTP port answers them, with GET. Kubernetes allows nothing in the two names that a path would have to escape.
    pub fn path(namespace: &str, name: &str) -> String {
        format!("/scalers/{namespace}/{name}/records")
    }
}
