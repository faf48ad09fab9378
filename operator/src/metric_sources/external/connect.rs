//! Opening connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Uri};

use super::{Key, error};
use crate::metric_sources::address::Address;
use crate::metric_sources::certificates::Certificates;
use crate::metric_sources::{Failure, Hosts};

/// Servers in Go hang up on clients that send pings of HTTP/2 more often than every five minutes, so idle streams are watched by TCP.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// Connects to the first address of the host that answers.
pub(super) async fn open(
    (address, certificates): Key,
    origin: String,
    hosts: Arc<Hosts>,
) -> Result<Channel, Failure> {
    let mut last =
        Failure::Unreachable { origin: origin.clone(), problem: "its name has no address".to_owned() };
    for target in hosts.resolve(&address.host, address.port).await? {
        match endpoint(target, &address, certificates.as_ref()) {
            Ok(endpoint) => match endpoint.connect().await {
                Ok(channel) => return Ok(channel),
                Err(problem) => last = error::unreachable(&origin, &problem),
            },
            Err(problem) => return Err(error::unreachable(&origin, &problem)),
        }
    }
    Err(last)
}

fn endpoint(
    target: SocketAddr,
    address: &Address,
    certificates: Option<&Certificates>,
) -> Result<Endpoint, tonic::transport::Error> {
    let scheme = if certificates.is_some() { "https" } else { "http" };
    let mut endpoint = Endpoint::from_shared(format!("{scheme}://{target}"))?.tcp_keepalive(Some(KEEPALIVE));
    // The host's name is what a proxy or a virtual host goes by, not the address that was found for it.
    if let Ok(name) = format!("{scheme}://{address}").parse::<Uri>() {
        endpoint = endpoint.origin(name);
    }
    let Some(certificates) = certificates else { return Ok(endpoint) };
    let mut tls = ClientTlsConfig::new().domain_name(&address.host);
    tls = match &certificates.authority {
        Some(authority) => tls.ca_certificate(Certificate::from_pem(authority)),
        None => tls.with_native_roots(),
    };
    if let Some(own) = &certificates.identity {
        tls = tls.identity(Identity::from_pem(&own.certificate, &own.key));
    }
    endpoint.tls_config(tls)
}
