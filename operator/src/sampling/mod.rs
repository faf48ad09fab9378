//! Sampling: asks the sources, each distinct query once in an interval, and keeps the latest answer. It never decides.

mod askers;
mod asking;
mod entry;
mod identity;
mod origin;
mod pushing;
mod rhythm;
mod subscriptions;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use csop_shared::api::general_scaler::{AuthRef, SourceConfig, SourceType};
use csop_shared::scale::Reading;

use crate::metric_sources::{Credentials, Failure, Query, Subject};
use crate::runtime::metrics::Metrics;
use asking::Shared;
use entry::Entry;
use subscriptions::Subscriptions;

/// Who asks: the UID of a scaler.
pub type Asker = Arc<str>;

/// What a scaler wants to know.
#[derive(Clone)]
pub struct Want {
    /// The source.
    pub type_: SourceType,
    /// In full: what makes the query distinct, together with the source, the Secret and as much of the subject as the query's reach says.
    pub config: SourceConfig,
    /// Whom it is asked for.
    pub subject: Subject,
    /// The Secret, if there is one.
    pub auth: Option<AuthRef>,
    /// What the Secret holds now; a new version replaces the old one without a new query.
    pub credentials: Arc<Credentials>,
    /// The query.
    pub query: Arc<dyn Query>,
    /// How often; of several askers the shortest counts.
    pub interval: Duration,
}

/// The latest of a query.
#[derive(Clone, Debug, Default)]
pub struct Latest {
    /// The last answer that could be used: it stays, and grows old, while the source fails.
    pub reading: Reading,
    /// Why the last attempt failed.
    pub failure: Option<Arc<Failure>>,
    /// Attempts that have ended.
    pub attempts: u64,
}

/// Called for each asker of a query when an attempt has ended, or when the source has told something by itself.
pub type OnAnswer = Arc<dyn Fn(&Asker) + Send + Sync>;

/// The sampling of a process; a handle that is cheap to clone. When the last one goes, nothing is asked any more.
#[derive(Clone)]
pub struct Sampling(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    subscriptions: Mutex<Subscriptions>,
}

/// The latest of what one scaler wanted.
#[derive(Clone)]
pub struct Feed(Arc<Entry>);

impl Feed {
    /// The latest that is known. It never waits.
    pub fn latest(&self) -> Latest {
        self.0.latest()
    }

    /// Attempts that have ended.
    pub fn attempts(&self) -> u64 {
        self.0.attempts()
    }
}

impl Sampling {
    /// Sampling that asks nothing yet. `on_answer` is called from within the runtime, and must not block.
    pub fn new(on_answer: OnAnswer, metrics: Arc<Metrics>) -> Self {
        let shared = Arc::new(Shared::new(on_answer, metrics));
        Self(Arc::new(Inner { shared, subscriptions: Mutex::default() }))
    }

    /// Asks what `asker` wants, instead of what it wanted before; a feed for each, in their order. A question that it goes on
    /// asking keeps its latest answer and its rhythm, also when interval or credentials change. Saying the same again costs little.
    ///
    /// # Panics
    /// Outside of a Tokio runtime, which asks.
    pub fn subscribe(&self, asker: &Asker, wants: Vec<Want>) -> Vec<Feed> {
        self.change(|subscriptions| subscriptions.set(&self.0.shared, asker, wants))
    }

    /// Asks nothing any more for `asker`.
    pub fn unsubscribe(&self, asker: &Asker) {
        self.change(|subscriptions| subscriptions.remove(asker));
    }

    /// Asks nothing any more for anybody.
    pub fn clear(&self) {
        self.change(Subscriptions::clear);
    }

    /// How many different questions are asked.
    pub fn questions(&self) -> usize {
        self.change(|subscriptions| subscriptions.questions())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Subscriptions) -> T) -> T {
        change(&mut self.0.subscriptions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampling").field("questions", &self.questions()).finish()
    }
}

#[cfg(test)]
mod tests;
