//! The client that makes and changes services and other objects.

use csop_shared::api::CashService;
use csop_tests::Error;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::{
    Api, Client, Resource, ResourceExt as _,
    api::{Patch, PatchParams, PostParams},
    core::NamespaceResourceScope,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::scene::PARALLEL;

/// Objects of a namespace that can be made and changed.
pub trait Made:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Serialize
    + DeserializeOwned
    + Clone
    + std::fmt::Debug
{
}

impl<K> Made for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Serialize
        + DeserializeOwned
        + Clone
        + std::fmt::Debug
{
}

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

/// Creates objects, a bounded number of them at a time, and tells of each when the API server has it.
pub async fn create<K: Made>(
    client: &Client,
    objects: &[K],
    mut created: impl FnMut(usize, K),
) -> Result<(), Error> {
    let answers = stream::iter(objects.iter().enumerate()).map(|(n, object)| async move {
        let made = api(client, object).create(&PostParams::default(), object).await;
        made.map(|made| (n, made)).map_err(Error::api(format!("create the {}", called(object))))
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

/// Merges a patch into an object.
pub async fn edit<K: Made>(client: &Client, object: &K, patch: &Value) -> Result<(), Error> {
    let edited =
        api(client, object).patch(&object.name_any(), &PatchParams::default(), &Patch::Merge(patch)).await;
    edited.map(|_| ()).map_err(Error::api(format!("change the {}", called(object))))
}

fn api<K: Made>(client: &Client, object: &K) -> Api<K> {
    Api::namespaced(client.clone(), &object.namespace().expect("measured objects are namespaced"))
}

fn called<K: Made>(object: &K) -> String {
    format!("{} {}", K::kind(&()), object.name_any())
}
