//! One query: who wants it, how often, and the latest that is known.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use csop_shared::scale::{Reading, Series};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Latest;
use super::askers::Askers;
use super::origin::Origin;
use super::rhythm::Rhythm;
use crate::metric_sources::{Credentials, Failure, Query};

/// A query with its latest answer.
pub(super) struct Entry {
    pub(super) query: Arc<dyn Query>,
    /// The source's type, as metrics have it.
    pub(super) source: &'static str,
    pub(super) origin: Arc<Origin>,
    pub(super) rhythm: Rhythm,
    pub(super) orders: watch::Sender<Orders>,
    known: Mutex<Known>,
    askers: Mutex<Askers>,
}

/// How it is asked.
#[derive(Clone, Debug)]
pub(super) struct Orders {
    pub(super) period: Duration,
    pub(super) credentials: Arc<Credentials>,
}

#[derive(Default)]
struct Known {
    latest: Latest,
    /// What the source told by itself, and when.
    told: Option<(Instant, bool)>,
    /// Whether the last question that was asked found the origin dead.
    blamed: bool,
}

impl Entry {
    pub(super) fn new(
        query: Arc<dyn Query>,
        source: &'static str,
        origin: Arc<Origin>,
        rhythm: Rhythm,
        orders: Orders,
    ) -> Self {
        let (known, askers) = (Mutex::default(), Mutex::default());
        Self { query, source, origin, rhythm, orders: watch::Sender::new(orders), known, askers }
    }

    /// The latest that is known.
    pub(super) fn latest(&self) -> Latest {
        self.known().latest.clone()
    }

    /// Attempts that have ended.
    pub(super) fn attempts(&self) -> u64 {
        self.known().latest.attempts
    }

    /// Whether the last attempt failed.
    pub(super) fn is_failing(&self) -> bool {
        self.known().latest.failure.is_some()
    }

    /// Whether the last question that was asked found the origin dead.
    pub(super) fn is_blamed(&self) -> bool {
        self.known().blamed
    }

    /// Who wants it, and is told of answers.
    pub(super) fn askers(&self) -> MutexGuard<'_, Askers> {
        self.askers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how an attempt ended that began at `begun`, and whether the source was asked at all.
    pub(super) fn ended(&self, begun: Instant, asked: bool, result: Result<Reading, Arc<Failure>>) {
        let mut known = self.known();
        if asked {
            known.blamed = result.as_ref().is_err_and(|failure| failure.concerns_origin());
        }
        known.latest.attempts += 1;
        match result {
            Ok(mut reading) => {
                // What was told since is newer than the answer.
                if let (Some((when, said)), Reading::Sample { active, .. }) = (known.told, &mut reading)
                    && when >= begun
                {
                    *active = Some(said);
                }
                known.latest.reading = reading;
                known.latest.failure = None;
            }
            Err(failure) => known.latest.failure = Some(failure),
        }
    }

    /// Notes that the source told by itself whether there is work.
    pub(super) fn told(&self, said: bool) {
        let mut known = self.known();
        known.told = Some((Instant::now(), said));
        if let Reading::Sample { active, .. } = &mut known.latest.reading {
            *active = Some(said);
        } else {
            // Without values, so that nothing is taken for a measurement.
            let (values, time) = (Series::Many(Arc::from([])), Timestamp::now());
            known.latest.reading = Reading::Sample { values, time, active: Some(said), target: None };
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
