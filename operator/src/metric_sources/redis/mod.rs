//! The size or the value of a key in Redis.

mod connect;
mod error;
mod login;
mod place;
mod question;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use csop_shared::api::general_scaler::{RedisKind, SourceConfig};
use csop_shared::scale::{Invalid, Reading, Series};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::pool::{Pool, Seat};
use super::{Credentials, Failure, Hosts, Query, Sources};
use connect::Connection;
use login::Login;
use place::Place;
use question::{Answer, Question};

/// What tells one connection from another.
type Key = (Arc<Place>, Login);

/// Connections to Redis, one for each place and login.
#[derive(Clone, Default)]
pub struct Connections(Pool<Key, Connection>);

const DEFAULT_TIMEOUT: i32 = 3;

struct Redis {
    place: Arc<Place>,
    question: Question,
    origin: String,
    timeout: Duration,
    hosts: Arc<Hosts>,
    seat: Seat<Key, Connection>,
    /// What the key held last, so that it is asked for along with the type.
    last: Mutex<Option<RedisKind>>,
}

/// The query of a metric of type redis.
pub(super) fn build(
    sources: &Sources,
    config: &SourceConfig,
    field: &str,
) -> Result<Arc<dyn Query>, Invalid> {
    let place = Place::of(config, field)?;
    let question = Question::of(config, field)?;
    let seconds = config.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT);
    Ok(Arc::new(Redis {
        origin: place.to_string(),
        place: Arc::new(place),
        last: Mutex::new(question.kind),
        question,
        timeout: Duration::from_secs(seconds.unsigned_abs().into()),
        hosts: Arc::clone(&sources.hosts),
        seat: sources.redis.0.seat(),
    }))
}

impl Redis {
    async fn value(&self, credentials: &Credentials) -> Result<f64, Failure> {
        let key = (Arc::clone(&self.place), Login::of(credentials, &self.place)?);
        let taken = self.seat.take(&key, || {
            let (place, login) = key.clone();
            connect::open(place, login, Arc::clone(&self.hosts)).boxed()
        });
        let answer = match taken.connection().await {
            Ok(connection) => self.ask_over(connection).await,
            Err(failure) => Err(failure),
        };
        taken.settle(&answer);
        answer
    }

    /// Asks for type and value in one round trip; in a second one when the key holds something else than it did.
    async fn ask_over(&self, mut connection: Connection) -> Result<f64, Failure> {
        for _ in 0..2 {
            let guess = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let replies = connection.run(&self.question.commands(guess)).await;
            let replies = replies.map_err(|error| error::failure(&self.origin, &error))?;
            match self.question.read(guess, replies, &self.origin)? {
                Answer::Value(value) => return Ok(value),
                Answer::Other(kind) => {
                    *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(kind);
                }
            }
        }
        Err(self.question.unusable(&self.origin, "changes its type all the time"))
    }
}

impl Query for Redis {
    fn origin(&self) -> &str {
        &self.origin
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn ask<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<Reading, Failure>> {
        async {
            let late = |_| Failure::TimedOut { origin: self.origin.clone(), after: self.timeout };
            let value = tokio::time::timeout(self.timeout, self.value(credentials)).await.map_err(late)??;
            Ok(Reading::Sample {
                values: Series::One(value),
                time: Timestamp::now(),
                active: None,
                target: None,
            })
        }
        .boxed()
    }
}
