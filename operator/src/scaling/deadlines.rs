//! When scalers are looked at again at the latest.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::sampling::Asker;

/// Deadlines in order. One that is put off is found out only when it comes, so an ordinary evaluation does not touch them.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    due: Mutex<BTreeSet<(Instant, Asker)>>,
    earlier: Notify,
}

impl Deadlines {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<(Instant, Asker)>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `asker` looked at when `at` comes.
    pub(super) fn add(&self, at: Instant, asker: Asker) {
        let mut due = self.lock();
        let first = due.first().is_none_or(|(first, _)| at < *first);
        due.insert((at, asker));
        drop(due);
        if first {
            self.earlier.notify_one();
        }
    }

    /// Waits until at least one deadline has come, and takes all that have.
    pub(super) async fn next(&self) -> Vec<(Instant, Asker)> {
        loop {
            let first = self.lock().first().map(|(at, _)| *at);
            match first {
                None => self.earlier.notified().await,
                Some(at) => tokio::select! {
                    () = sleep_until(at) => return self.take(Instant::now()),
                    () = self.earlier.notified() => {}
                },
            }
        }
    }

    fn take(&self, now: Instant) -> Vec<(Instant, Asker)> {
        let mut due = self.lock();
        let mut taken = vec![];
        while let Some((at, _)) = due.first()
            && *at <= now
        {
            taken.extend(due.pop_first());
        }
        taken
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn deadlines_come_in_order_and_an_earlier_one_is_not_missed() {
        let (deadlines, start) = (Deadlines::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        deadlines.add(after(10), "late".into());
        assert!(deadlines.next().now_or_never().is_none());
        let (first, ()) = futures::join!(deadlines.next(), async { deadlines.add(after(2), "soon".into()) });
        assert_eq!((first, Instant::now()), (vec![(after(2), "soon".into())], after(2)));
        deadlines.add(after(10), "too".into());
        assert_eq!(deadlines.next().await, [(after(10), Asker::from("late")), (after(10), "too".into())]);
    }
}
