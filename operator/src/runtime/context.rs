//! What controllers share, and may read from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use kube::{Client, Resource, ResourceExt};
use tokio::sync::Semaphore;

use super::caches::Caches;
use super::children::ChildKind;
use super::clock::Clock;
use super::error::Error;
use super::events::Events;
use super::kind::Kind;
use super::live::Live;
use super::mandate::{self, Mandate};
use super::metrics::Metrics;
use super::settled::Settled;
use super::undo::Disputes;

/// The process's client, caches, recorder and metrics.
pub struct Context {
    client: Client,
    pub(super) caches: Caches,
    pub(super) events: Events,
    pub(super) metrics: Arc<Metrics>,
    pub(super) disputes: Disputes,
    pub(super) settled: Settled,
    pub(super) mandate: Mandate,
    pub(super) clock: Clock,
    concurrency: u16,
    unlisted: AtomicUsize,
}

impl Context {
    /// A context whose caches are not filled yet; `watches` of our own kinds are still to be listed. Its client changes nothing
    /// without the mandate.
    pub(super) fn new(
        client: Client,
        caches: Caches,
        metrics: Arc<Metrics>,
        mandate: Mandate,
        concurrency: u16,
        watches: usize,
        clock: Clock,
    ) -> Self {
        let client = mandate::guarded(client, mandate.clone());
        let events = Events::new(client.clone());
        let (disputes, settled) = (Disputes::default(), Settled::default());
        let unlisted = AtomicUsize::new(watches);
        Self { client, caches, events, metrics, disputes, settled, mandate, clock, concurrency, unlisted }
    }

    /// The client. Controllers read with it in `observe`, and nowhere else.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What time it is: for `observe` to hand on, and for what goes on beside the reconciles.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The right of this process to change objects.
    pub fn mandate(&self) -> &Mandate {
        &self.mandate
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

    /// The related objects of a watch that `owner` names, with nothing for those that do not exist. From now on, until it names
    /// others, their changes wake it.
    pub fn named<O: Resource<DynamicType = ()>>(
        &self,
        watch: &str,
        owner: &O,
        names: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Option<Arc<Live>>>, Error> {
        let (cache, namespace) = (self.caches.related(watch)?, owner.namespace().unwrap_or_default());
        // Before the look, so that no change falls between the two.
        cache.refer::<O>(&namespace, &owner.name_any(), names);
        Ok(names.iter().map(|name| (name.clone(), cache.get(&namespace, name))).collect())
    }

    /// The related objects of a watch that concern one of these keys. From now on, until it asks for others, their changes wake
    /// `owner`.
    pub fn about<O: Resource<DynamicType = ()>>(
        &self,
        watch: &str,
        owner: &O,
        keys: &BTreeSet<String>,
    ) -> Result<Vec<Arc<Live>>, Error> {
        let (cache, namespace) = (self.caches.related(watch)?, owner.namespace().unwrap_or_default());
        // Before the look, so that no change falls between the two.
        cache.refer::<O>(&namespace, &owner.name_any(), keys);
        Ok(keys.iter().flat_map(|key| cache.under(&namespace, key)).collect())
    }

    /// Forgets what a deleted object named.
    pub(super) fn forget<K: Kind>(&self, namespace: &str, name: &str) {
        for cache in K::watches().iter().filter_map(|watch| self.caches.related(watch.name).ok()) {
            cache.refer::<K::Object>(namespace, name, &BTreeSet::new());
        }
    }

    /// Fresh bytes from the system's generator, for `observe` to hand on.
    pub fn entropy(&self, bytes: usize) -> Result<Vec<u8>, Error> {
        let mut buffer = vec![0; bytes];
        getrandom::fill(&mut buffer)
            .map_err(|e| Error::External { attempted: "draw random bytes".into(), message: e.to_string() })?;
        Ok(buffer)
    }

    /// Reconciles of one controller that may run at once.
    pub(super) fn concurrency(&self) -> u16 {
        self.concurrency.max(1)
    }

    /// As many permits as reconciles of one controller may run at once.
    pub(super) fn permits(&self) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(usize::from(self.concurrency())))
    }

    /// Notes that one of the watches of our own kinds has read a whole list.
    pub(super) fn listed(&self) {
        self.unlisted.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether everything that is watched was read once.
    pub(super) fn is_ready(&self) -> bool {
        self.caches.are_synced() && self.unlisted.load(Ordering::Relaxed) == 0
    }
}
