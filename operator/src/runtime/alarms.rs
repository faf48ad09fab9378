//! Reconciles at instants of the wall clock.
//!
//! A timer of the runtime counts seconds that pass, and knows nothing of a clock that is set, or of a process that was stopped. So the
//! clock itself is looked at again after every nap. One task does this for all objects of a controller, and sleeps for good while
//! there are no alarms.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::clock::Clock;
use super::wake::Waker;

/// Longest time without a look at the clock: how late a step of the clock is noticed at most.
const NAP: Duration = Duration::from_millis(500);

/// An object as `namespace/name`. There may be tens of thousands of them, so each is held once.
type Key = Arc<str>;

/// When which objects are to be reconciled; one instant for each.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    set: Mutex<Set>,
    sooner: Notify,
}

#[derive(Debug, Default)]
struct Set {
    queue: BTreeSet<(Timestamp, Key)>,
    by_key: HashMap<Key, Timestamp>,
}

impl Set {
    fn put(&mut self, key: Key, at: Option<Timestamp>) {
        if let Some(before) = self.by_key.remove(&key) {
            self.queue.remove(&(before, key.clone()));
        }
        if let Some(at) = at {
            self.queue.insert((at, key.clone()));
            self.by_key.insert(key, at);
        }
    }

    fn take_due(&mut self, now: Timestamp) -> Vec<Key> {
        let mut due = vec![];
        while let Some((_, key)) = self.queue.first().filter(|(at, _)| *at <= now).cloned() {
            self.put(key.clone(), None);
            due.push(key);
        }
        due
    }
}

impl Alarms {
    /// Has an object reconciled at an instant, in place of the one that was set before, or at none.
    pub(super) fn set(&self, namespace: &str, name: &str, at: Option<Timestamp>) {
        let key = Key::from(format!("{namespace}/{name}"));
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        if at.is_none() && !set.by_key.contains_key(&key) {
            return;
        }
        set.put(key, at);
        self.sooner.notify_one();
    }

    /// Runs until it is dropped.
    pub(super) async fn run(&self, clock: Clock, waker: Waker) {
        loop {
            let (due, nap) = self.look(clock.now());
            for (namespace, name) in due.iter().filter_map(|key| key.split_once('/')) {
                waker.wake(namespace, name);
            }
            match nap {
                None => self.sooner.notified().await,
                Some(nap) => {
                    tokio::select! {
                        () = sleep(nap) => {}
                        () = self.sooner.notified() => {}
                    }
                }
            }
        }
    }

    /// What is due, and how long to sleep; for good when nothing is to come.
    fn look(&self, now: Timestamp) -> (Vec<Key>, Option<Duration>) {
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let due = set.take_due(now);
        let next = set.queue.first().map(|(at, _)| *at);
        let nap = |at: Timestamp| Duration::try_from(at.duration_since(now)).unwrap_or_default().min(NAP);
        (due, next.map(nap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn each_object_has_one_alarm_and_it_rings_once() {
        let alarms = Alarms::default();
        alarms.set("a", "x", Some(at(10)));
        alarms.set("a", "y", Some(at(20)));
        alarms.set("a", "x", Some(at(30)));
        assert_eq!(alarms.look(at(9)), (vec![], Some(NAP)));
        assert_eq!(alarms.look(at(25)), (vec!["a/y".into()], Some(NAP)));
        alarms.set("a", "x", None);
        assert_eq!(alarms.look(at(40)), (vec![], None));
    }

    #[test]
    fn a_nap_ends_at_the_alarm() {
        let alarms = Alarms::default();
        alarms.set("a", "x", Some(at(10)));
        let shortly_before = at(10) - Duration::from_millis(120);
        assert_eq!(alarms.look(shortly_before).1, Some(Duration::from_millis(120)));
    }

    #[test]
    fn a_clock_that_is_set_forward_is_noticed_and_one_that_is_set_back_is_waited_for() {
        let alarms = Alarms::default();
        alarms.set("a", "x", Some(at(86_400)));
        assert!(alarms.look(at(0)).0.is_empty());
        assert!(alarms.look(at(-3_600)).0.is_empty());
        assert_eq!(alarms.look(at(90_000)).0.len(), 1);
    }
}
