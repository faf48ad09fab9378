//! Takes jobs from the Redis list `QUEUE` at `REDIS_URL`, one at a time. It counts them in `jobs_done_total`. On SIGTERM it
//! ends the job in hand; a worker that is killed loses it.

use std::time::Duration;

use csop_examples::{Failure, job_millis, pages, setting, start, work};
use redis::{AsyncConnectionConfig, Client, RedisResult, aio::MultiplexedConnection};

/// Seconds for which Redis lets us wait for a job, and thus how long the end can take without one.
const WAIT_SECONDS: u8 = 1;
/// An answer comes after that at the latest, unless the server is away.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let client = Client::open(setting("REDIS_URL", "redis://127.0.0.1:6379"))?;
    let (queue, millis) = (setting("QUEUE", "jobs"), job_millis()?);
    let (done, pages) = pages("jobs_done", "Jobs that are done");
    let (stopping, served) = start(pages).await?;
    let mut connection = None;
    // No waiting is cut short by a signal: a job might be lost that Redis has just given out.
    while !*stopping.borrow() {
        match next(&client, &mut connection, &queue).await {
            Ok(None) => {}
            Ok(Some(job)) => {
                work(millis).await;
                done.inc();
                tracing::info!(job, "done");
            }
            Err(error) => {
                tracing::warn!(%error, "no jobs can be had");
                connection = None;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    served.await
}

/// The next job, if there is one soon.
async fn next(
    client: &Client,
    connection: &mut Option<MultiplexedConnection>,
    queue: &str,
) -> RedisResult<Option<String>> {
    if connection.is_none() {
        let patient = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
        *connection = Some(client.get_multiplexed_async_connection_with_config(&patient).await?);
    }
    let Some(connection) = connection else { return Ok(None) };
    let popped: Option<(String, String)> =
        redis::cmd("BLPOP").arg(queue).arg(WAIT_SECONDS).query_async(connection).await?;
    Ok(popped.map(|(_, job)| job))
}
