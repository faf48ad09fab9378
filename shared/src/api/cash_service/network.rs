//! Who may reach a service, and what it may reach.

use crate::api::{embedded, rules};
use k8s_openapi::api::networking::v1::NetworkPolicyPeer;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may reach the service, and what it may reach.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.egressTo) == (has(self.egress) && self.egress == 'Listed')").message("network.egressTo is required with network.egress Listed and refused otherwise"),
)]
pub struct Network {
    /// Who may reach the declared ports. Default: pods of the same namespace, and namespaces labelled
    /// `csop.dev/ingress: allowed` (gateways, monitoring). An empty list: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    #[x_kube(validation = Rule::new(rules::PEERS).message(rules::PEERS_SAY), validation = Rule::new(rules::RANGES).message(rules::RANGES_SAY))]
    #[schemars(transform = embedded::peers)]
    pub ingress_from: Option<Vec<NetworkPolicyPeer>>,
    /// What the pods may reach. Default: Open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress: Option<Egress>,
    /// With egress Listed: what the pods may reach, besides DNS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = Rule::new(rules::PEERS).message(rules::PEERS_SAY), validation = Rule::new(rules::RANGES).message(rules::RANGES_SAY))]
    #[schemars(transform = embedded::peers)]
    pub egress_to: Option<Vec<NetworkPolicyPeer>>,
}

/// What the pods may reach. Open (default): everything. DNSOnly: DNS alone. Listed: DNS and `egressTo`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Egress {
    /// Everything.
    #[default]
    Open,
    /// DNS on port 53, UDP and TCP, and nothing else.
    DNSOnly,
    /// DNS and the peers of `egressTo`.
    Listed,
}
