//! Metric sources: one file and one line of [`Sources::build`] for each type.

mod address;
mod answer;
mod certificates;
mod credentials;
pub mod external;
mod hosts;
mod http;
mod http_client;
mod json_path;
mod nearby;
mod pool;
mod prometheus;
mod promql;
mod pubsub;
mod redis;
mod resource;

pub use answer::Failure;
pub use credentials::Credentials;
pub use hosts::{Hosts, HostsError};
pub use http_client::HttpClients;
pub use nearby::in_full;
pub use pubsub::Tokens;

use std::sync::Arc;
use std::time::Duration;

use csop_shared::api::general_scaler::{SourceConfig, SourceType, TargetRef};
use csop_shared::scale::{Invalid, Reading};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use kube::Client;

/// What all sources share: how the operator was started, and its connections.
#[derive(Clone)]
pub struct Sources {
    /// Where Prometheus is, for metrics that do not say. A bare name is one of the operator's own namespace.
    pub prometheus_address: Option<String>,
    /// Which hosts may be asked.
    pub hosts: Arc<Hosts>,
    /// Connections of the sources that speak HTTP.
    pub http: HttpClients,
    /// Connections to Redis.
    pub redis: redis::Connections,
    /// Connections to external scalers.
    pub external: external::Connections,
    /// Tokens of Google Cloud.
    pub tokens: Tokens,
    /// For the source `resource`.
    pub client: Client,
}

impl Sources {
    /// Sources that ask the hosts that may be asked.
    pub fn new(prometheus_address: Option<String>, hosts: Hosts, client: Client) -> Self {
        let hosts = Arc::new(hosts);
        Self {
            prometheus_address,
            http: HttpClients::new(hosts.clone()),
            hosts,
            redis: redis::Connections::default(),
            external: external::Connections::default(),
            tokens: Tokens::from_environment(),
            client,
        }
    }
}

/// Whom a metric is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The scaler's namespace.
    pub namespace: String,
    /// The scaler's name.
    pub scaler: String,
    /// What it scales.
    pub target: TargetRef,
}

/// How widely an answer holds: scalers that ask the same within this share one query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// For whoever asks with the same configuration and credentials.
    Everyone,
    /// For the target.
    Target,
    /// For the scaler alone.
    Scaler,
}

/// A question to a source, checked and ready to be asked again and again.
pub trait Query: Send + Sync + 'static {
    /// Who is asked, such as `http://prometheus.monitoring:9090`: what fails at one origin is held back for it alone. It appears in
    /// messages, so it holds no credentials.
    fn origin(&self) -> &str;

    /// How widely its answers hold.
    fn reach(&self) -> Reach {
        Reach::Everyone
    }

    /// How long an answer may take; who asks gives up after that.
    fn timeout(&self) -> Duration;

    /// Asks once. It does not try again, and keeps what it reads bounded.
    fn ask<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<Reading, Failure>>;

    /// What the source tells by itself: whether there is work. The stream ends when the connection does.
    fn pushes(
        self: Arc<Self>,
        _credentials: Arc<Credentials>,
    ) -> Option<BoxStream<'static, Result<bool, Failure>>> {
        None
    }
}

impl Sources {
    /// The query of a metric. `config` is [`in_full`]; `field` is the path of what the user wrote, such as `spec.metrics[rps].config`.
    ///
    /// # Errors
    /// When the configuration asks for what cannot be: the field, its value and a remedy.
    pub fn build(
        &self,
        type_: SourceType,
        config: &SourceConfig,
        subject: &Subject,
        field: &str,
    ) -> Result<Arc<dyn Query>, Invalid> {
        match type_ {
            SourceType::Prometheus => prometheus::build(self, config, field),
            SourceType::Redis => redis::build(self, config, field),
            SourceType::Pubsub => pubsub::build(self, config, field),
            SourceType::Http => http::build(self, config, field),
            SourceType::External => external::build(self, config, subject, field),
            SourceType::Resource => resource::build(self, config, subject, field),
        }
    }
}
