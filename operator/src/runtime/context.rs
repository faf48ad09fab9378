//! What controllers share, and may read from.

use std::sync::Arc;

use k8s_openapi::NamespaceResourceScope;
use kube::api::Api;
use kube::{Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::caches::Caches;
use super::children::ChildKind;
use super::error::Error;
use super::events::Events;
use super::live::Live;
use super::metrics::Metrics;

/// The process's client, caches, recorder and metrics.
pub struct Context {
    client: Client,
    pub(super) caches: Caches,
    pub(super) events: Events,
    pub(super) metrics: Arc<Metrics>,
    pub(super) concurrency: u16,
}

impl Context {
    /// A context whose caches are not filled yet.
    pub fn new(client: Client, caches: Caches, metrics: Arc<Metrics>, concurrency: u16) -> Self {
        let events = Events::new(client.clone());
        Self { client, caches, events, metrics, concurrency }
    }

    /// The client. Controllers read with it in `observe`, and nowhere else.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The process's metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// A child by kind and name, from the cache and our own last writes.
    pub fn child(&self, kind: &ChildKind, namespace: &str, name: &str) -> Result<Option<Arc<Live>>, Error> {
        Ok(self.caches.children(kind)?.get(namespace, name))
    }

    /// The children of a kind that `owner` controls, sorted by name, from the cache and our own last writes.
    pub fn owned<O: ResourceExt>(&self, kind: &ChildKind, owner: &O) -> Result<Vec<Arc<Live>>, Error> {
        let namespace = owner.namespace().unwrap_or_default();
        Ok(self.caches.children(kind)?.under(&namespace, &owner.uid().unwrap_or_default()))
    }

    /// The related objects of a watch that concern the object of this name, sorted by name.
    pub fn related(&self, watch: &str, namespace: &str, name: &str) -> Result<Vec<Arc<Live>>, Error> {
        Ok(self.caches.related(watch)?.under(namespace, name))
    }

    /// Reads an object that no cache holds.
    pub async fn get<T>(&self, namespace: &str, name: &str) -> Result<Option<T>, Error>
    where
        T: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        let api: Api<T> = Api::namespaced(self.client.clone(), namespace);
        api.get_opt(name)
            .await
            .map_err(|e| Error::api(format!("read {} {namespace}/{name}", T::kind(&())), e))
    }

    /// Fresh bytes from the system's generator, for `observe` to hand on.
    pub fn entropy(&self, bytes: usize) -> Result<Vec<u8>, Error> {
        let mut buffer = vec![0; bytes];
        getrandom::fill(&mut buffer)
            .map_err(|e| Error::External { attempted: "draw random bytes".into(), message: e.to_string() })?;
        Ok(buffer)
    }

    /// The number of reconciles of one controller that may run at once.
    pub(super) fn slots(&self) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(usize::from(self.concurrency.max(1))))
    }
}
