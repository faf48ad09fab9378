//! How the operator watches.

use std::future::ready;
use std::time::Duration;

use futures::{Stream, StreamExt};
use kube::Client;
use kube::runtime::utils::{Backoff, ResetTimerBackoff};
use kube::runtime::{WatchStreamExt, watcher};

use super::backoff;

/// Objects of a page of a list; a page is held whole while it is read.
const PAGE: u32 = 200;

/// First minor version of Kubernetes 1 whose servers stream lists reliably.
const STREAMING_FROM: u32 = 34;

/// Whether lists are to be streamed from this server.
pub(super) async fn streams_lists(client: &Client) -> bool {
    match client.apiserver_version().await {
        Ok(version) => is_streaming(&version.major, &version.minor),
        Err(error) => {
            tracing::warn!(%error, "cannot read the version of the API server; lists are read page by page");
            false
        }
    }
}

fn is_streaming(major: &str, minor: &str) -> bool {
    // Some distributions write "34+".
    let digits = minor.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    let minor: u32 = digits.parse().unwrap_or(0);
    major.parse::<u32>().is_ok_and(|major| major > 1 || major == 1 && minor >= STREAMING_FROM)
}

/// The configuration of a watch.
pub(super) fn config(selector: Option<&str>, streaming: bool) -> watcher::Config {
    let config = watcher::Config { label_selector: selector.map(str::to_owned), ..Default::default() };
    if streaming { config.streaming_lists() } else { config.page_size(PAGE) }
}

/// Longest delay of a watch that fails: short enough to be back soon after the API server is.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A watch that did not fail for this long starts again with the first delay.
const CALM: Duration = Duration::from_secs(60);

/// The delays after failures in a row.
#[derive(Default)]
struct Pauses {
    failures: u32,
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        Some(backoff::delay(self.failures, LONGEST_PAUSE, backoff::chance()))
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Lets a watch go on after failures, which are passed on. When it has only lost its place in the history, it reads its list at
/// once.
pub(super) fn persistent<T: Send>(
    events: impl Stream<Item = watcher::Result<T>> + Send,
) -> impl Stream<Item = watcher::Result<T>> + Send {
    let failures = events.filter(|event| {
        let expired = event.as_ref().err().filter(|error| is_expired(error));
        if let Some(error) = expired {
            tracing::debug!(%error, "a watch begins anew");
        }
        ready(expired.is_none())
    });
    failures.backoff(ResetTimerBackoff::new(Pauses::default(), CALM))
}

/// The API server remembers no change since the one that was seen last.
fn is_expired(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::WatchError(status) if status.code == 410)
}

/// Logs why a watch failed; it is tried again.
pub(super) fn log_failure(kind: &str, namespace: Option<&str>, error: &watcher::Error) {
    let (watcher::Error::InitialListFailed(cause) | watcher::Error::WatchStartFailed(cause)) = error else {
        tracing::debug!(kind, namespace, %error, "a watch was interrupted");
        return;
    };
    match cause {
        kube::Error::Api(status) if status.code == 404 => {
            tracing::warn!(
                kind,
                "the API server does not know this kind: is its CustomResourceDefinition installed?"
            );
        }
        _ => tracing::warn!(kind, namespace, error = %cause, "a watch failed; it is tried again"),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::FutureExt;
    use kube::core::Status;

    use super::*;

    #[tokio::test]
    async fn a_watch_that_lost_its_place_does_not_wait_and_one_that_fails_does() {
        let expired = watcher::Error::WatchError(Status { code: 410, ..Default::default() }.boxed());
        let fails = watcher::Error::NoResourceVersion;
        let events = futures::stream::iter([Ok(1), Err(expired), Ok(2), Err(fails), Ok(3)]);
        let mut events = pin!(persistent(events));
        let mut at_once = || events.next().now_or_never().flatten();
        assert!(matches!((at_once(), at_once()), (Some(Ok(1)), Some(Ok(2)))));
        assert!(matches!(at_once(), Some(Err(watcher::Error::NoResourceVersion))));
        assert!(at_once().is_none(), "it waits");
        assert!(matches!(events.next().await, Some(Ok(3))));
    }

    #[test]
    fn delays_grow_up_to_the_longest_and_begin_again() {
        let mut pauses = Pauses::default();
        let grown: Vec<Duration> = pauses.by_ref().take(6).collect();
        assert!(grown[0] <= Duration::from_secs(1) && grown[5] >= LONGEST_PAUSE / 2);
        pauses.reset();
        assert!(pauses.next().is_some_and(|pause| pause <= Duration::from_secs(1)));
    }

    #[test]
    fn lists_are_streamed_from_one_thirty_four_on() {
        let versions = [("1", "33"), ("1", "34"), ("1", "34+"), ("1", "35-gke.1"), ("2", "0"), ("", "")];
        let streaming: Vec<bool> = versions.iter().map(|(major, minor)| is_streaming(major, minor)).collect();
        assert_eq!(streaming, [false, true, true, true, true, false]);
    }
}
