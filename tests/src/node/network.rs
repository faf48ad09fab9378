//! The addresses in the network of a real node, and the node's own part of that network.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    process::Command,
};

use k8s_openapi::api::core::v1::Service;
use kube::Api;

use crate::Error;

/// The node's address, which is every pod's gateway.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 200, 0, 1);

/// The Service of the name server.
pub const NAMES: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 10);

/// Where the node finds the image registry.
pub const REGISTRY_PORT: u16 = 5000;

/// The first two bytes of the addresses of pods, and of Services.
const PODS: [u8; 2] = [10, 200];
const SERVICES: [u8; 2] = [10, 96];

/// Whether an address is one of a node's network: of a pod, a Service or the node.
pub(super) fn contains(address: IpAddr) -> bool {
    let IpAddr::V4(address) = address else { return false };
    [PODS, SERVICES].iter().any(|range| address.octets().starts_with(range))
}

/// The range of the addresses of pods.
pub(super) fn pods() -> String {
    let [first, second] = PODS;
    format!("{first}.{second}.0.0/16")
}

/// Gives the node its address and a way to Services, and lets it forward what its pods send. Nothing leads out.
pub(super) fn bring_up() -> Result<(), Error> {
    let address = ADDRESS.to_string();
    let [first, second] = SERVICES;
    let services = format!("{first}.{second}.0.0/16");
    run(&["link", "set", "lo", "up"])?;
    run(&["address", "add", &format!("{address}/32"), "dev", "lo"])?;
    // Without a route the kernel would not even ask kube-proxy's rules where a Service is.
    run(&["route", "add", &services, "dev", "lo", "src", &address])?;
    // What is not there needs no rules. Some kernels have none of it.
    for scope in ["all", "default"] {
        let _ = fs::write(format!("/proc/sys/net/ipv6/conf/{scope}/disable_ipv6"), "1");
    }
    let forward = "/proc/sys/net/ipv4/ip_forward";
    fs::write(forward, "1").map_err(Error::file("write", forward))
}

fn run(arguments: &[&str]) -> Result<(), Error> {
    let mut command = Command::new("ip");
    command.args(arguments).env("PATH", super::daemons::PATH);
    let output = command.output().map_err(Error::spawn("ip"))?;
    Error::unless_succeeded(format!("ip {}", arguments.join(" ")), &output)
}

/// The address of a Service in the cluster.
pub async fn address_of(services: &Api<Service>, name: &str) -> Result<IpAddr, Error> {
    let service = services.get(name).await.map_err(Error::api(format!("get Service {name}")))?;
    let address = service.spec.and_then(|spec| spec.cluster_ip).and_then(|address| address.parse().ok());
    address.ok_or_else(|| Error::Missing(format!("the Service {name} has no address")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_has_pods_and_services_and_nothing_of_the_machine() {
        assert!(contains(ADDRESS.into()) && contains(NAMES.into()));
        assert!(!contains(Ipv4Addr::LOCALHOST.into()));
        assert!(!contains(Ipv4Addr::new(10, 0, 0, 1).into()));
    }
}
