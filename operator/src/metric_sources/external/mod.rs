//! A metric of any external scaler that speaks KEDA's protocol.

mod connect;
mod error;
pub mod protocol;
mod push;

use std::sync::Arc;
use std::time::Duration;

use csop_shared::api::general_scaler::SourceConfig;
use csop_shared::scale::{Invalid, Reading, Series};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use jiff::Timestamp;
use tonic::transport::Channel;

use super::address::Address;
use super::certificates::Certificates;
use super::pool::{Pool, Seat, Use};
use super::{Credentials, Failure, Hosts, Query, Reach, Sources, Subject};
use protocol::{MetricSpec, ScaledObjectRef, Service};

/// What tells one connection from another: the address, and certificates when it is over TLS.
type Key = (Address, Option<Certificates>);

/// Connections to external scalers, one for each address and set of certificates.
#[derive(Clone, Default)]
pub struct Connections(Pool<Key, Channel>);

/// The key of `config.metadata` that chooses one of several metrics.
const METRIC_NAME: &str = "metricName";
const DEFAULT_TIMEOUT: i32 = 3;

struct External {
    address: Address,
    tls: bool,
    origin: String,
    timeout: Duration,
    object: ScaledObjectRef,
    hosts: Arc<Hosts>,
    seat: Seat<Key, Channel>,
    pushing: push::Support,
}

/// The query of a metric of type external.
pub(super) fn build(
    sources: &Sources,
    config: &SourceConfig,
    subject: &Subject,
    field: &str,
) -> Result<Arc<dyn Query>, Invalid> {
    let field = format!("{field}.scalerAddress");
    let written = config.scaler_address.clone().unwrap_or_default();
    let address = match Address::parse(&written, None) {
        Ok(address) => address,
        Err(problem) => return Err(Invalid { field, problem: problem.to_owned() }),
    };
    let tls = config.tls.unwrap_or_default();
    let seconds = config.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT);
    let mut metadata = config.metadata.clone();
    // KEDA hands over all keys of a trigger, this one included.
    metadata.entry("scalerAddress".to_owned()).or_insert(written);
    Ok(Arc::new(External {
        origin: format!("{}://{address}", if tls { "grpcs" } else { "grpc" }),
        address,
        tls,
        timeout: Duration::from_secs(seconds.unsigned_abs().into()),
        object: ScaledObjectRef {
            name: subject.scaler.clone(),
            namespace: subject.namespace.clone(),
            scaler_metadata: metadata,
        },
        hosts: Arc::clone(&sources.hosts),
        seat: sources.external.0.seat(),
        pushing: push::Support::default(),
    }))
}

impl External {
    async fn reading(&self, credentials: &Credentials) -> Result<Reading, Failure> {
        let taken = self.connection(credentials)?;
        let answer = match taken.connection().await {
            Ok(channel) => self.ask_over(channel).await,
            Err(failure) => Err(failure),
        };
        taken.settle(&answer);
        answer
    }

    /// The connection for calls that nobody puts a limit on.
    async fn channel(&self, credentials: &Credentials) -> Result<Channel, Failure> {
        let taken = self.connection(credentials)?;
        let opened = tokio::time::timeout(self.timeout, taken.connection()).await;
        let channel = opened.unwrap_or_else(|_| Err(self.late()));
        taken.settle(&channel);
        channel
    }

    fn connection(&self, credentials: &Credentials) -> Result<Use<Channel>, Failure> {
        let certificates = self.tls.then(|| Certificates::of(credentials)).transpose()?;
        let key = (self.address.clone(), certificates);
        Ok(self
            .seat
            .take(&key, || connect::open(key.clone(), self.origin.clone(), Arc::clone(&self.hosts)).boxed()))
    }

    fn late(&self) -> Failure {
        Failure::TimedOut { origin: self.origin.clone(), after: self.timeout }
    }

    async fn ask_over(&self, channel: Channel) -> Result<Reading, Failure> {
        let failed = |status| error::failure(&self.origin, &status);
        let mut other = Service::new(channel.clone());
        let mut service = Service::new(channel);
        let (specs, active) =
            futures::try_join!(service.metric_specs(&self.object), other.is_active(&self.object))
                .map_err(failed)?;
        let spec = self
            .chosen(&specs)
            .map_err(|problem| Failure::Unusable { origin: self.origin.clone(), problem })?;
        let values = service.metrics(&self.object, &spec.metric_name).await.map_err(failed)?;
        let time = Timestamp::now();
        let values: Vec<_> = values.iter().map(protocol::MetricValue::value).collect();
        let values = match values[..] {
            [] => return Ok(Reading::Empty { time }),
            [value] => Series::One(value),
            _ => Series::Many(values.into()),
        };
        Ok(Reading::Sample { values, time, active: Some(active), target: spec.target() })
    }

    /// The scaler's only metric; of several, the one that the metadata name.
    fn chosen<'a>(&self, specs: &'a [MetricSpec]) -> Result<&'a MetricSpec, String> {
        let wanted = self.object.scaler_metadata.get(METRIC_NAME);
        match (specs, wanted) {
            ([], _) => Err("no metric; it states none in GetMetricSpec".to_owned()),
            ([only], _) => Ok(only),
            (several, wanted) => {
                let chosen = several.iter().find(|spec| Some(&spec.metric_name) == wanted);
                chosen.ok_or_else(|| {
                    let names: Vec<_> = several.iter().map(|spec| spec.metric_name.as_str()).collect();
                    let names = super::answer::quoted(&names.join(", "));
                    format!("several metrics ({names}): choose one by config.metadata.{METRIC_NAME}, and add a metric for each other one")
                })
            }
        }
    }
}

impl Query for External {
    fn origin(&self) -> &str {
        &self.origin
    }

    fn reach(&self) -> Reach {
        Reach::Scaler
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn ask<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<Reading, Failure>> {
        async {
            let answer = tokio::time::timeout(self.timeout, self.reading(credentials)).await;
            answer.unwrap_or_else(|_| Err(self.late()))
        }
        .boxed()
    }

    fn pushes(
        self: Arc<Self>,
        credentials: Arc<Credentials>,
    ) -> Option<BoxStream<'static, Result<bool, Failure>>> {
        Some(push::stream(self, credentials))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, target: i64, float: f64) -> MetricSpec {
        MetricSpec { metric_name: name.to_owned(), target_size: target, target_size_float: float }
    }

    #[test]
    fn the_float_wins_when_it_is_above_zero() {
        assert_eq!(spec("a", 10, 2.5).target(), Some(2.5));
        assert_eq!(spec("a", 10, 0.0).target(), Some(10.0));
        assert_eq!(spec("a", 0, 0.0).target(), None);
        let value = |integer, float| {
            protocol::MetricValue { metric_value: integer, metric_value_float: float, ..Default::default() }
                .value()
        };
        assert_eq!(value(7, 0.0), 7.0);
        assert_eq!(value(7, 7.5), 7.5);
        assert_eq!(value(-7, -0.5), -7.0);
        assert!(value(7, f64::NAN).is_nan());
    }
}
