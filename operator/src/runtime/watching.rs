//! How the operator watches.

use kube::Client;
use kube::runtime::watcher;

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
    use super::*;

    #[test]
    fn lists_are_streamed_from_one_thirty_four_on() {
        let versions = [("1", "33"), ("1", "34"), ("1", "34+"), ("1", "35-gke.1"), ("2", "0"), ("", "")];
        let streaming: Vec<bool> = versions.iter().map(|(major, minor)| is_streaming(major, minor)).collect();
        assert_eq!(streaming, [false, true, true, true, true, false]);
    }
}
