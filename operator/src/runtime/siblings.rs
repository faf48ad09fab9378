//! Objects of one kind that claim the same child.

use kube::core::DeserializeGuard;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Resource, ResourceExt};

use super::body::Parent;
use super::children::ChildId;
use super::kind::Kind;

/// The older object, if there is one, that claims a child of `parent`. Names of children begin with their owner's, so only objects
/// with such a name are asked.
pub(super) fn older_claimant<K: Kind>(
    store: &Store<DeserializeGuard<K::Object>>,
    parent: &Parent,
    child: &ChildId,
) -> Option<String> {
    let prefixes = prefixes(&child.name).filter(|name| *name != parent.name);
    prefixes.into_iter().find_map(|name| {
        let guard = store.get(&ObjectRef::new(name).within(&parent.namespace))?;
        let other = guard.0.as_ref().ok()?;
        let claims = is_older(other, parent)
            && other.meta().deletion_timestamp.is_none()
            && K::claims(other).contains(child);
        claims.then(|| format!("{} {name}", parent.kind))
    })
}

/// A name up to each of its dashes, and the name itself.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('-').map(|(at, _)| &name[..at]).chain([name])
}

fn is_older(other: &impl ResourceExt, parent: &Parent) -> bool {
    let created = other.meta().creation_timestamp.as_ref().map(|t| t.0);
    (created, other.uid().as_deref()) < (parent.created, Some(parent.uid.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_asked_for_up_to_each_dash() {
        assert_eq!(prefixes("shop-eu-canary").collect::<Vec<_>>(), ["shop", "shop-eu", "shop-eu-canary"]);
        assert_eq!(prefixes("shop").collect::<Vec<_>>(), ["shop"]);
    }
}
