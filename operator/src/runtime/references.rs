//! Which of our objects name which related objects.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Names of related objects by the object of ours that names them, and the other way round, both in one namespace. There may be
/// tens of thousands of them, so an object of ours is held once.
#[derive(Debug, Default)]
pub(super) struct References(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    /// The names in order.
    named_by: HashMap<Namer, Box<[String]>>,
    naming: HashMap<(String, String), BTreeSet<Namer>>,
}

/// An object of ours as `namespace/Kind/name`.
type Namer = Arc<str>;

impl References {
    /// Records all related objects that an object of ours names, in place of what it named before.
    pub(super) fn set(&self, namespace: &str, kind: &str, name: &str, related: &BTreeSet<String>) {
        let key = |name: &str| (namespace.to_owned(), name.to_owned());
        let namer = Namer::from(format!("{namespace}/{kind}/{name}"));
        let mut index = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if index.named_by.get(&namer).is_some_and(|before| before.iter().eq(related)) {
            return;
        }
        let (namer, before) = index.named_by.remove_entry(&namer).unwrap_or((namer, Box::default()));
        for gone in before.iter().filter(|name| !related.contains(*name)) {
            let rest = index.naming.get_mut(&key(gone)).map(|names| {
                names.remove(&namer);
                names.len()
            });
            if rest == Some(0) {
                index.naming.remove(&key(gone));
            }
        }
        for new in related.iter().filter(|name| before.binary_search(name).is_err()) {
            index.naming.entry(key(new)).or_default().insert(namer.clone());
        }
        if !related.is_empty() {
            index.named_by.insert(namer, related.iter().cloned().collect());
        }
    }

    /// The names of the objects of ours, of whatever kind, that name the related object `namespace/name`.
    pub(super) fn to(&self, namespace: &str, name: &str) -> Vec<String> {
        let index = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (namespace.to_owned(), name.to_owned());
        let namers = index.naming.get(&key).into_iter().flatten();
        namers.filter_map(|namer| Some(namer.rsplit_once('/')?.1.to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn objects_of_two_kinds_may_have_one_name() {
        let references = References::default();
        references.set("a", "K", "shop", &names(&["x"]));
        references.set("a", "L", "shop", &names(&[]));
        assert_eq!(references.to("a", "x"), ["shop"]);
    }

    #[test]
    fn references_follow_the_object_that_names() {
        let references = References::default();
        references.set("a", "K", "shop", &names(&["x", "y"]));
        references.set("a", "K", "cart", &names(&["y"]));
        references.set("b", "K", "shop", &names(&["y"]));
        assert_eq!(references.to("a", "y"), ["cart", "shop"]);
        references.set("a", "K", "shop", &names(&["z"]));
        assert_eq!(references.to("a", "y"), ["cart"]);
        assert_eq!(references.to("a", "x"), [""; 0]);
        assert_eq!(references.to("a", "z"), ["shop"]);
        references.set("a", "K", "cart", &names(&[]));
        assert_eq!(references.to("a", "y"), [""; 0]);
        let index = references.0.lock().unwrap();
        assert_eq!((index.named_by.len(), index.naming.len()), (2, 2), "nothing empty is kept");
    }
}
