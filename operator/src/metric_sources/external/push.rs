//! The stream on which an external scaler says by itself whether there is work.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use tonic::{Code, Status, Streaming};

use super::protocol::{IsActiveResponse, Service};
use super::{External, error};
use crate::metric_sources::{Credentials, Failure};

/// How long a scaler that does not implement the stream is not asked for it again.
const RETRY: Duration = Duration::from_secs(600);

/// Whether a scaler implements the stream.
#[derive(Default)]
pub(super) struct Support {
    missing: Mutex<Option<Instant>>,
}

impl Support {
    /// How long to wait before the stream is worth a try.
    fn pause(&self) -> Duration {
        let missing = *self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.map_or(Duration::ZERO, |since| RETRY.saturating_sub(since.elapsed()))
    }

    fn is_missing(&self) {
        *self.missing.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// What the scaler says, from the moment that the stream is first polled until the connection ends.
pub(super) fn stream(
    query: Arc<External>,
    credentials: Arc<Credentials>,
) -> BoxStream<'static, Result<bool, Failure>> {
    let opened = async move {
        tokio::time::sleep(query.pushing.pause()).await;
        let messages = open(&query, &credentials).await?;
        Ok(stream::try_unfold((query, messages), async |(query, mut messages)| {
            Ok(next(&query, &mut messages).await?.map(|active| (active, (query, messages))))
        }))
    };
    stream::once(opened).try_flatten().boxed()
}

/// Opens the stream; none when the scaler does not implement it. A server may answer with its first message only, however late.
async fn open(
    query: &External,
    credentials: &Credentials,
) -> Result<Option<Streaming<IsActiveResponse>>, Failure> {
    let mut service = Service::new(query.channel(credentials).await?);
    match service.stream_is_active(query.object.clone()).await {
        Ok(messages) => Ok(Some(messages)),
        Err(status) => ended(query, &status).map(|()| None),
    }
}

async fn next(
    query: &External,
    messages: &mut Option<Streaming<IsActiveResponse>>,
) -> Result<Option<bool>, Failure> {
    let Some(messages) = messages else { return Ok(None) };
    match messages.message().await {
        Ok(message) => Ok(message.map(|message| message.result)),
        Err(status) => ended(query, &status).map(|()| None),
    }
}

/// Ends quietly what is not implemented.
fn ended(query: &External, status: &Status) -> Result<(), Failure> {
    if status.code() == Code::Unimplemented {
        query.pushing.is_missing();
        return Ok(());
    }
    Err(error::failure(&query.origin, status))
}
