//! How proposals become a decision.

use super::{
    Tolerance,
    union::{Key, takes},
};
use crate::scale::Number;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = takes(&KEYS, "policy", "slo"),
    validation = takes(&KEYS, "policy", "cost"),
    validation = takes(&KEYS, "policy", "cel"),
    validation = Rule::new("self.type != 'cost' || (has(self.config) && has(self.config.maxCostPerHour) != has(self.config.maxCostPerMonth))").message("a policy of type cost needs config.maxCostPerHour or config.maxCostPerMonth, not both"),
    validation = Rule::new("self.type != 'cost' || (has(self.config) && (has(self.config.costPerPod) || has(self.config.priceFrom)))").message("a policy of type cost needs config.costPerPod or config.priceFrom"),
    validation = Rule::new("self.type != 'cel' || (has(self.config) && has(self.config.expression))").message("a policy of type cel needs config.expression"),
)]
pub struct Policy {
    /// What it does.
    #[serde(rename = "type")]
    pub type_: PolicyType,
    /// Its settings; the keys depend on the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // Large, and most scalers have none.
    pub config: Option<Box<PolicyConfig>>,
}

/// slo: the demand of the metrics. cost: a limit by what the pods cost. cel: an expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PolicyType {
    /// The demand of the metrics, as it is.
    #[default]
    Slo,
    /// At most what a budget pays for.
    Cost,
    /// What an expression says.
    Cel,
}

/// Every key of [`PolicyConfig`], and the types that take it.
const KEYS: [Key; 10] = [
    ("objective", &["slo"]),
    ("tolerance", &["slo"]),
    ("maxCostPerHour", &["cost"]),
    ("maxCostPerMonth", &["cost"]),
    ("costPerPod", &["cost"]),
    ("fixedCostPerHour", &["cost"]),
    ("currency", &["cost"]),
    ("priceFrom", &["cost"]),
    ("expression", &["cel"]),
    ("timeZone", &["cel"]),
];

/// The settings of a policy; which keys there are depends on its type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyConfig {
    /// slo: what the metrics are about. Default: throughput.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Objective>,
    /// slo: the tolerance of metrics that have none of their own: a number, or `up` and `down`. Default: 0.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Tolerance>,
    /// cost: the budget for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self >= 0.0").message("config.maxCostPerHour must not be negative"))]
    pub max_cost_per_hour: Option<Number>,
    /// cost: the budget for a month of 730 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self >= 0.0").message("config.maxCostPerMonth must not be negative"))]
    pub max_cost_per_month: Option<Number>,
    /// cost: what a pod costs in an hour; with priceFrom, until that has answered for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self > 0.0").message("config.costPerPod must be above 0"))]
    pub cost_per_pod: Option<Number>,
    /// cost: what an hour costs whatever the number of pods. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self >= 0.0").message("config.fixedCostPerHour must not be negative"))]
    pub fixed_cost_per_hour: Option<Number>,
    /// cost: the currency, for display alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    pub currency: Option<String>,
    /// cost: where the price of a pod comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_from: Option<PriceFrom>,
    /// cel: an expression over current, ready, desired, min, max, metrics and now that gives the number of replicas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub expression: Option<String>,
    /// cel: the time zone of `now`, such as Europe/Berlin. Default: UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub time_zone: Option<String>,
}

/// throughput (default): levels and totals of work. latency: response times; Latency becomes the default mode of prometheus and
/// http metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Objective {
    /// Levels and totals of work.
    #[default]
    Throughput,
    /// Response times.
    Latency,
}

/// A query in PromQL that gives the price of a pod in an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceFrom {
    /// An instant query.
    #[schemars(length(min = 1, max = 4096))]
    pub query: String,
    /// The server. A name without a dot is a Service of the scaler's namespace. Default: the operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^https?://[^\\\\s]+$')").message("priceFrom.serverAddress must begin with http:// or https:// and have no spaces"))]
    pub server_address: Option<String>,
    /// A Secret with the server's credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_ref: Option<super::AuthRef>,
}
