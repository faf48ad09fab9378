//! The objects of a watch, as far as they are known.

use kube::ResourceExt;
use kube::core::DeserializeGuard;
use kube::runtime::watcher::Event;
use std::collections::BTreeMap;

type Objects<K> = BTreeMap<(String, String), DeserializeGuard<K>>;

/// The objects that are known, by namespace and name.
pub struct Known<K> {
    objects: Objects<K>,
    /// Those of a list that is still being read.
    arriving: Objects<K>,
    complete: bool,
}

impl<K> Default for Known<K> {
    fn default() -> Self {
        Self { objects: Objects::new(), arriving: Objects::new(), complete: false }
    }
}

impl<K> Known<K>
where
    K: Clone,
    DeserializeGuard<K>: ResourceExt,
{
    /// Takes an event in; whether a list has just been read to its end.
    pub fn take(&mut self, event: Event<DeserializeGuard<K>>) -> bool {
        let key = |object: &DeserializeGuard<K>| (object.namespace().unwrap_or_default(), object.name_any());
        match event {
            Event::Init => self.arriving.clear(),
            Event::InitApply(object) => drop(self.arriving.insert(key(&object), object)),
            Event::InitDone => {
                self.objects = std::mem::take(&mut self.arriving);
                self.complete = true;
                return true;
            }
            Event::Apply(object) => drop(self.objects.insert(key(&object), object)),
            Event::Delete(object) => drop(self.objects.remove(&key(&object))),
        }
        false
    }

    /// Whether a list has been read to its end.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// All of them.
    pub fn objects(&self) -> impl Iterator<Item = DeserializeGuard<K>> {
        self.objects.values().cloned()
    }
}
