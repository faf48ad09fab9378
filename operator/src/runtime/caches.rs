//! The process's caches: one watch for each kind of child and each namespace scope, shared by all controllers.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use kube::api::{Api, DynamicObject};
use kube::runtime::watcher::{Event, watcher};
use kube::{Client, Resource};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use csop_shared::names::{MANAGED_BY_VALUE, labels};

use super::children::ChildKind;
use super::error::Error;
use super::foreign::Trusted;
use super::kind::{Kind, Watch};
use super::live::Live;
use super::partition::{IndexKeys, Partition};
use super::references::References;
use super::scope::Scope;
use super::wake::Waker;
use super::watching;

type Wake = mpsc::UnboundedSender<(String, String)>;

/// Who is woken by changes in one partition.
struct Subscriber {
    scope: usize,
    /// Group and kind of the owners that are woken; without it, everything that the objects concern.
    owners: Option<(String, String)>,
    wake: Wake,
}

/// One watched kind, by namespace scope.
pub(super) struct Cache {
    kind: ChildKind,
    selector: Option<String>,
    slim: fn(&mut Value),
    keys: IndexKeys,
    /// For children: the field managers whose fields are left alone.
    trusted: Option<Trusted>,
    scopes: Vec<Option<String>>,
    partitions: Vec<Mutex<Partition>>,
    subscribers: Mutex<Vec<Subscriber>>,
    /// Who names which of these objects, beyond what the objects themselves tell.
    references: References,
}

fn controller_uid(live: &Live) -> Vec<String> {
    live.owner.iter().map(|owner| owner.uid.to_string()).collect()
}

impl Cache {
    /// The cache of a kind of children: those that csop made, found by their controller's UID.
    fn of_children(kind: &ChildKind, scope: &Scope, trusted: &Trusted) -> Self {
        let scopes = scope.watches();
        Self {
            kind: kind.clone(),
            selector: Some(format!("{}={MANAGED_BY_VALUE}", labels::MANAGED_BY)),
            slim: kind.slim,
            keys: controller_uid,
            trusted: Some(trusted.clone()),
            partitions: scopes.iter().map(|_| Mutex::new(Partition::new(controller_uid))).collect(),
            subscribers: Mutex::default(),
            references: References::default(),
            scopes,
        }
    }

    /// The cache of related objects, found by the names that they concern.
    fn of_related(watch: &Watch, scope: &Scope) -> Self {
        let scopes = scope.watches();
        Self {
            kind: watch.kind.clone(),
            selector: watch.selector.map(str::to_owned),
            slim: watch.slim,
            keys: watch.concerns,
            trusted: None,
            partitions: scopes.iter().map(|_| Mutex::new(Partition::new(watch.concerns))).collect(),
            subscribers: Mutex::default(),
            references: References::default(),
            scopes,
        }
    }

    fn subscribe(&self, scope: usize, owners: Option<(String, String)>, wake: Wake) {
        let subscriber = Subscriber { scope, owners, wake };
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(subscriber);
    }

    /// The partition that holds a namespace.
    fn at(&self, namespace: &str) -> Option<MutexGuard<'_, Partition>> {
        let at = self.scopes.iter().position(|s| s.as_deref().is_none_or(|s| s == namespace))?;
        Some(self.lock(at))
    }

    fn lock(&self, at: usize) -> MutexGuard<'_, Partition> {
        self.partitions[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cached form of an object of this kind.
    pub(super) fn live(&self, object: DynamicObject) -> Live {
        let mut value =
            serde_json::to_value(object).expect("an object read from JSON is representable as JSON");
        value["apiVersion"] = Value::from(self.kind.api_version());
        value["kind"] = Value::from(self.kind.kind.as_ref());
        match &self.trusted {
            Some(trusted) => Live::of_child(value, self.slim, trusted),
            None => Live::new(value, self.slim),
        }
    }

    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<Arc<Live>> {
        self.at(namespace)?.get(namespace, name)
    }

    /// Records which of these objects an object of ours names, so that their changes wake it.
    pub(super) fn refer<K: Resource<DynamicType = ()>>(
        &self,
        namespace: &str,
        name: &str,
        related: &BTreeSet<String>,
    ) {
        self.references.set(namespace, &K::kind(&()), name, related);
    }

    pub(super) fn under(&self, namespace: &str, key: &str) -> Vec<Arc<Live>> {
        let mut found = self.at(namespace).map(|p| p.under(key)).unwrap_or_default();
        found.retain(|live| &*live.namespace == namespace);
        found
    }

    /// Takes the answer to a write, or an object just read.
    pub(super) fn written(&self, object: DynamicObject) -> Arc<Live> {
        let live = Arc::new(self.live(object));
        if let Some(mut partition) = self.at(&live.namespace) {
            partition.written(live.clone());
        }
        live
    }

    /// Takes a deletion that the API server has accepted and carried out.
    pub(super) fn removed(&self, live: &Live) {
        if let Some(mut partition) = self.at(&live.namespace) {
            partition.removed(&live.namespace, &live.name, &live.uid);
        }
    }

    async fn follow(
        self: Arc<Self>,
        at: usize,
        client: Client,
        streaming: bool,
        unsynced: watch::Sender<usize>,
    ) {
        let resource = self.kind.api_resource();
        let api: Api<DynamicObject> = match &self.scopes[at] {
            None => Api::all_with(client, &resource),
            Some(namespace) => Api::namespaced_with(client, namespace, &resource),
        };
        let config = watching::config(self.selector.as_deref(), streaming);
        let mut events = watching::persistent(watcher(api, config)).boxed();
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => self.take(at, event, &unsynced),
                Err(error) => watching::log_failure(&self.kind.kind, self.scopes[at].as_deref(), &error),
            }
        }
    }

    fn take(&self, at: usize, event: Event<DynamicObject>, unsynced: &watch::Sender<usize>) {
        let event = match event {
            Event::Apply(object) => Event::Apply(self.live(object)),
            Event::Delete(object) => Event::Delete(self.live(object)),
            Event::InitApply(object) => Event::InitApply(self.live(object)),
            Event::Init => Event::Init,
            Event::InitDone => Event::InitDone,
        };
        let mut partition = self.lock(at);
        let was_synced = partition.is_synced();
        let touched = partition.observe(event);
        let synced_now = !was_synced && partition.is_synced();
        drop(partition);
        if synced_now {
            unsynced.send_modify(|n| *n -= 1);
        }
        if touched.is_empty() {
            return;
        }
        let subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        for subscriber in subscribers.iter().filter(|s| s.scope == at) {
            touched.iter().for_each(|live| self.wake(subscriber, live));
        }
    }

    fn wake(&self, subscriber: &Subscriber, live: &Live) {
        let names = match (&subscriber.owners, &live.owner) {
            (Some((group, kind)), Some(owner)) if *group == *owner.group && *kind == *owner.kind => {
                vec![owner.name.to_string()]
            }
            (Some(_), _) => vec![],
            (None, _) => {
                let mut names = (self.keys)(live);
                let asked_for = |key: &str| self.references.to(&live.namespace, key);
                let asking: Vec<String> =
                    names.iter().map(String::as_str).chain([&*live.name]).flat_map(asked_for).collect();
                names.extend(asking);
                names
            }
        };
        for name in names {
            // A closed channel belongs to a controller that has stopped.
            let _ = subscriber.wake.send((live.namespace.to_string(), name));
        }
    }
}

/// The triggers of one controller.
pub(super) struct Triggers {
    /// One receiver for each namespace scope.
    pub(super) woken: Vec<mpsc::UnboundedReceiver<(String, String)>>,
    /// For whatever goes on beside the reconciles.
    pub(super) waker: Waker,
}

/// All caches.
pub struct Caches {
    scope: Scope,
    trusted: Trusted,
    children: HashMap<ChildKind, Arc<Cache>>,
    related: HashMap<&'static str, Arc<Cache>>,
    /// Watches that have not read a whole list; counted from the start on.
    unsynced: watch::Sender<usize>,
}

impl Caches {
    /// No caches yet, for these namespaces.
    pub fn new(scope: Scope, trusted: Trusted) -> Self {
        let unsynced = watch::Sender::new(usize::MAX);
        Self { scope, trusted, children: HashMap::new(), related: HashMap::new(), unsynced }
    }

    /// The namespaces that are watched.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The field managers whose fields are left alone.
    pub(super) fn trusted(&self) -> &Trusted {
        &self.trusted
    }

    /// Adds the caches of a controller, and tells which of its objects must be looked at again.
    pub(super) fn add<K: Kind>(&mut self) -> Triggers {
        let (children, related) = (K::children(), K::watches());
        for kind in &children {
            let make = || Arc::new(Cache::of_children(kind, &self.scope, &self.trusted));
            self.children.entry(kind.clone()).or_insert_with(make);
        }
        for watch in &related {
            let make = || Arc::new(Cache::of_related(watch, &self.scope));
            self.related.entry(watch.name).or_insert_with(make);
        }
        let owners = (K::Object::group(&()).into_owned(), K::Object::kind(&()).into_owned());
        let subscribe = |scope| {
            let (wake, woken) = mpsc::unbounded_channel();
            for kind in &children {
                self.children[kind].subscribe(scope, Some(owners.clone()), wake.clone());
            }
            for watch in &related {
                self.related[watch.name].subscribe(scope, None, wake.clone());
            }
            (woken, wake)
        };
        let (woken, queues) = (0..self.scope.watches().len()).map(subscribe).unzip();
        Triggers { woken, waker: Waker::new(self.scope.clone(), queues) }
    }

    /// Starts all watches; they end when the set is dropped.
    pub(super) fn start(&self, client: &Client, streaming: bool) -> JoinSet<()> {
        let caches: Vec<_> = self.children.values().chain(self.related.values()).collect();
        self.unsynced.send_replace(caches.iter().map(|c| c.scopes.len()).sum());
        let mut tasks = JoinSet::new();
        for cache in caches {
            for at in 0..cache.scopes.len() {
                tasks.spawn(cache.clone().follow(at, client.clone(), streaming, self.unsynced.clone()));
            }
        }
        tasks
    }

    /// Waits until every watch has read a whole list.
    pub async fn synced(&self) {
        // The sender lives as long as self.
        let _ = self.unsynced.subscribe().wait_for(|unsynced| *unsynced == 0).await;
    }

    /// Whether every watch has read a whole list.
    pub fn are_synced(&self) -> bool {
        *self.unsynced.borrow() == 0
    }

    /// The cache of a kind of children.
    pub(super) fn children(&self, kind: &ChildKind) -> Result<&Arc<Cache>, Error> {
        let missing = || Error::Bug(format!("{kind:?} is not among the children of any controller"));
        self.children.get(kind).ok_or_else(missing)
    }

    /// The cache of a watch.
    pub(super) fn related(&self, watch: &str) -> Result<&Arc<Cache>, Error> {
        self.related.get(watch).ok_or_else(|| Error::Bug(format!("no controller has a watch named {watch}")))
    }
}
