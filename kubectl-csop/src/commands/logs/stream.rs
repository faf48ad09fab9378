//! The log of one container, line by line.

use super::{Args, pods};
use crate::client::Cluster;
use crate::error::{Attempt, Error};
use crate::view::logs::is_of_node;
use futures::{AsyncBufReadExt, Stream};
use jiff::Timestamp;
use kube::api::LogParams;

/// What to ask for: what there is since a time, or else as the options say.
pub fn params(args: &Args, container: &str, tail: Option<i64>, since: Option<Timestamp>) -> LogParams {
    let seconds = args.since.map(|since| i64::try_from(since.as_secs().max(1)).unwrap_or(i64::MAX));
    let fresh = since.is_none();
    LogParams {
        container: Some(container.to_owned()),
        follow: args.follow,
        previous: args.previous,
        // Each line begins with its time: so that none is shown twice when a stream is opened again.
        timestamps: true,
        since_seconds: seconds.filter(|_| fresh),
        since_time: since,
        tail_lines: tail.filter(|_| fresh),
        ..LogParams::default()
    }
}

/// Opens the log.
///
/// # Errors
/// When the API server, or the node behind it, refuses.
pub async fn open(
    pod: &str,
    params: &LogParams,
    cluster: &Cluster,
) -> Result<impl Stream<Item = Result<String, Error>> + Send + use<>, Error> {
    let follow = params.follow;
    let attempt = Attempt::new("get", "pods/log").of(pod).within(Some(&cluster.namespace));
    let api = pods(cluster);
    let reader = cluster.call(attempt.clone(), api.log_stream(pod, params)).await?;
    Ok(futures::stream::unfold(Some(Box::pin(reader)), move |reader| {
        let attempt = attempt.clone();
        async move {
            let mut reader = reader?;
            let mut line = vec![];
            match reader.read_until(b'\n', &mut line).await {
                Ok(0) => None,
                // With the pod or a restart the log goes, too: whoever followed it has read what there was.
                Ok(_) if is_of_node(&line) && follow => None,
                Ok(_) if is_of_node(&line) => {
                    let reason =
                        format!("its node cannot read it: {}", String::from_utf8_lossy(&line).trim());
                    Some((Err(Error::Server { attempt, reason }), None))
                }
                // Not every program writes UTF-8.
                Ok(_) => Some((
                    Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()),
                    Some(reader),
                )),
                Err(error) => Some((Err(Error::Server { attempt, reason: error.to_string() }), None)),
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use crate::commands::Command;
    use clap::Parser;

    fn args(words: &[&str]) -> Args {
        let all = ["kubectl-csop", "logs", "shop"].iter().chain(words);
        match Cli::try_parse_from(all).unwrap().command {
            Command::Logs(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_stream_that_is_opened_again_goes_on_where_it_was() {
        let args = args(&["-f", "--since", "10m"]);
        let fresh = params(&args, "app", Some(5), None);
        assert_eq!((fresh.since_seconds, fresh.tail_lines, fresh.since_time), (Some(600), Some(5), None));
        let last = "2026-01-01T00:00:00Z".parse().ok();
        let again = params(&args, "app", Some(5), last);
        assert_eq!((again.since_seconds, again.tail_lines, again.since_time), (None, None, last));
        assert!(again.follow && again.timestamps);
    }
}
