//! The life of a query: asked in its rhythm, one question at a time.

use std::sync::Arc;

use csop_shared::scale::Reading;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::OnAnswer;
use super::entry::{Entry, Orders};
use crate::metric_sources::{Credentials, Failure};
use crate::runtime::metrics::Metrics;

/// Questions that may be open altogether, besides the few that each origin has for itself.
const AT_ONCE: usize = 512;

/// What all queries share.
pub(super) struct Shared {
    on_answer: OnAnswer,
    metrics: Arc<Metrics>,
    permits: Semaphore,
}

impl Shared {
    pub(super) fn new(on_answer: OnAnswer, metrics: Arc<Metrics>) -> Self {
        Self { on_answer, metrics, permits: Semaphore::new(AT_ONCE) }
    }

    /// Says that there is something new of a query.
    pub(super) fn tell(&self, entry: &Entry) {
        let askers = entry.askers().list();
        for asker in askers.iter() {
            (self.on_answer)(asker);
        }
    }
}

/// How an attempt went, as the metrics call it.
fn outcome(result: &Result<Reading, Arc<Failure>>, asked: bool) -> &'static str {
    match result {
        Ok(Reading::Empty { .. }) => "empty",
        Ok(_) => "answered",
        Err(_) if asked => "failed",
        Err(_) => "spared",
    }
}

/// Asks a query until the task is cancelled: at once, and then in its rhythm. A beat that passes while a question is open is
/// left out.
pub(super) async fn ask_again_and_again(shared: Arc<Shared>, entry: Arc<Entry>) {
    let mut orders = entry.orders.subscribe();
    let mut order = orders.borrow_and_update().clone();
    attempt(&shared, &entry, &order.credentials).await;
    // The first beat is not that near, so that a query is not asked twice when it begins just before one.
    let mut due = entry.rhythm.after(order.period, Instant::now() + order.period / 2);
    loop {
        if let Some(changed) = changed_before(due, &mut orders).await {
            due = replan(&entry, &order, &changed, due);
            order = changed;
        } else {
            attempt(&shared, &entry, &order.credentials).await;
            due = entry.rhythm.after(order.period, Instant::now());
        }
    }
}

async fn changed_before(due: Instant, orders: &mut watch::Receiver<Orders>) -> Option<Orders> {
    tokio::select! {
        changed = orders.changed() => changed.is_ok().then(|| orders.borrow_and_update().clone()),
        () = sleep_until(due) => None,
    }
}

/// When a query is due whose orders have changed. New credentials are tried at once where the old ones may be what failed.
fn replan(entry: &Entry, before: &Orders, after: &Orders, due: Instant) -> Instant {
    if before.credentials.version() != after.credentials.version() && entry.is_failing() {
        Instant::now()
    } else if before.period != after.period {
        entry.rhythm.after(after.period, Instant::now())
    } else {
        due
    }
}

async fn attempt(shared: &Shared, entry: &Entry, credentials: &Credentials) {
    let begun = Instant::now();
    let (asked, result) = match entry.origin.leave(&shared.permits, entry.is_blamed()).await {
        Err(failure) => (false, Err(failure)),
        Ok(leave) => {
            let begun = Instant::now();
            let result = ask(entry, credentials).await.map_err(Arc::new);
            entry.origin.ended(&leave, result.as_ref().err());
            shared.metrics.sample_took(entry.source, begun.elapsed());
            (true, result)
        }
    };
    shared.metrics.sampled(entry.source, outcome(&result, asked));
    entry.ended(begun, asked, result);
    shared.tell(entry);
}

async fn ask(entry: &Entry, credentials: &Credentials) -> Result<Reading, Failure> {
    let after = entry.query.timeout();
    let answer = timeout(after, entry.query.ask(credentials)).await;
    answer.unwrap_or_else(|_| Err(Failure::TimedOut { origin: entry.query.origin().to_owned(), after }))
}
