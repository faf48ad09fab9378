//! The cached objects of one watch.
//!
//! The watch is always a little behind. So the answers to our own writes are laid over it until it has caught up: a write is
//! seen by the next reconcile, and never made twice. Events of one watch come in the order of resource versions, so an answer
//! that is not newer than the newest event is already in the cache – or was deleted since, and must not come back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::runtime::watcher::Event;

use super::live::Live;

/// A write that the watch has not shown after this long is forgotten; the cache is believed again.
const TRUST_OWN_WRITES: Duration = Duration::from_secs(60);

/// Size from which superseded writes are looked for.
const SWEEP_FROM: usize = 64;

/// The keys under which an object is found again.
pub(super) type IndexKeys = fn(&Live) -> Vec<String>;

/// Namespace and name, as the objects themselves hold them.
type Name = (Arc<str>, Arc<str>);

#[derive(Debug)]
enum Change {
    Written(Arc<Live>),
    Deleted { uid: Box<str> },
}

#[derive(Debug)]
struct Own {
    change: Change,
    at: Instant,
}

/// The objects of one watch, with our own newer writes.
#[derive(Debug)]
pub(super) struct Partition {
    keys: IndexKeys,
    objects: HashMap<Name, Arc<Live>>,
    index: HashMap<String, Vec<Arc<Live>>>,
    listing: Option<(HashMap<Name, Arc<Live>>, Instant)>,
    newest: u64,
    own: HashMap<Name, Own>,
    sweep_at: usize,
    synced: bool,
}

fn name_of(live: &Live) -> Name {
    (live.namespace.clone(), live.name.clone())
}

impl Partition {
    pub(super) fn new(keys: IndexKeys) -> Self {
        Self {
            keys,
            objects: HashMap::new(),
            index: HashMap::new(),
            listing: None,
            newest: 0,
            own: HashMap::new(),
            sweep_at: SWEEP_FROM,
            synced: false,
        }
    }

    /// Whether a whole list was read.
    pub(super) fn is_synced(&self) -> bool {
        self.synced
    }

    /// Takes an event of the watch; returns the objects, as they were and as they are, whose owners must look again.
    pub(super) fn observe(&mut self, event: Event<Live>) -> Vec<Arc<Live>> {
        match event {
            Event::Init => {
                self.listing = Some((HashMap::new(), Instant::now()));
                vec![]
            }
            Event::InitApply(live) => {
                if let Some((listed, _)) = &mut self.listing {
                    listed.insert(name_of(&live), Arc::new(live));
                }
                vec![]
            }
            Event::InitDone => self.replace(),
            Event::Apply(live) => self.applied(Arc::new(live)),
            Event::Delete(live) => self.deleted(&live),
        }
    }

    /// Takes the answer to a write of ours, or an object just read.
    pub(super) fn written(&mut self, live: Arc<Live>) {
        if live.version > self.newest {
            self.remember(name_of(&live), Change::Written(live));
        }
    }

    /// Takes a deletion of ours.
    pub(super) fn removed(&mut self, namespace: &str, name: &str, uid: &str) {
        self.remember((namespace.into(), name.into()), Change::Deleted { uid: uid.into() });
    }

    /// The newest known state of an object.
    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<Arc<Live>> {
        let key: Name = (namespace.into(), name.into());
        let cached = self.objects.get(&key);
        match self.own.get(&key).filter(|own| self.counts(own)).map(|own| &own.change) {
            Some(Change::Written(live)) => Some(live.clone()),
            Some(Change::Deleted { uid }) => cached.filter(|live| live.uid != *uid).cloned(),
            None => cached.cloned(),
        }
    }

    /// The objects under an index key, sorted by name.
    pub(super) fn under(&self, key: &str) -> Vec<Arc<Live>> {
        let cached = self.index.get(key).into_iter().flatten();
        let mut found: Vec<Arc<Live>> =
            cached.filter(|live| !self.own.contains_key(&name_of(live))).cloned().collect();
        let own = self.own.keys().filter_map(|(namespace, name)| self.get(namespace, name));
        found.extend(own.filter(|live| (self.keys)(live).iter().any(|k| k == key)));
        found.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        found
    }

    fn counts(&self, own: &Own) -> bool {
        let newer = match &own.change {
            Change::Written(live) => live.version > self.newest,
            Change::Deleted { .. } => true,
        };
        newer && own.at.elapsed() < TRUST_OWN_WRITES
    }

    fn remember(&mut self, name: Name, change: Change) {
        self.own.insert(name, Own { change, at: Instant::now() });
        if self.own.len() >= self.sweep_at {
            self.sweep();
            self.sweep_at = SWEEP_FROM.max(self.own.len() * 2);
        }
    }

    fn sweep(&mut self) {
        let mut own = std::mem::take(&mut self.own);
        own.retain(|_, own| self.counts(own));
        self.own = own;
    }

    fn applied(&mut self, live: Arc<Live>) -> Vec<Arc<Live>> {
        self.newest = self.newest.max(live.version);
        let name = name_of(&live);
        // Whoever has seen a write of ours in its place has seen another object.
        let known = self.objects.get(&name).filter(|_| !self.own.contains_key(&name));
        let same = known.is_some_and(|known| known.is_like(&live));
        let echo = match self.own.get(&name).map(|own| &own.change) {
            Some(Change::Written(ours)) => {
                let echo = ours.version == live.version;
                if ours.version <= live.version {
                    self.own.remove(&name);
                }
                echo
            }
            Some(Change::Deleted { uid }) if *uid != live.uid => {
                self.own.remove(&name);
                false
            }
            _ => false,
        };
        let old = self.insert(name, live.clone());
        if echo || same { vec![] } else { old.into_iter().chain([live]).collect() }
    }

    fn deleted(&mut self, live: &Live) -> Vec<Arc<Live>> {
        self.newest = self.newest.max(live.version);
        let name = name_of(live);
        let superseded = match self.own.get(&name).map(|own| &own.change) {
            Some(Change::Written(ours)) => ours.version <= live.version,
            Some(Change::Deleted { uid }) => *uid == live.uid,
            None => false,
        };
        if superseded {
            self.own.remove(&name);
        }
        self.take(&name).into_iter().collect()
    }

    /// Ends a list: what was not listed is gone.
    fn replace(&mut self) -> Vec<Arc<Live>> {
        let Some((listed, since)) = self.listing.take() else { return vec![] };
        self.sweep();
        self.own.retain(|_, own| own.at > since);
        let first = !std::mem::replace(&mut self.synced, true);
        let mut before = std::mem::take(&mut self.objects);
        self.index.clear();
        self.newest = listed.values().map(|live| live.version).max().unwrap_or(0);
        let mut touched = vec![];
        for (name, live) in listed {
            let old = before.remove(&name);
            if old.as_ref().is_none_or(|old| old.version != live.version || old.uid != live.uid) {
                touched.extend(old.into_iter().chain([live.clone()]));
            }
            self.insert(name, live);
        }
        touched.extend(before.into_values());
        // The first list wakes nobody: every owner is looked at anyway when its own list arrives.
        if first { vec![] } else { touched }
    }

    fn insert(&mut self, name: Name, live: Arc<Live>) -> Option<Arc<Live>> {
        let old = self.take(&name);
        for key in (self.keys)(&live) {
            self.index.entry(key).or_default().push(live.clone());
        }
        self.objects.insert(name, live);
        old
    }

    fn take(&mut self, name: &Name) -> Option<Arc<Live>> {
        let old = self.objects.remove(name)?;
        for key in (self.keys)(&old) {
            if let Some(list) = self.index.get_mut(&key) {
                list.retain(|other| !Arc::ptr_eq(other, &old));
                if list.is_empty() {
                    self.index.remove(&key);
                }
            }
        }
        Some(old)
    }
}
