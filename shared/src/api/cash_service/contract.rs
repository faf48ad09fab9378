//! What a service's container promises.

use crate::api::{embedded, rules};
use k8s_openapi::api::core::v1::Probe;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The container contract. Defaults: HTTPS on 8443, health on plain HTTP 8080 at `/_liveness` and `/_readiness`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.ports) || self.ports.all(p, (has(self.type) && self.type == 'Worker') ? (!has(self.healthPort) || p.port != self.healthPort) : (p.port != (has(self.port) ? self.port : 8443) && p.port != (has(self.healthPort) ? self.healthPort : 8080)))").message("contract.ports lists further ports: not contract.port or contract.healthPort again"),
    validation = Rule::new("!has(self.ports) || (has(self.type) && self.type == 'Worker') || self.ports.all(p, p.port != (has(self.servicePort) ? self.servicePort : (has(self.scheme) && self.scheme == 'HTTP') ? 80 : 443))").message("contract.ports are on the Service too, beside contract.servicePort (443, or 80 for scheme HTTP, unless it is given): one of the two needs another number"),
)]
pub struct Contract {
    /// Server (default): takes traffic. Worker: no Service; `port`, `scheme` and `servicePort` mean nothing then; probed only
    /// when healthPort is given.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<ContractType>,
    /// The port of application traffic. Default: 8443.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
    /// Protocol on `port`. Default: HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Scheme>,
    /// The Service's port. Default: 443 for HTTPS, 80 for HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub service_port: Option<i32>,
    /// The port of the health paths, plain HTTP unless it is `port`. Default: 8080.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub health_port: Option<i32>,
    /// Answers 200 while the process should live. Default: `/_liveness`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    #[x_kube(validation = Rule::new("self.startsWith('/')").message("contract.livenessPath must begin with /"))]
    pub liveness_path: Option<String>,
    /// Answers 200 while the pod may take traffic. Default: `/_readiness`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    #[x_kube(validation = Rule::new("self.startsWith('/')").message("contract.readinessPath must begin with /"))]
    pub readiness_path: Option<String>,
    /// Further ports, such as one for metrics. They are reachable like `port` and are on the Service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    #[x_kube(validation = Rule::new("self.all(p, self.exists_one(o, o.port == p.port))").message("contract.ports names a number twice: every further port has a number of its own"))]
    pub ports: Vec<Port>,
    /// A certificate that is mounted read-only at `/etc/secrets/tls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// Server (default): takes traffic through a Service. Worker: no Service; `port`, `scheme` and `servicePort` mean nothing then; probed
/// only when healthPort is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ContractType {
    /// Takes traffic through a Service.
    #[default]
    Server,
    /// Takes none.
    Worker,
}

/// Protocol on `port`: HTTPS (default) or HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Scheme {
    /// TLS, served by the container itself.
    #[default]
    HTTPS,
    /// Plain HTTP.
    HTTP,
}

/// A further port of the container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Port {
    /// Its name, such as `metrics`.
    #[schemars(length(min = 1, max = 15))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$') && self.matches('[a-z]') && !self.contains('--') && !(self in ['app', 'health', 'http', 'https'])").message("a port's name has at most 15 lower-case letters, digits and single dashes, with at least one letter, and is not app, health, http or https"))]
    pub name: String,
    /// Its number, in the container and on the Service.
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
}

/// The certificate of the container's TLS server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    /// A Secret of type kubernetes.io/tls in the same namespace.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new(rules::OBJECT_NAME).message("contract.tls.secretName is the name of a Secret: lower-case letters, digits, '-' and '.'"))]
    pub secret_name: String,
}

/// Probes that replace those of the contract, each whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Probes {
    /// When the container is restarted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = embedded::probe)]
    #[x_kube(validation = Rule::new(rules::ONE_HANDLER).message(rules::ONE_HANDLER_SAY), validation = Rule::new(rules::ONE_SUCCESS).message(rules::ONE_SUCCESS_SAY))]
    pub liveness: Option<Probe>,
    /// When the pod takes traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = embedded::probe)]
    #[x_kube(validation = Rule::new(rules::ONE_HANDLER).message(rules::ONE_HANDLER_SAY), validation = Rule::new("!has(self.terminationGracePeriodSeconds)").message("probes.readiness takes no terminationGracePeriodSeconds: it ends no container"))]
    pub readiness: Option<Probe>,
    /// When the other probes begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = embedded::probe)]
    #[x_kube(validation = Rule::new(rules::ONE_HANDLER).message(rules::ONE_HANDLER_SAY), validation = Rule::new(rules::ONE_SUCCESS).message(rules::ONE_SUCCESS_SAY))]
    pub startup: Option<Probe>,
}
