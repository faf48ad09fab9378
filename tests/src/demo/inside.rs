//! The network of the real node, as the demo's own requests find their way in it.

use kube::Api;
use rustls::pki_types::ServerName;

use super::trust;
use crate::{
    Cluster, Error, credentials,
    load::{Load, Plan},
    node::{Dialer, network::address_of},
};

/// The load of the service: so many requests in a second, each of which burns CPU for so many milliseconds. It is more than the
/// fewest pods should have, and a third of what two processors can do.
pub(super) const REQUESTS_PER_SECOND: u32 = 60;
pub(super) const BURN_MILLIS: u32 = 10;
/// Ends the load of a demo that hangs.
const AT_MOST: u32 = REQUESTS_PER_SECOND * 300;

/// Begins to burn the CPU of the service's pods, by requests from within the node's network.
pub(super) async fn burn(cluster: &Cluster) -> Result<Load, Error> {
    let client = credentials::client(cluster.kubeconfig()).await?;
    let address = address_of(&Api::default_namespaced(client), "shop").await?;
    let name = ServerName::try_from("shop").expect("a name that a server can have");
    let plan = Plan {
        address: (address, 443).into(),
        path: format!("/burn?ms={BURN_MILLIS}"),
        tls: Some((name, trust::in_anybody())),
        per_second: REQUESTS_PER_SECOND,
        connections: 12,
        // Often a new one, so that new pods have their share soon.
        requests_per_connection: 20,
        at_most: AT_MOST,
    };
    Ok(Load::start(dialer(cluster)?, plan))
}

/// Makes connections in the network of the cluster's real node.
pub(super) fn dialer(cluster: &Cluster) -> Result<Dialer, Error> {
    Dialer::of_process(cluster.node_process())
        .map_err(|error| Error::Missing(format!("the network of the node cannot be entered: {error}")))
}
