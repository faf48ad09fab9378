//! Sampling: asks the sources, each distinct query once in an interval, and keeps the latest answer. It never decides.

use std::sync::Arc;
use std::time::Duration;

use csop_shared::api::general_scaler::{AuthRef, SourceConfig, SourceType};
use csop_shared::scale::Reading;

use crate::metric_sources::{Credentials, Failure, Query, Subject};

/// Who asks: the UID of a scaler.
pub type Asker = Arc<str>;

/// What a scaler wants to know.
#[derive(Clone)]
pub struct Want {
    /// The source.
    pub type_: SourceType,
    /// What makes the query distinct, together with the source, the Secret and as much of the subject as the query's reach says.
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

// STANDIN
/// x
#[derive(Clone)]
pub struct Feed;
impl Feed {
    /// x
    pub fn latest(&self) -> Latest { Latest::default() }
    /// x
    pub fn attempts(&self) -> u64 { 0 }
}
/// x
#[derive(Clone)]
pub struct Sampling;
impl Sampling {
    /// x
    pub fn new(_: Arc<dyn Fn(&Asker) + Send + Sync>) -> Self { Self }
    /// x
    pub fn subscribe(&self, _: &Asker, _: Vec<Want>) -> Vec<Feed> { vec![] }
    /// x
    pub fn unsubscribe(&self, _: &Asker) {}
    /// x
    pub fn clear(&self) {}
}
