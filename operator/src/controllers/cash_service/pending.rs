//! Since when a change of the pod template waits to be rolled out.

use jiff::Timestamp;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// When each service's waiting change was first noticed. It lives in memory: after a restart the wait begins anew.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<HashMap<String, Timestamp>>);

impl Pending {
    /// When the change of the service with this UID was first noticed; `now` when it is new, nothing when none waits.
    pub(super) fn since(&self, uid: &str, waits: bool, now: Timestamp) -> Option<Timestamp> {
        let mut noticed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waits {
            return Some(*noticed.entry(uid.to_owned()).or_insert(now));
        }
        noticed.remove(uid);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_counts_from_its_first_change() {
        let (pending, at) = (Pending::default(), |s| Timestamp::from_second(s).unwrap());
        assert_eq!(pending.since("a", true, at(1)), Some(at(1)));
        assert_eq!(pending.since("a", true, at(2)), Some(at(1)));
        assert_eq!(pending.since("b", true, at(3)), Some(at(3)));
        assert_eq!(pending.since("a", false, at(4)), None);
        assert_eq!(pending.since("a", true, at(5)), Some(at(5)));
    }
}
