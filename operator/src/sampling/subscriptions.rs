//! Who wants what: queries begin with their first asker, and end with their last.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::asking::{Shared, ask_again_and_again};
use super::entry::{Entry, Orders};
use super::identity::Question;
use super::origin::Origin;
use super::pushing::listen;
use super::rhythm::Rhythm;
use super::{Asker, Feed, Want};
use crate::metric_sources::Credentials;

/// All askers and all questions.
#[derive(Default)]
pub(super) struct Subscriptions {
    zero: Option<Instant>,
    asked: HashMap<Arc<Question>, Asked>,
    askers: HashMap<Asker, Box<[Subscription]>>,
    origins: HashMap<String, Weak<Origin>>,
}

/// A question with its tasks.
struct Asked {
    entry: Arc<Entry>,
    tasks: Vec<AbortHandle>,
}

/// One want of an asker.
struct Subscription {
    question: Arc<Question>,
    interval: Duration,
    credentials: Arc<Credentials>,
    entry: Arc<Entry>,
}

impl Subscription {
    fn is(&self, want: &Want) -> bool {
        self.interval == want.interval
            && self.credentials.version() == want.credentials.version()
            && self.question.is(want)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.entry.askers().clear();
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Subscriptions {
    /// Makes `wants` what `asker` wants.
    pub(super) fn set(&mut self, shared: &Arc<Shared>, asker: &Asker, wants: Vec<Want>) -> Vec<Feed> {
        let before = self.askers.get(asker).map_or(&[][..], AsRef::as_ref);
        if before.len() == wants.len() && before.iter().zip(&wants).all(|(known, want)| known.is(want)) {
            return before.iter().map(|known| Feed(known.entry.clone())).collect();
        }
        let after: Box<[_]> = wants.into_iter().map(|want| self.subscription(shared, want)).collect();
        for (question, interval) in shortest(&after) {
            self.adjust(&question, asker, Some(interval));
        }
        for wanted in &after {
            renew(&wanted.entry, &wanted.credentials);
        }
        let feeds = after.iter().map(|wanted| Feed(wanted.entry.clone())).collect();
        let before = self.askers.insert(asker.clone(), after).unwrap_or_default();
        self.leave(asker, before);
        feeds
    }

    /// Forgets an asker.
    pub(super) fn remove(&mut self, asker: &Asker) {
        let before = self.askers.remove(asker).unwrap_or_default();
        self.leave(asker, before);
    }

    /// Forgets everybody.
    pub(super) fn clear(&mut self) {
        self.askers.clear();
        self.asked.clear();
        self.origins.clear();
    }

    /// How many different questions there are.
    pub(super) fn questions(&self) -> usize {
        self.asked.len()
    }

    /// What `asker` no longer wants of what it wanted `before`.
    fn leave(&mut self, asker: &Asker, before: Box<[Subscription]>) {
        for left in before {
            let wanted = self.askers.get(asker).into_iter().flatten();
            if wanted.into_iter().all(|wanted| wanted.question != left.question) {
                self.adjust(&left.question, asker, None);
            }
        }
    }

    fn subscription(&mut self, shared: &Arc<Shared>, want: Want) -> Subscription {
        let Want { interval, credentials, .. } = &want;
        let (interval, credentials) = (*interval, credentials.clone());
        let question = Question::of(&want);
        let (question, entry) = match self.asked.get_key_value(&question) {
            Some((question, asked)) => (question.clone(), asked.entry.clone()),
            None => self.begin(shared, question, want),
        };
        Subscription { question, interval, credentials, entry }
    }

    fn begin(&mut self, shared: &Arc<Shared>, question: Question, want: Want) -> (Arc<Question>, Arc<Entry>) {
        let zero = *self.zero.get_or_insert_with(Instant::now);
        let rhythm = Rhythm { zero, phase: question.phase() };
        let orders = Orders { period: want.interval, credentials: want.credentials.clone() };
        let origin = self.origin(want.query.origin());
        let entry = Entry::new(want.query, question.source().as_str(), origin, rhythm, orders);
        let entry = Arc::new(entry);
        let mut tasks = vec![tokio::spawn(ask_again_and_again(shared.clone(), entry.clone())).abort_handle()];
        if let Some(stream) = entry.query.clone().pushes(want.credentials) {
            tasks.push(tokio::spawn(listen(shared.clone(), entry.clone(), stream)).abort_handle());
        }
        let question = Arc::new(question);
        self.asked.insert(question.clone(), Asked { entry: entry.clone(), tasks });
        (question, entry)
    }

    fn origin(&mut self, name: &str) -> Arc<Origin> {
        if let Some(origin) = self.origins.get(name).and_then(Weak::upgrade) {
            return origin;
        }
        self.origins.retain(|_, origin| origin.strong_count() > 0);
        let origin = Arc::<Origin>::default();
        self.origins.insert(name.to_owned(), Arc::downgrade(&origin));
        origin
    }

    /// Sets how often `asker` wants a question answered, or that it no longer does.
    fn adjust(&mut self, question: &Question, asker: &Asker, interval: Option<Duration>) {
        let Some(asked) = self.asked.get(question) else { return };
        let mut askers = asked.entry.askers();
        match interval {
            Some(interval) => askers.set(asker, interval),
            None => askers.remove(asker),
        }
        let period = askers.period();
        drop(askers);
        let Some(period) = period else {
            self.asked.remove(question);
            return;
        };
        asked.entry.orders.send_if_modified(|orders| {
            let changes = orders.period != period;
            orders.period = period;
            changes
        });
    }
}

/// Each question once, with the shortest interval.
fn shortest(wanted: &[Subscription]) -> HashMap<Arc<Question>, Duration> {
    let mut shortest: HashMap<Arc<Question>, Duration> = HashMap::with_capacity(wanted.len());
    for one in wanted {
        let interval = shortest.entry(one.question.clone()).or_insert(one.interval);
        *interval = one.interval.min(*interval);
    }
    shortest
}

/// Gives a query the credentials that it is asked with from now on.
fn renew(entry: &Entry, credentials: &Arc<Credentials>) {
    entry.orders.send_if_modified(|orders| {
        let changes = orders.credentials.version() != credentials.version();
        if changes {
            orders.credentials = credentials.clone();
        }
        changes
    });
}
