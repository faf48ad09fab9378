//! The network of the real node, as the demo's own requests find their way in it.

use std::net::IpAddr;

use k8s_openapi::api::core::v1::Service;
use kube::Api;

use crate::{Cluster, Error, node::Dialer};

/// Makes connections in the network of the cluster's real node.
pub(super) fn dialer(cluster: &Cluster) -> Result<Dialer, Error> {
    Dialer::of_process(cluster.node_process())
        .map_err(|error| Error::Missing(format!("the network of the node cannot be entered: {error}")))
}

/// The address of a Service in the cluster.
pub(super) async fn address_of(services: &Api<Service>, name: &str) -> Result<IpAddr, Error> {
    let service = services.get(name).await.map_err(Error::api(format!("get Service {name}")))?;
    let address = service.spec.and_then(|spec| spec.cluster_ip).and_then(|address| address.parse().ok());
    address.ok_or_else(|| Error::Missing(format!("the Service {name} has no address")))
}
