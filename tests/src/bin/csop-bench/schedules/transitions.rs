//! From the instant at which a window begins or ends until a watch shows the service's new size.

use std::{collections::HashMap, time::Duration};

use csop_shared::api::CashServiceScheduledScale;
use csop_tests::Error;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::Deployment;
use kube::{
    Api, ResourceExt as _,
    runtime::{WatchStreamExt as _, watcher},
};
use serde_json::json;

use crate::{
    load,
    scene::{PARALLEL, Scene},
};

/// From the first edit to the first window.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);
/// From the last edit to the first window, at least: what follows the edits is over by then.
const CALM: SignedDuration = SignedDuration::from_secs(15);
/// After the last instant.
const LIMIT: SignedDuration = SignedDuration::from_secs(60);

/// Schedules that each get a near window.
pub struct Plan<'a> {
    /// Of different services, with one window each.
    pub schedules: &'a [CashServiceScheduledScale],
    /// Over which their starts are spread, in whole seconds.
    pub stretch: SignedDuration,
    pub length: SignedDuration,
}

/// What beginnings and ends took, in milliseconds.
#[derive(Default)]
pub struct Took {
    pub starts: Vec<f64>,
    pub ends: Vec<f64>,
}

impl Took {
    /// Of both.
    pub fn all(&self) -> Vec<f64> {
        [&self.starts[..], &self.ends].concat()
    }
}

/// A window that has begun, or not yet.
struct Awaited {
    start: Timestamp,
    begun: bool,
}

impl Plan<'_> {
    /// Edits the schedules, and watches the services' Deployments until all windows are over.
    pub async fn run(&self, scene: &Scene) -> Result<Took, Error> {
        let first = whole(Timestamp::now() + AHEAD);
        let starts: Vec<Timestamp> = (0..self.schedules.len()).map(|n| self.start(first, n)).collect();
        self.edit(scene, &starts).await?;
        if Timestamp::now() + CALM > first {
            return Err(Error::Missing("the edits took too long: the first window is too near".to_owned()));
        }
        let of = |(schedule, start): (&CashServiceScheduledScale, &Timestamp)| {
            let service = schedule.spec.target().map(|(_, name)| name.to_owned()).unwrap_or_default();
            let key = (schedule.namespace().unwrap_or_default(), service);
            (key, Awaited { start: *start, begun: false })
        };
        let awaited = self.schedules.iter().zip(&starts).map(of).collect();
        let end = starts.iter().max().copied().unwrap_or(first) + self.length + LIMIT;
        let limit = Duration::try_from(end.duration_since(Timestamp::now())).unwrap_or_default();
        let watched = tokio::time::timeout(limit, self.watch(scene, awaited)).await;
        watched.map_err(|_| Error::Missing("not all windows have begun and ended".to_owned()))?
    }

    fn start(&self, first: Timestamp, n: usize) -> Timestamp {
        let (n, all) = (i32::try_from(n), i32::try_from(self.schedules.len()));
        let (n, all) = n.ok().zip(all.ok()).expect("schedules are few");
        whole(first + self.stretch * n / all)
    }

    async fn edit(&self, scene: &Scene, starts: &[Timestamp]) -> Result<(), Error> {
        let edits = stream::iter(self.schedules.iter().zip(starts)).map(Ok);
        edits
            .try_for_each_concurrent(PARALLEL, |(schedule, start)| async move {
                let duration = format!("{}s", self.length.as_secs());
                let spec = json!({"at": start.to_string(), "duration": duration});
                load::edit(scene.client(), schedule, &json!({"spec": spec})).await
            })
            .await
    }

    async fn watch(
        &self,
        scene: &Scene,
        mut awaited: HashMap<(String, String), Awaited>,
    ) -> Result<Took, Error> {
        let api: Api<Deployment> = Api::all(scene.client().clone());
        let mut changes = watcher(api, watcher::Config::default()).applied_objects().boxed();
        let mut took = Took::default();
        while !awaited.is_empty() {
            let seen = changes.try_next().await.map_err(|error| Error::Missing(error.to_string()))?;
            let now = Timestamp::now();
            let Some(seen) = seen else { return Err(Error::Missing("the watch has ended".to_owned())) };
            let key = (seen.namespace().unwrap_or_default(), seen.name_any());
            let raised = seen.spec.and_then(|spec| spec.replicas).is_some_and(|replicas| replicas > 0);
            let Some(window) = awaited.get_mut(&key).filter(|window| window.begun != raised) else {
                continue;
            };
            window.begun = raised;
            if raised {
                took.starts.push(millis_since(window.start, now, &key)?);
            } else {
                took.ends.push(millis_since(window.start + self.length, now, &key)?);
                awaited.remove(&key);
            }
        }
        Ok(took)
    }
}

fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).expect("a whole second of time")
}

fn millis_since(instant: Timestamp, now: Timestamp, key: &(String, String)) -> Result<f64, Error> {
    let took = now.duration_since(instant);
    if took.is_negative() {
        return Err(Error::Missing(format!("a window of {}/{} came before its instant", key.0, key.1)));
    }
    Ok(took.as_secs_f64() * 1000.0)
}
