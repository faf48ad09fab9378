//! Where metrics come from, and what to ask there.

use super::union::Key;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a value comes from.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum SourceType {
    /// A query in PromQL.
    #[default]
    Prometheus,
    /// The size of a value in Redis.
    Redis,
    /// A subscription of Google Cloud Pub/Sub.
    Pubsub,
    /// A number in a JSON answer over HTTP.
    Http,
    /// An external scaler that speaks KEDA's protocol.
    External,
    /// Use of CPU or memory.
    Resource,
}

impl SourceType {
    /// The value as the API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus",
            Self::Redis => "redis",
            Self::Pubsub => "pubsub",
            Self::Http => "http",
            Self::External => "external",
            Self::Resource => "resource",
        }
    }
}

const PROMETHEUS: &[&str] = &["prometheus"];
const REDIS: &[&str] = &["redis"];
const PUBSUB: &[&str] = &["pubsub"];
const HTTP: &[&str] = &["http"];
const EXTERNAL: &[&str] = &["external"];

/// Every key of [`SourceConfig`], and the types that take it.
pub(super) const KEYS: [Key; 26] = [
    ("query", PROMETHEUS),
    ("serverAddress", PROMETHEUS),
    ("headers", &["prometheus", "http"]),
    ("timeoutSeconds", &["prometheus", "redis", "pubsub", "http", "external"]),
    ("address", REDIS),
    ("host", REDIS),
    ("port", REDIS),
    ("db", REDIS),
    ("key", REDIS),
    ("kind", REDIS),
    ("group", REDIS),
    ("cluster", REDIS),
    ("sentinelMaster", REDIS),
    ("user", REDIS),
    ("signal", &["redis", "pubsub"]),
    ("tls", &["redis", "external"]),
    ("projectId", PUBSUB),
    ("subscription", PUBSUB),
    ("endpoint", PUBSUB),
    ("url", HTTP),
    ("method", HTTP),
    ("jsonPath", HTTP),
    ("expression", HTTP),
    ("scalerAddress", EXTERNAL),
    ("metadata", EXTERNAL),
    ("resource", &["resource"]),
];

/// What to ask a source; which keys there are depends on the metric's type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceConfig {
    /// prometheus: an instant query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub query: Option<String>,
    /// prometheus: the server, such as `http://prometheus.monitoring:9090`. A name without a dot is a Service of the scaler's namespace.
    /// Default: the operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^https?://[^\\\\s]+$')").message("config.serverAddress must begin with http:// or https:// and have no spaces"))]
    pub server_address: Option<String>,
    /// prometheus, http: further headers. Secrets belong into authRef.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16))]
    pub headers: BTreeMap<String, String>,
    /// All but resource: how long an answer may take. Default: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 30))]
    pub timeout_seconds: Option<i32>,
    /// redis: `host:port`; several, separated by commas, for a cluster or for sentinels. A name without a dot is a Service of the
    /// scaler's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub address: Option<String>,
    /// redis: the host, instead of address. A name without a dot is a Service of the scaler's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub host: Option<String>,
    /// redis: the port beside host. Default: 6379.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
    /// redis: the number of the database. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1024))]
    pub db: Option<i32>,
    /// redis: the key whose size or value is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub key: Option<String>,
    /// redis: what the key holds. Default: what the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<RedisKind>,
    /// redis: the consumer group of a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub group: Option<String>,
    /// redis: whether the address is that of a cluster. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<bool>,
    /// redis: the name of the master, when the address is that of sentinels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub sentinel_master: Option<String>,
    /// redis: the ACL user; its password is in authRef.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub user: Option<String>,
    /// pubsub: backlog (default) or oldestAge. redis, with group: lag (default) or pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<Signal>,
    /// redis, external: whether to connect over TLS; a CA or client certificate is in authRef. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<bool>,
    /// pubsub: the Google Cloud project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub project_id: Option<String>,
    /// pubsub: the subscription's short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub subscription: Option<String>,
    /// pubsub: another address of Cloud Monitoring, for private access and tests. A name without a dot is a Service of the scaler's
    /// namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub endpoint: Option<String>,
    /// http: the address that answers JSON. A name without a dot is a Service of the scaler's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = Rule::new("self.matches('^https?://[^\\\\s]+$')").message("config.url must begin with http:// or https:// and have no spaces"))]
    pub url: Option<String>,
    /// http: the method. Default: GET.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<HttpMethod>,
    /// http: where the number is, such as `$.queue.length`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub json_path: Option<String>,
    /// http: a CEL expression over `body` that gives the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub expression: Option<String>,
    /// external: `host:port` of the external scaler. A name without a dot is a Service of the scaler's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub scaler_address: Option<String>,
    /// external: what the external scaler is told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64))]
    pub metadata: BTreeMap<String, String>,
    /// resource: whose use is measured, in percent of what the pods request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceName>,
}

/// What a key in Redis holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RedisKind {
    /// Its length.
    #[default]
    List,
    /// Its members.
    Set,
    /// Its members.
    Zset,
    /// Its fields.
    Hash,
    /// The number that it is.
    String,
    /// Its entries, or the lag of a group.
    Stream,
}

/// What of a queue is measured. backlog: messages that are not acknowledged. oldestAge: seconds since the oldest of them came.
/// lag: entries that the group has not read. pending: entries that it has read and not acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Signal {
    /// Messages that are not acknowledged.
    #[default]
    Backlog,
    /// Seconds since the oldest of them came.
    OldestAge,
    /// Entries that the group has not read.
    Lag,
    /// Entries that the group has read and not acknowledged.
    Pending,
}

/// A method of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// Without a body.
    #[default]
    Get,
    /// With an empty body.
    Post,
}

/// A resource of pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ResourceName {
    /// Processor time.
    #[default]
    Cpu,
    /// The working set.
    Memory,
}
