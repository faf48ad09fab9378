//! Service and NetworkPolicy.

use super::labels;
use crate::{
    api::{
        CashService,
        cash_service::{Egress, Scheme},
    },
    names::{
        INGRESS_ALLOWED,
        labels::{INGRESS, SERVICE},
    },
};
use k8s_openapi::{
    api::{
        core::v1::{Service, ServicePort, ServiceSpec},
        networking::v1::{
            NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
            NetworkPolicyPort, NetworkPolicySpec,
        },
    },
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};
use kube::ResourceExt;

const DNS_PORT: i32 = 53;

/// The Service; a worker has none.
pub(super) fn service(service: &CashService) -> Option<Service> {
    let spec = &service.spec;
    spec.port()?;
    let (name, protocol) = match spec.scheme() {
        Scheme::HTTPS => ("https", "https"),
        Scheme::HTTP => ("http", "http"),
    };
    let mut ports = vec![port(name, spec.service_port(), "app", Some(protocol))];
    ports.extend(further_ports(service).map(|p| port(&p.name, p.port, &p.name, None)));
    Some(Service {
        metadata: labels::metadata(service, service.name_any()),
        spec: Some(ServiceSpec {
            type_: Some("ClusterIP".to_owned()),
            selector: Some(labels::component_selector(service)),
            ports: Some(ports),
            ..ServiceSpec::default()
        }),
        status: None,
    })
}

fn port(name: &str, number: i32, target: &str, app_protocol: Option<&str>) -> ServicePort {
    ServicePort {
        name: Some(name.to_owned()),
        port: number,
        target_port: Some(IntOrString::String(target.to_owned())),
        protocol: Some("TCP".to_owned()),
        app_protocol: app_protocol.map(str::to_owned),
        ..ServicePort::default()
    }
}

fn further_ports(service: &CashService) -> impl Iterator<Item = &crate::api::cash_service::Port> {
    service.spec.contract.iter().flat_map(|c| &c.ports)
}

/// The NetworkPolicy: nothing comes in but to the declared ports from the declared peers.
pub(super) fn policy(service: &CashService) -> NetworkPolicy {
    NetworkPolicy {
        metadata: labels::metadata(service, service.name_any()),
        spec: Some(NetworkPolicySpec {
            // Whatever the component: it may change, and old pods must not fall out of the policy meanwhile.
            pod_selector: Some(selector([(SERVICE.to_owned(), service.name_any())].into())),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: ingress(service).map(|rule| vec![rule]),
            egress: Some(egress(service)),
        }),
    }
}

fn ingress(service: &CashService) -> Option<NetworkPolicyIngressRule> {
    let ports: Vec<_> = service
        .spec
        .port()
        .into_iter()
        .chain(further_ports(service).map(|p| p.port))
        .map(|p| policy_port("TCP", p))
        .collect();
    let given = service.spec.network.as_ref().and_then(|n| n.ingress_from.clone());
    let from = given.unwrap_or_else(|| vec![same_namespace(), allowed_namespaces()]);
    // An empty list of peers or ports would mean "all" to the API.
    (!ports.is_empty() && !from.is_empty())
        .then_some(NetworkPolicyIngressRule { from: Some(from), ports: Some(ports) })
}

fn same_namespace() -> NetworkPolicyPeer {
    NetworkPolicyPeer { pod_selector: Some(LabelSelector::default()), ..NetworkPolicyPeer::default() }
}

fn allowed_namespaces() -> NetworkPolicyPeer {
    let labels = [(INGRESS.to_owned(), INGRESS_ALLOWED.to_owned())].into();
    NetworkPolicyPeer { namespace_selector: Some(selector(labels)), ..NetworkPolicyPeer::default() }
}

fn egress(service: &CashService) -> Vec<NetworkPolicyEgressRule> {
    let network = service.spec.network.as_ref();
    let dns = NetworkPolicyEgressRule {
        to: None,
        ports: Some(vec![policy_port("UDP", DNS_PORT), policy_port("TCP", DNS_PORT)]),
    };
    match network.and_then(|n| n.egress).unwrap_or_default() {
        Egress::Open => vec![NetworkPolicyEgressRule::default()],
        Egress::DNSOnly => vec![dns],
        Egress::Listed => {
            let to = network.and_then(|n| n.egress_to.clone()).filter(|peers| !peers.is_empty());
            let listed = to.map(|peers| NetworkPolicyEgressRule { to: Some(peers), ports: None });
            std::iter::once(dns).chain(listed).collect()
        }
    }
}

fn policy_port(protocol: &str, port: i32) -> NetworkPolicyPort {
    NetworkPolicyPort {
        protocol: Some(protocol.to_owned()),
        port: Some(IntOrString::Int(port)),
        end_port: None,
    }
}

fn selector(labels: std::collections::BTreeMap<String, String>) -> LabelSelector {
    LabelSelector { match_labels: Some(labels), match_expressions: None }
}
