//! Services, names and NetworkPolicies, as pods meet them.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use csop_shared::api::CashService;
use csop_tests::{
    Cluster,
    node::network::{NAMES, address_of},
    wait,
};
use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::json;

use crate::real::{self, Place, SOON};

/// What passes does so within milliseconds; what is dropped never answers.
const DROPPED_AFTER: Duration = Duration::from_secs(2);

fn service(name: &str, network: &str) -> String {
    format!(
        "
apiVersion: csop.dev/v1alpha1
kind: CashService
metadata: {{name: {name}}}
spec: {{image: {}, autoscaling: {{maxReplicas: 2}}, network: {network}}}
",
        csop_tests::node::image::SERVER
    )
}

/// Whether a connection is made. No policy refuses one: who is refused has asked before somebody listened there, or before
/// the node knew the Service.
async fn tries(from: &Place, to: (IpAddr, u16)) -> Result<bool, String> {
    let to = SocketAddr::from(to);
    match tokio::time::timeout(DROPPED_AFTER, from.dialer().connect(to)).await {
        Ok(Ok(_)) => Ok(true),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(format!("{to}: {error}")),
        Ok(Err(_)) | Err(_) => Ok(false),
    }
}

/// The final answer.
async fn reaches(from: &Place, address: IpAddr, port: u16) -> bool {
    tries(from, (address, port)).await.unwrap()
}

/// Waits until this is so; policies take effect a moment after they are made.
async fn settles(what: &str, from: &Place, to: (IpAddr, u16), expected: bool) {
    wait::until_ok(SOON, what, async || match tries(from, to).await? {
        found if found == expected => Ok(()),
        found => Err(format!("{to:?} is reached: {found}")),
    })
    .await;
}

async fn cluster_address(cluster: &Cluster, namespace: &str, name: &str) -> IpAddr {
    let services: Api<Service> = Api::namespaced(cluster.client().await, namespace);
    address_of(&services, name).await.unwrap()
}

#[tokio::test]
async fn a_service_is_reached_by_those_who_may_on_the_ports_that_it_declares() {
    let Some(cluster) = real::cluster().await else { return };
    let client = cluster.client().await;
    let home = cluster.restricted_namespace("home").await;
    let abroad = cluster.restricted_namespace("abroad").await;
    let gateways = cluster.restricted_namespace("gateways").await;
    let allowed = Patch::Merge(json!({"metadata": {"labels": {"csop.dev/ingress": "allowed"}}}));
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.patch(&gateways, &PatchParams::default(), &allowed).await.unwrap();
    cluster.apply(&home, &service("shop", "{}")).await.ok();
    real::ready(&Api::<CashService>::namespaced(client.clone(), &home), "shop").await;

    let pods: Api<Pod> = Api::namespaced(client, &home);
    let shop = real::place_of_service(cluster, &pods, "shop").await;
    let address = cluster_address(cluster, &home, "shop").await;
    let neighbour = real::placed(cluster, &home, "neighbour").await;
    let stranger = real::placed(cluster, &abroad, "stranger").await;
    let gateway = real::placed(cluster, &gateways, "gateway").await;

    settles("a neighbour reaches the pod", &neighbour, (shop.address(), 8443), true).await;
    settles("a neighbour reaches the Service", &neighbour, (address, 443), true).await;
    settles("a gateway reaches the Service", &gateway, (address, 443), true).await;
    settles("a stranger does not reach the Service", &stranger, (address, 443), false).await;
    assert!(!reaches(&stranger, shop.address(), 8443).await);
    // It is the policy that keeps the stranger out, not a broken network.
    assert!(reaches(&stranger, neighbour.address(), 8443).await);
    assert!(reaches(&shop, stranger.address(), 8443).await);
    // Nobody but the kubelet has business with the health port.
    assert!(!reaches(&stranger, shop.address(), 8080).await);
}

#[tokio::test]
async fn a_service_that_may_ask_for_names_alone_reaches_nothing_else() {
    let Some(cluster) = real::cluster().await else { return };
    let client = cluster.client().await;
    let namespace = cluster.restricted_namespace("names").await;
    cluster.apply(&namespace, &service("closed", "{egress: DNSOnly}")).await.ok();
    real::ready(&Api::<CashService>::namespaced(client.clone(), &namespace), "closed").await;
    let pods: Api<Pod> = Api::namespaced(client, &namespace);
    let closed = real::place_of_service(cluster, &pods, "closed").await;
    let neighbour = real::placed(cluster, &namespace, "neighbour").await;
    let api = cluster_address(cluster, "default", "kubernetes").await;

    settles("it does not reach a neighbour", &closed, (neighbour.address(), 8443), false).await;
    settles("it reaches the name server", &closed, (NAMES.into(), 53), true).await;
    assert!(!reaches(&closed, api, 443).await);
    assert!(reaches(&neighbour, api, 443).await);
}
