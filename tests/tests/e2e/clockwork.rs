//! An operator whose clock the test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use csop_operator::controllers;
use csop_operator::metric_sources::{Hosts, Sources};
use csop_operator::runtime::clock::Clock;
use csop_operator::runtime::process::{self, Controllers, Settings};
use csop_operator::runtime::scope::Scope;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::scene::{SOON, Scene};

/// The operator in this process. Its clock goes on from wherever it is set to.
pub(crate) struct Clockwork {
    ahead: Arc<AtomicI64>,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Clockwork {
    /// An operator that has not started yet, at this time.
    pub(crate) fn at(time: &str) -> Self {
        let clockwork = Self { ahead: Arc::default(), running: None };
        clockwork.set(time);
        clockwork
    }

    /// Sets the clock.
    pub(crate) fn set(&self, time: &str) {
        let time: Timestamp = time.parse().expect("a time");
        let ahead = time.duration_since(Timestamp::now()).as_millis();
        self.ahead.store(i64::try_from(ahead).expect("it fits"), Ordering::SeqCst);
    }

    pub(crate) async fn start(&mut self, scene: &Scene) {
        let ahead = self.ahead.clone();
        let clock =
            Clock::new(move || Timestamp::now() + SignedDuration::from_millis(ahead.load(Ordering::SeqCst)));
        let settings = Settings {
            scope: Scope::of(vec![scene.namespace.to_string()]),
            allowed_field_managers: vec![],
            concurrency: 4,
            listen: ([127, 0, 0, 1], 0).into(),
            candidacy: None,
            clock,
        };
        let client = scene.cluster.client().await;
        let sources = Sources::new(None, Hosts::new(["127.0.0.1"]).expect("an address"), client.clone());
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let register = |all: &mut Controllers| controllers::register(all, sources, false);
            // Dropped by a test that panics.
            let ended = process::run(client, settings, register, async { stopped.await.unwrap_or(()) }).await;
            ended.expect("the operator runs");
        });
        self.running = Some((stop, task));
    }

    pub(crate) async fn stop(&mut self) {
        let (stop, task) = self.running.take().expect("it runs");
        stop.send(()).expect("it runs");
        let ended = tokio::time::timeout(SOON + Duration::from_secs(5), task).await;
        ended.expect("the operator ends in time").expect("and in order");
    }
}
