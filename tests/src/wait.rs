//! Waiting for conditions with a bounded time-out.

use std::{
    fmt::Display,
    time::{Duration, Instant},
};

use crate::Error;

const PAUSE: Duration = Duration::from_millis(50);

/// Asks until the answer is there, and returns it.
///
/// # Panics
/// When the answer is not there in time.
pub async fn until<T>(limit: Duration, what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    until_ok(limit, what, async || probe().await.ok_or("")).await
}

/// Like [`until`], for probes that say what is still missing; the last reason is part of the message.
///
/// # Panics
/// When the answer is not there in time.
pub async fn until_ok<T, E: Display>(
    limit: Duration,
    what: &str,
    probe: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    match try_until(limit, what, probe).await {
        Ok(answer) => answer,
        Err(error) => panic!("{error}"),
    }
}

/// Like [`until_ok`], but returns the failure.
pub async fn try_until<T, E: Display>(
    limit: Duration,
    what: &str,
    mut probe: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, Error> {
    let end = Instant::now() + limit;
    let mut detail = String::new();
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        match tokio::time::timeout(left, probe()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(reason)) => detail = reason.to_string(),
            Err(_) if detail.is_empty() => "no answer".clone_into(&mut detail),
            Err(_) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(Error::NotReady { what: what.to_owned(), limit, detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_answer_is_returned_as_soon_as_it_is_there() {
        let mut asked = 0;
        let answer = until(Duration::from_secs(5), "the third answer", async || {
            asked += 1;
            (asked == 3).then_some(asked)
        })
        .await;
        assert_eq!(answer, 3);
    }

    #[tokio::test]
    async fn the_failure_names_what_was_waited_for_and_the_last_reason() {
        let waited =
            try_until(Duration::from_millis(20), "the pod is ready", async || Err::<(), _>("no node")).await;
        let message = waited.unwrap_err().to_string();
        assert!(message.starts_with("the pod is ready: not so after 0.02 s"), "{message}");
        assert!(message.ends_with("no node"), "{message}");
    }

    #[tokio::test]
    async fn a_probe_that_hangs_is_given_up() {
        let waited = try_until(Duration::from_millis(20), "an answer", async || {
            std::future::pending::<Result<(), &str>>().await
        })
        .await;
        assert!(waited.unwrap_err().to_string().contains("no answer"));
    }
}
