//! What sources tell by themselves.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::watch;
use tokio::time::sleep;

use super::asking::Shared;
use super::entry::{Entry, Orders};
use crate::metric_sources::Failure;

/// Time until a broken stream is opened again: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What a source tells.
pub(super) type Stream = BoxStream<'static, Result<bool, Failure>>;

enum Ended {
    Broken { after_words: bool },
    Rotated,
}

/// Listens until the task is cancelled. A broken stream is opened again after a pause, one with old credentials at once.
pub(super) async fn listen(shared: Arc<Shared>, entry: Arc<Entry>, first: Stream) {
    let mut orders = entry.orders.subscribe();
    let (mut stream, mut pause) = (first, PAUSES.0);
    loop {
        if let Ended::Broken { after_words } = hear(&shared, &entry, &mut orders, stream).await {
            pause = if after_words { PAUSES.0 } else { pause };
            // Up to a half more, by the query's own number: streams that broke together are not opened together.
            sleep(pause + pause.mul_f64((entry.rhythm.phase % 512) as f64 / 1024.0)).await;
            pause = (pause * 2).min(PAUSES.1);
        }
        let credentials = orders.borrow().credentials.clone();
        let Some(next) = entry.query.clone().pushes(credentials) else { return };
        stream = next;
    }
}

async fn hear(
    shared: &Shared,
    entry: &Entry,
    orders: &mut watch::Receiver<Orders>,
    mut stream: Stream,
) -> Ended {
    let version = orders.borrow_and_update().credentials.version().to_owned();
    let mut after_words = false;
    loop {
        tokio::select! {
            told = stream.next() => match told {
                Some(Ok(said)) => {
                    after_words = true;
                    entry.told(said);
                    shared.tell(entry);
                }
                Some(Err(failure)) => {
                    tracing::debug!(%failure, "a stream of a metric source broke");
                    return Ended::Broken { after_words };
                }
                None => return Ended::Broken { after_words },
            },
            _ = orders.wait_for(|orders| orders.credentials.version() != version) => return Ended::Rotated,
        }
    }
}
