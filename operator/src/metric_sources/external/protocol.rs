//! KEDA's external-scaler protocol, as far as a client needs it: the messages and methods of the service
//! `externalscaler.ExternalScaler` in KEDA's `externalscaler.proto`. A scaler may implement further ones.

use std::collections::BTreeMap;

use http::uri::PathAndQuery;
use prost::Message;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

/// Largest message that is read.
const LARGEST: usize = 1 << 20;

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
    /// The value to aim for, of older scalers.
    #[prost(int64, tag = "2")]
    pub target_size: i64,
    /// The value to aim for; it counts when it is above 0.
    #[prost(double, tag = "3")]
    pub target_size_float: f64,
}

/// Which metric is asked for.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetMetricsRequest {
    /// For whom.
    #[prost(message, optional, tag = "1")]
    pub scaled_object_ref: Option<ScaledObjectRef>,
    /// The metric's name in its spec.
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
    /// The value, of older scalers.
    #[prost(int64, tag = "2")]
    pub metric_value: i64,
    /// The value; it counts when it is above 0.
    #[prost(double, tag = "3")]
    pub metric_value_float: f64,
}

impl MetricSpec {
    /// The value to aim for; none when the scaler states none.
    pub fn target(&self) -> Option<f64> {
        let target = preferred(self.target_size_float, self.target_size);
        (target > 0.0).then_some(target)
    }
}

impl MetricValue {
    /// The value.
    pub fn value(&self) -> f64 {
        preferred(self.metric_value_float, self.metric_value)
    }
}

fn preferred(float: f64, integer: i64) -> f64 {
    // What is no number is passed on, so that it is seen.
    if float > 0.0 || float.is_nan() { float } else { integer as f64 }
}

/// The methods of the service.
pub(super) struct Service(Grpc<Channel>);

impl Service {
    pub fn new(channel: Channel) -> Self {
        Self(Grpc::new(channel).max_decoding_message_size(LARGEST))
    }

    pub async fn is_active(&mut self, object: &ScaledObjectRef) -> Result<bool, Status> {
        let answer: IsActiveResponse =
            self.call("/externalscaler.ExternalScaler/IsActive", object.clone()).await?;
        Ok(answer.result)
    }

    pub async fn metric_specs(&mut self, object: &ScaledObjectRef) -> Result<Vec<MetricSpec>, Status> {
        let answer: GetMetricSpecResponse =
            self.call("/externalscaler.ExternalScaler/GetMetricSpec", object.clone()).await?;
        Ok(answer.metric_specs)
    }

    pub async fn metrics(
        &mut self,
        object: &ScaledObjectRef,
        name: &str,
    ) -> Result<Vec<MetricValue>, Status> {
        let request =
            GetMetricsRequest { scaled_object_ref: Some(object.clone()), metric_name: name.to_owned() };
        let answer: GetMetricsResponse =
            self.call("/externalscaler.ExternalScaler/GetMetrics", request).await?;
        Ok(answer.metric_values)
    }

    pub async fn stream_is_active(
        &mut self,
        object: ScaledObjectRef,
    ) -> Result<Streaming<IsActiveResponse>, Status> {
        self.ready().await?;
        let path = PathAndQuery::from_static("/externalscaler.ExternalScaler/StreamIsActive");
        let codec: ProstCodec<ScaledObjectRef, IsActiveResponse> = ProstCodec::default();
        Ok(self.0.server_streaming(Request::new(object), path, codec).await?.into_inner())
    }

    async fn call<Q, A>(&mut self, path: &'static str, request: Q) -> Result<A, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        self.ready().await?;
        let codec: ProstCodec<Q, A> = ProstCodec::default();
        let answer = self.0.unary(Request::new(request), PathAndQuery::from_static(path), codec).await?;
        Ok(answer.into_inner())
    }

    async fn ready(&mut self) -> Result<(), Status> {
        self.0.ready().await.map_err(|error| Status::from_error(Box::new(error)))
    }
}
