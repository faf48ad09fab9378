//! From a metric's step to the new size of the target. The query itself says when the metric steps, so no scrape is in between.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use csop_tests::Error;
use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::apps::v1::Deployment;
use kube::{
    Api, ResourceExt as _,
    runtime::{WatchStreamExt as _, watcher},
};

use super::load::{Load, name};
use crate::statistics::percentile;

/// All intervals in this benchmark.
const INTERVAL_MS: f64 = 1000.0;
/// From the making of the scalers to the first step.
const AHEAD_S: f64 = 15.0;
/// Time between two steps: none of them meets another.
const BETWEEN_S: f64 = 0.137;
const LIMIT: Duration = Duration::from_secs(120);

/// What steps took.
pub struct Steps {
    /// The 99th percentile, less the interval that a scaler may take to look at all.
    pub p99_beyond_interval_ms: f64,
    /// The median, with it.
    pub p50_ms: f64,
}

/// Makes so many scalers more, whose metrics step one after the other.
pub async fn run(load: &Load<'_>, first: usize, number: usize) -> Result<Steps, Error> {
    let range = first..first + number;
    load.targets(range.clone()).await?;
    let start = now() + AHEAD_S;
    let at: HashMap<String, f64> =
        range.clone().zip(0u32..).map(|(n, i)| (name(n), start + f64::from(i) * BETWEEN_S)).collect();
    let scaler = |n| load.scaler(n, &format!("100 + 4000 * (vector(time()) >= bool {:.3})", at[&name(n)]));
    load.make(range, scaler).await?;
    let api: Api<Deployment> = Api::all(load.client.clone());
    let mut changes = watcher(api, watcher::Config::default()).applied_objects().boxed();
    let mut took = HashMap::new();
    let watching = async {
        while took.len() < number {
            let seen = changes.try_next().await.map_err(|error| Error::Missing(error.to_string()))?;
            let Some(seen) = seen else { break };
            let grown = seen.spec.as_ref().and_then(|spec| spec.replicas).is_some_and(|now| now > 1);
            let stepped = at.get(&seen.name_any()).filter(|_| grown);
            if let Some(stepped) = stepped {
                took.entry(seen.name_any()).or_insert((now() - stepped) * 1000.0);
            }
        }
        Ok::<_, Error>(())
    };
    let waited = tokio::time::timeout(LIMIT, watching).await;
    waited.map_err(|_| Error::Missing(format!("not all of {number} steps were answered")))??;
    let took: Vec<f64> = took.into_values().collect();
    Ok(Steps {
        p99_beyond_interval_ms: (percentile(&took, 0.99) - INTERVAL_MS).max(0.0),
        p50_ms: percentile(&took, 0.5),
    })
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
