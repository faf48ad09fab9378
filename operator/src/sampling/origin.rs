//! Who is asked: how many questions may be open there at once, and whether it is spared for a while because it is dead.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::metric_sources::Failure;

/// Questions to one origin that may be open whatever others do: however many servers are slow, none of them takes these.
const OWN: usize = 8;
/// Those that may be open besides, while the process has not too many open.
const MORE: usize = 56;
/// Failures in a row after which an origin counts as dead.
const MOST_FAILURES: u32 = 5;
/// Time until a dead origin is asked again: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// One origin.
#[derive(Debug)]
pub(super) struct Origin {
    own: Semaphore,
    more: Semaphore,
    breaker: Mutex<Breaker>,
}

#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    dead: Option<Dead>,
}

#[derive(Debug)]
struct Dead {
    failure: Arc<Failure>,
    probing: bool,
    pause: Duration,
    next: Instant,
}

/// Leave to ask; it ends with the value.
pub(super) struct Leave<'a> {
    _permit: Permit<'a>,
    probe: Option<Probe<'a>>,
}

/// A place among the open questions.
enum Permit<'a> {
    /// One of the origin's own.
    Own { _own: SemaphorePermit<'a> },
    /// One more, which counts for the process too.
    More { _more: SemaphorePermit<'a>, _common: SemaphorePermit<'a> },
    /// A probe needs none.
    None,
}

/// A question to a dead origin. While it is open there is no other.
pub(super) struct Probe<'a>(&'a Origin);

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        if let Some(dead) = &mut self.0.breaker().dead {
            dead.probing = false;
        }
    }
}

impl Default for Origin {
    fn default() -> Self {
        Self { own: Semaphore::new(OWN), more: Semaphore::new(MORE), breaker: Mutex::default() }
    }
}

impl Origin {
    /// Waits until one more question may be asked; or says why none is, of a dead origin. `common` is what all origins share.
    ///
    /// `blamed`: the question itself has shown that the origin is dead. One that has not may be alive where others, such as queries
    /// that take too long, are not: it is held back only when many are open.
    pub(super) async fn leave<'a>(
        &'a self,
        common: &'a Semaphore,
        blamed: bool,
    ) -> Result<Leave<'a>, Arc<Failure>> {
        match self.look() {
            Ok(None) => {}
            Ok(probe) => return Ok(Leave { _permit: Permit::None, probe }),
            Err(failure) if blamed => return Err(failure),
            Err(failure) => {
                let own = self.own.try_acquire().map_err(|_| failure)?;
                return Ok(Leave { _permit: Permit::Own { _own: own }, probe: None });
            }
        }
        let _permit = self.permit(common).await.expect("semaphores are never closed");
        // It may have died meanwhile.
        Ok(Leave { probe: self.look()?, _permit })
    }

    async fn permit<'a>(&'a self, common: &'a Semaphore) -> Result<Permit<'a>, AcquireError> {
        let more = async {
            Ok(Permit::More { _more: self.more.acquire().await?, _common: common.acquire().await? })
        };
        tokio::select! {
            biased;
            own = self.own.acquire() => Ok(Permit::Own { _own: own? }),
            more = more => more,
        }
    }

    fn look(&self) -> Result<Option<Probe<'_>>, Arc<Failure>> {
        let mut breaker = self.breaker();
        let Some(dead) = &mut breaker.dead else { return Ok(None) };
        if dead.probing || Instant::now() < dead.next {
            return Err(dead.failure.clone());
        }
        dead.probing = true;
        Ok(Some(Probe(self)))
    }

    /// Notes how a question ended.
    pub(super) fn ended(&self, leave: &Leave<'_>, failure: Option<&Arc<Failure>>) {
        let mut breaker = self.breaker();
        let failure = match failure {
            Some(failure) if failure.concerns_origin() => failure,
            // Whoever was not asked has not shown to be alive.
            Some(failure) if matches!(**failure, Failure::Unasked(_)) => return,
            _ => {
                *breaker = Breaker::default();
                return;
            }
        };
        let Breaker { failures, dead } = &mut *breaker;
        *failures += 1;
        let probed = leave.probe.is_some();
        match dead {
            Some(dead) => {
                dead.failure = failure.clone();
                if probed {
                    dead.pause = (dead.pause * 2).min(PAUSES.1);
                    dead.next = Instant::now() + dead.pause;
                }
            }
            None if *failures >= MOST_FAILURES => {
                let next = Instant::now() + PAUSES.0;
                *dead = Some(Dead { failure: failure.clone(), probing: false, pause: PAUSES.0, next });
            }
            None => {}
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
