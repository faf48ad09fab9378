//! Connections that queries share.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};

use super::Failure;

/// All connections of one kind, by what tells them apart. A connection is opened once however many queries want it, and closed when the
/// last query that holds it goes away or has moved on.
pub(super) struct Pool<K, C>(Arc<Mutex<Open<K, C>>>);

type Open<K, C> = HashMap<K, Weak<Slot<C>>>;

struct Slot<C> {
    connection: Shared<BoxFuture<'static, Result<C, Failure>>>,
    broken: AtomicBool,
}

/// A query's place in a pool.
pub(super) struct Seat<K, C> {
    pool: Pool<K, C>,
    held: Mutex<Option<(K, Arc<Slot<C>>)>>,
}

/// A connection while it is being used. Whoever forgets to [`Use::settle`] it, by being cancelled for instance, gives it up.
pub(super) struct Use<C> {
    slot: Arc<Slot<C>>,
    settled: bool,
}

impl<K, C> Default for Pool<K, C> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, C> Clone for Pool<K, C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Clone + Eq + Hash, C: Clone> Pool<K, C> {
    /// A place for one more query.
    pub fn seat(&self) -> Seat<K, C> {
        Seat { pool: self.clone(), held: Mutex::default() }
    }

    fn slot(&self, key: &K, open: impl FnOnce() -> BoxFuture<'static, Result<C, Failure>>) -> Arc<Slot<C>> {
        let mut slots = locked(&self.0);
        let known = slots.get(key).and_then(Weak::upgrade);
        if let Some(slot) = known.filter(|slot| slot.usable()) {
            return slot;
        }
        slots.retain(|_, slot| slot.strong_count() > 0);
        let slot = Arc::new(Slot { connection: open().shared(), broken: AtomicBool::new(false) });
        slots.insert(key.clone(), Arc::downgrade(&slot));
        slot
    }
}

impl<K: Clone + Eq + Hash, C: Clone> Seat<K, C> {
    /// Takes the connection of this key to use it now. If there is none, or it broke, `open` makes one.
    pub fn take(&self, key: &K, open: impl FnOnce() -> BoxFuture<'static, Result<C, Failure>>) -> Use<C> {
        let mut held = locked(&self.held);
        if let Some((of, slot)) = &*held
            && of == key
            && slot.usable()
        {
            return Use { slot: Arc::clone(slot), settled: false };
        }
        let slot = self.pool.slot(key, open);
        *held = Some((key.clone(), Arc::clone(&slot)));
        Use { slot, settled: false }
    }
}

impl<C: Clone> Use<C> {
    /// The connection, once it is open.
    pub async fn connection(&self) -> Result<C, Failure> {
        self.slot.connection.clone().await
    }

    /// Ends the use: the connection is kept for the next one, unless the failure is one of the connection itself.
    pub fn settle<T>(mut self, answer: &Result<T, Failure>) {
        self.settled = !answer.as_ref().is_err_and(Failure::concerns_origin);
    }
}

impl<C> Drop for Use<C> {
    fn drop(&mut self) {
        let failed = self.slot.connection.peek().is_some_and(Result::is_err);
        if !self.settled || failed {
            self.slot.broken.store(true, Ordering::Relaxed);
        }
    }
}

impl<C> Slot<C> {
    fn usable(&self) -> bool {
        !self.broken.load(Ordering::Relaxed)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicUsize, time::Duration};

    use super::*;

    /// Opens numbered connections.
    #[derive(Default)]
    struct Door(Arc<AtomicUsize>);

    impl Door {
        fn open(&self) -> BoxFuture<'static, Result<usize, Failure>> {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::task::yield_now().await;
                Ok(number)
            }
            .boxed()
        }
    }

    async fn used(seat: &Seat<&'static str, usize>, door: &Door, answer: Result<(), Failure>) -> usize {
        let taken = seat.take(&"a", || door.open());
        let number = taken.connection().await.unwrap();
        taken.settle(&answer);
        number
    }

    fn late() -> Failure {
        Failure::TimedOut { origin: "a".to_owned(), after: Duration::from_secs(1) }
    }

    #[tokio::test]
    async fn queries_that_ask_at_once_share_one_connection() {
        let (pool, door) = (Pool::default(), Door::default());
        let (one, two) = (pool.seat(), pool.seat());
        let numbers = futures::join!(used(&one, &door, Ok(())), used(&two, &door, Ok(())));
        assert_eq!(numbers, (0, 0));
        assert_eq!(used(&one, &door, Ok(())).await, 0);
    }

    #[tokio::test]
    async fn a_broken_connection_is_replaced_and_a_refusal_breaks_none() {
        let (pool, door) = (Pool::default(), Door::default());
        let seat = pool.seat();
        used(&seat, &door, Err(Failure::Unasked("no".to_owned()))).await;
        assert_eq!(used(&seat, &door, Err(late())).await, 0);
        assert_eq!(used(&seat, &door, Ok(())).await, 1);
    }

    #[tokio::test]
    async fn whoever_is_cancelled_gives_the_connection_up() {
        let (pool, door) = (Pool::default(), Door::default());
        let seat = pool.seat();
        drop(seat.take(&"a", || door.open()));
        assert_eq!(used(&seat, &door, Ok(())).await, 1);
    }

    #[tokio::test]
    async fn a_connection_goes_with_the_last_query_that_holds_it() {
        let (pool, door) = (Pool::default(), Door::default());
        used(&pool.seat(), &door, Ok(())).await;
        assert_eq!(used(&pool.seat(), &door, Ok(())).await, 1);
    }
}
