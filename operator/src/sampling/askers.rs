//! Who wants a question answered, and how often.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::Asker;

/// The askers of one question. Thousands may share one, and come and go one by one.
#[derive(Default)]
pub(super) struct Askers {
    intervals: HashMap<Asker, Duration>,
    /// How many ask in each interval.
    counts: BTreeMap<Duration, usize>,
    /// All of them, made when it is wanted.
    list: Option<Arc<[Asker]>>,
}

impl Askers {
    /// Adds an asker, or changes its interval.
    pub(super) fn set(&mut self, asker: &Asker, interval: Duration) {
        match self.intervals.insert(asker.clone(), interval) {
            Some(before) => self.uncount(before),
            None => self.list = None,
        }
        *self.counts.entry(interval).or_default() += 1;
    }

    /// Takes an asker out.
    pub(super) fn remove(&mut self, asker: &Asker) {
        if let Some(interval) = self.intervals.remove(asker) {
            self.uncount(interval);
            self.list = None;
        }
    }

    /// Takes all of them out.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The shortest interval; none when nobody asks.
    pub(super) fn period(&self) -> Option<Duration> {
        self.counts.keys().next().copied()
    }

    /// All of them.
    pub(super) fn list(&mut self) -> Arc<[Asker]> {
        self.list.get_or_insert_with(|| self.intervals.keys().cloned().collect()).clone()
    }

    fn uncount(&mut self, interval: Duration) {
        if let Some(count) = self.counts.get_mut(&interval) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&interval);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_interval_counts_while_somebody_has_it() {
        let (a, b): (Asker, Asker) = ("a".into(), "b".into());
        let seconds = Duration::from_secs;
        let mut askers = Askers::default();
        assert_eq!(askers.period(), None);
        askers.set(&a, seconds(5));
        askers.set(&b, seconds(1));
        assert_eq!((askers.period(), askers.list().len()), (Some(seconds(1)), 2));
        askers.set(&b, seconds(9));
        assert_eq!(askers.period(), Some(seconds(5)));
        askers.remove(&a);
        askers.remove(&a);
        assert_eq!((askers.period(), askers.list().len()), (Some(seconds(9)), 1));
        askers.remove(&b);
        assert_eq!((askers.period(), askers.list().len()), (None, 0));
    }
}
