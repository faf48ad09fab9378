//! The messages of KEDA's `externalscaler.proto`. They are written out apart from the operator's, so that a wrong field of either is
//! found.

use std::collections::BTreeMap;

use prost::Message;

/// Whom a scaler is asked about.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ScaledObjectRef {
    /// The object's name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its namespace.
    #[prost(string, tag = "2")]
    pub namespace: String,
    /// What its owner tells the scaler.
    #[prost(btree_map = "string, string", tag = "3")]
    pub scaler_metadata: BTreeMap<String, String>,
}

/// Whether there is work.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct IsActiveResponse {
    /// Whether there is.
    #[prost(bool, tag = "1")]
    pub result: bool,
}

/// What a scaler measures.
#[derive(Clone, PartialEq, Message)]
pub struct GetMetricSpecResponse {
    /// Its metrics.
    #[prost(message, repeated, tag = "1")]
    pub metric_specs: Vec<MetricSpec>,
}

/// A metric and the value to aim for.
#[derive(Clone, PartialEq, Message)]
pub struct MetricSpec {
    /// Its name.
    #[prost(string, tag = "1")]
    pub metric_name: String,
    /// The value to aim for, as a whole number.
    #[prost(int64, tag = "2")]
    pub target_size: i64,
    /// The value to aim for.
    #[prost(double, tag = "3")]
    pub target_size_float: f64,
}

/// Which metric is asked for.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetMetricsRequest {
    /// For whom.
    #[prost(message, optional, tag = "1")]
    pub scaled_object_ref: Option<ScaledObjectRef>,
    /// The metric's name.
    #[prost(string, tag = "2")]
    pub metric_name: String,
}

/// The values of a metric.
#[derive(Clone, PartialEq, Message)]
pub struct GetMetricsResponse {
    /// All of them.
    #[prost(message, repeated, tag = "1")]
    pub metric_values: Vec<MetricValue>,
}

/// One value of a metric.
#[derive(Clone, PartialEq, Message)]
pub struct MetricValue {
    /// The metric's name.
    #[prost(string, tag = "1")]
    pub metric_name: String,
    /// The value, as a whole number.
    #[prost(int64, tag = "2")]
    pub metric_value: i64,
    /// The value.
    #[prost(double, tag = "3")]
    pub metric_value_float: f64,
}
