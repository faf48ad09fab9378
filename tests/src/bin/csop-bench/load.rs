//! The client that makes and changes services.

use csop_shared::api::CashService;
use csop_tests::Error;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::{
    Api, Client, ResourceExt as _,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::scene::PARALLEL;

/// Services for these namespaces. They begin without pods, so that the making of them measures no kubelet.
pub fn services(namespaces: &[String], count: usize) -> Vec<CashService> {
    (0..count).map(|n| service(&namespaces[n % namespaces.len()], n)).collect()
}

fn service(namespace: &str, n: usize) -> CashService {
    let object = json!({
        "apiVersion": "csop.dev/v1alpha1",
        "kind": "CashService",
        "metadata": {"name": format!("shop-{n:04}"), "namespace": namespace},
        "spec": {
            "image": "registry.example.com/shop:1.4.2",
            "replicas": 0,
            "autoscaling": {"mode": "Fixed"},
            "config": {"data": {"GREETING": format!("hello from {n}"), "LOG_LEVEL": "info"}},
            "env": [{"name": "SHOP", "value": "main"}],
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
        },
    });
    serde_json::from_value(object).expect("a fixed object has its kind's shape")
}

/// Creates services, a bounded number of them at a time, and tells of each when the API server has it.
pub async fn create(
    client: &Client,
    services: &[CashService],
    mut created: impl FnMut(usize, CashService),
) -> Result<(), Error> {
    let answers = stream::iter(services.iter().enumerate()).map(|(n, service)| async move {
        let made = api(client, service).create(&PostParams::default(), service).await;
        made.map(|made| (n, made)).map_err(Error::api(format!("create the service {}", service.name_any())))
    });
    let mut answers = answers.buffer_unordered(PARALLEL);
    while let Some((n, made)) = answers.try_next().await? {
        created(n, made);
    }
    Ok(())
}

/// Merges a patch into each of the services.
pub async fn change(client: &Client, services: &[CashService], patch: &Value) -> Result<(), Error> {
    let edits = stream::iter(services).map(Ok);
    edits.try_for_each_concurrent(PARALLEL, |service| edit(client, service, patch)).await
}

/// Merges a patch into a service.
pub async fn edit(client: &Client, service: &CashService, patch: &Value) -> Result<(), Error> {
    let name = service.name_any();
    let edited = api(client, service).patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await;
    edited.map(|_| ()).map_err(Error::api(format!("change the service {name}")))
}

fn api(client: &Client, service: &CashService) -> Api<CashService> {
    Api::namespaced(client.clone(), &service.namespace().expect("measured services are namespaced"))
}
