//! What gets the capacity.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A CashService in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceRef {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// A target that is no CashService, in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.kind != 'CashService'").message("a CashService is named by serviceRef"),
    validation = Rule::new("!has(self.role) || self.kind == 'MoneyPositive'").message("targetRef.role is for kind MoneyPositive"),
)]
pub struct ScheduleTargetRef {
    /// GeneralScaler or MoneyPositive.
    pub kind: ScheduleTargetKind,
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Of a MoneyPositive: which of its workloads, such as web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub role: Option<String>,
}

/// The kinds that can get capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ScheduleTargetKind {
    /// A service.
    #[default]
    CashService,
    /// A scaler.
    GeneralScaler,
    /// A Django or Celery application.
    MoneyPositive,
}

impl fmt::Display for ScheduleTargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CashService => "CashService",
            Self::GeneralScaler => "GeneralScaler",
            Self::MoneyPositive => "MoneyPositive",
        })
    }
}
