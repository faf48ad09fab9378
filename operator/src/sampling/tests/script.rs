//! A source that does as it is told.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use tokio::sync::broadcast;
use tokio::time::Instant;

use super::*;
use crate::metric_sources::Reach;

/// What a source does when it is asked.
#[derive(Clone)]
pub(super) enum Act {
    /// Answers.
    Say(f64),
    /// Answers after a while.
    SayAfter(Duration, f64),
    /// Fails.
    Fail(Failure),
    /// Never answers.
    Hang,
}

/// A source, and what was asked of it.
pub(super) struct Script {
    origin: String,
    pub(super) reach: Reach,
    act: Mutex<Act>,
    begun: Instant,
    /// When it was asked, and with which credentials.
    asked: Mutex<Vec<(Duration, String)>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
    pushes: Option<broadcast::Sender<Result<bool, Failure>>>,
}

impl Script {
    pub(super) fn new(origin: &str, act: Act) -> Self {
        Self {
            origin: origin.to_owned(),
            reach: Reach::Everyone,
            act: Mutex::new(act),
            begun: Instant::now(),
            asked: Mutex::default(),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
            pushes: None,
        }
    }

    pub(super) fn saying(value: f64) -> Arc<Self> {
        Arc::new(Self::new("a", Act::Say(value)))
    }

    /// One that tells by itself what is sent here.
    pub(super) fn pushing(act: Act) -> (Arc<Self>, broadcast::Sender<Result<bool, Failure>>) {
        let (sender, _) = broadcast::channel(16);
        (Arc::new(Self { pushes: Some(sender.clone()), ..Self::new("a", act) }), sender)
    }

    pub(super) fn now(&self, act: Act) {
        *self.act.lock().unwrap() = act;
    }

    /// When it was asked.
    pub(super) fn times(&self) -> Vec<Duration> {
        self.asked.lock().unwrap().iter().map(|(when, _)| *when).collect()
    }

    /// How often it was asked with each version of the credentials.
    pub(super) fn versions(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for (_, version) in self.asked.lock().unwrap().iter() {
            *counts.entry(version.clone()).or_default() += 1;
        }
        counts
    }

    pub(super) fn most_open(&self) -> usize {
        self.most_open.load(Ordering::Relaxed)
    }
}

pub(super) fn dead() -> Failure {
    Failure::Unreachable { origin: "a".to_owned(), problem: "the connection is refused".to_owned() }
}

pub(super) fn sample(value: f64) -> Reading {
    Reading::Sample { values: Series::One(value), time: Timestamp::UNIX_EPOCH, active: None, target: None }
}

impl Query for Script {
    fn origin(&self) -> &str {
        &self.origin
    }

    fn reach(&self) -> Reach {
        self.reach
    }

    fn timeout(&self) -> Duration {
        SECOND * 3
    }

    fn ask<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<Reading, Failure>> {
        struct Open<'a>(&'a AtomicUsize);
        impl Drop for Open<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        async move {
            let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
            let _open = Open(&self.open);
            self.most_open.fetch_max(open, Ordering::Relaxed);
            self.asked.lock().unwrap().push((self.begun.elapsed(), credentials.version().to_owned()));
            let act = self.act.lock().unwrap().clone();
            match act {
                Act::Say(value) => Ok(sample(value)),
                Act::SayAfter(time, value) => {
                    sleep(time).await;
                    Ok(sample(value))
                }
                Act::Fail(failure) => Err(failure),
                Act::Hang => std::future::pending().await,
            }
        }
        .boxed()
    }

    fn pushes(self: Arc<Self>, _: Arc<Credentials>) -> Option<BoxStream<'static, Result<bool, Failure>>> {
        let receiver = self.pushes.as_ref()?.subscribe();
        let stream = futures::stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.ok().map(|told| (told, receiver))
        });
        Some(stream.boxed())
    }
}
