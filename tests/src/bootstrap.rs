//! The objects that make a bare API server a usable cluster.

use k8s_openapi::{
    api::{
        core::v1::{Node, Service, ServiceAccount},
        discovery::v1::EndpointSlice,
    },
    kube_aggregator::pkg::apis::apiregistration::v1::APIService,
};
use kube::{
    Api, Client, Resource,
    api::{ListParams, Patch, PatchParams, PostParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    Error,
    components::{METRICS_SERVICE, Options},
    kwok,
    layout::Layout,
    node,
};

/// Makes the simulated nodes, spread over three zones.
pub async fn nodes(client: &Client, count: u16) -> Result<(), Error> {
    let api: Api<Node> = Api::all(client.clone());
    for index in 0..count {
        create(&api, &format!("node-{index}"), simulated(index)).await?;
    }
    Ok(())
}

/// Makes the object of the real node before its kubelet would: the kubelet keeps the address that it finds, under which
/// the API server reaches it.
pub async fn real_node(client: &Client) -> Result<(), Error> {
    let api: Api<Node> = Api::all(client.clone());
    create(&api, node::NAME, json!({"metadata": {"name": node::NAME}})).await?;
    let addresses = json!([
        {"type": "InternalIP", "address": node::network::ADDRESS},
        // A relay's, for whoever is on this machine.
        {"type": "ExternalIP", "address": "127.0.0.1"},
        {"type": "Hostname", "address": node::NAME},
    ]);
    let patch = Patch::Merge(json!({"status": {"addresses": addresses}}));
    let patched = api.patch_status(node::NAME, &PatchParams::default(), &patch).await;
    patched.map(|_| ()).map_err(Error::api(format!("set the address of the node {}", node::NAME)))
}

/// Makes the Services of the API server and of the name server lead to the real node's address.
pub async fn real_network(client: &Client, layout: &Layout) -> Result<(), Error> {
    let api = json!([{"name": "https", "port": layout.ports().api}]);
    leads_to_node(client, "default", "kubernetes", api).await?;
    let names = json!([
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
    ]);
    let service = json!({
        "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}},
        "spec": {"clusterIP": node::network::NAMES, "ports": names},
    });
    create(&Api::<Service>::namespaced(client.clone(), "kube-system"), "kube-dns", service).await?;
    leads_to_node(client, "kube-system", "kube-dns", names).await
}

async fn leads_to_node(client: &Client, namespace: &str, service: &str, ports: Value) -> Result<(), Error> {
    let slice = json!({
        "metadata": {"name": service, "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [node::network::ADDRESS], "conditions": {"ready": true}}],
        "ports": ports,
    });
    create(&Api::<EndpointSlice>::namespaced(client.clone(), namespace), service, slice).await
}

/// Makes the metrics server's API part of the API server.
pub async fn metrics(client: &Client, layout: &Layout) -> Result<(), Error> {
    let (namespace, name) = METRICS_SERVICE;
    let service = json!({
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"type": "ExternalName", "externalName": "localhost"},
    });
    create(&Api::<Service>::namespaced(client.clone(), namespace), name, service).await?;
    let authority = std::fs::read(layout.authority()).map_err(Error::file("read", layout.authority()))?;
    let api_service = json!({
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "caBundle": k8s_openapi::ByteString(authority),
            "service": {"namespace": namespace, "name": name, "port": layout.ports().metrics},
        },
    });
    create(&Api::<APIService>::all(client.clone()), "v1beta1.metrics.k8s.io", api_service).await
}

/// Whether everything works that a user could meet first; if not, what is missing.
pub async fn complete(client: &Client, options: &Options) -> Result<(), String> {
    let nodes: Api<Node> = Api::all(client.clone());
    let list = nodes.list(&ListParams::default()).await.map_err(|error| error.to_string())?;
    let waiting: Vec<_> =
        list.iter().filter(|node| !schedulable(node)).filter_map(|node| node.metadata.name.clone()).collect();
    if !waiting.is_empty() {
        return Err(format!("not Ready: {}", waiting.join(", ")));
    }
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "default");
    accounts.get("default").await.map_err(|error| error.to_string())?;
    if options.without_metrics {
        return Ok(());
    }
    let services: Api<APIService> = Api::all(client.clone());
    let service = services.get("v1beta1.metrics.k8s.io").await.map_err(|error| error.to_string())?;
    let conditions = service.status.and_then(|status| status.conditions).unwrap_or_default();
    match conditions.iter().find(|condition| condition.type_ == "Available") {
        Some(condition) if condition.status == "True" => Ok(()),
        Some(condition) => Err(format!("metrics API: {}", condition.message.clone().unwrap_or_default())),
        None => Err("metrics API: not tried yet".to_owned()),
    }
}

fn schedulable(node: &Node) -> bool {
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let ready =
        conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let tainted =
        node.spec.as_ref().and_then(|spec| spec.taints.as_ref()).is_some_and(|taints| !taints.is_empty());
    ready && !tainted
}

fn simulated(index: u16) -> Value {
    let name = format!("node-{index}");
    let zone = ["a", "b", "c"][usize::from(index % 3)];
    let (annotation, value) = kwok::NODE;
    json!({
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/region": "local",
                "topology.kubernetes.io/zone": format!("local-{zone}"),
            },
            "annotations": {
                annotation: value,
                "metrics.k8s.io/resource-metrics-path": format!("/metrics/nodes/{name}/metrics/resource"),
            },
        },
    })
}

async fn create<K>(api: &Api<K>, name: &str, object: Value) -> Result<(), Error>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Serialize,
{
    let kind = K::kind(&());
    let object = serde_json::from_value(object).expect("a fixed object has its kind's shape");
    let created = api.create(&PostParams::default(), &object).await;
    created.map(|_| ()).map_err(Error::api(format!("create the {kind} {name}")))
}
