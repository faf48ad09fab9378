//! The process: caches first, then the controllers and the election, until it is told to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures::FutureExt;
use futures::future::BoxFuture;
use kube::Client;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::alarms::Alarms;
use super::caches::{Caches, Triggers};
use super::clock::Clock;
use super::context::Context;
use super::driver::Driver;
use super::foreign::Trusted;
use super::http;
use super::kind::Kind;
use super::leader::{Candidacy, Election};
use super::mandate::Mandate;
use super::metrics::Metrics;
use super::scope::Scope;
use super::watching;

/// Time that running reconciles are given to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why the process cannot run.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address for health and metrics cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
}

/// How the process runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The namespaces that are watched.
    pub scope: Scope,
    /// Field managers whose fields on children are left alone.
    pub allowed_field_managers: Vec<String>,
    /// Reconciles of one controller that may run at once.
    pub concurrency: u16,
    /// Where health and metrics are served.
    pub listen: SocketAddr,
    /// The election among replicas; without it, this process acts at all times.
    pub candidacy: Option<Candidacy>,
    /// What time it is for all decisions; the election goes by the machine's clock.
    pub clock: Clock,
}

type Start = Box<dyn FnOnce(Arc<Context>, bool, watch::Receiver<bool>) -> BoxFuture<'static, ()> + Send>;

/// The controllers of the process.
pub struct Controllers {
    caches: Caches,
    starts: Vec<Start>,
    pages: Router,
    metrics: Arc<Metrics>,
}

impl Controllers {
    fn new(settings: &Settings) -> Self {
        let trusted = Trusted(settings.allowed_field_managers.clone());
        Self {
            caches: Caches::new(settings.scope.clone(), trusted),
            starts: vec![],
            pages: Router::new(),
            metrics: Arc::default(),
        }
    }

    /// Adds a controller.
    pub fn add<K: Kind>(&mut self, kind: K) {
        let triggers = self.caches.add::<K>();
        self.starts.push(Box::new(move |ctx, streaming, stop| {
            Box::pin(drive(Arc::new(kind), ctx, triggers, streaming, stop))
        }));
    }

    /// The process's metrics.
    pub fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// Serves these pages beside health and metrics. They only read, and hold no secrets: whoever reaches the port sees them.
    pub fn serve(&mut self, pages: Router) {
        self.pages = std::mem::take(&mut self.pages).merge(pages);
    }

    /// The controllers' own watches.
    fn watches(&self) -> usize {
        self.starts.len() * self.caches.scope().watches().len()
    }
}

/// Runs a controller in all its namespace scopes.
async fn drive<K: Kind>(
    kind: Arc<K>,
    ctx: Arc<Context>,
    triggers: Triggers,
    streaming: bool,
    stop: watch::Receiver<bool>,
) {
    let permits = ctx.permits();
    let scopes = ctx.caches.scope().watches();
    let mut beside = JoinSet::new();
    let alarms = Arc::new(Alarms::default());
    beside.spawn({
        let (alarms, clock, waker) = (alarms.clone(), ctx.clock.clone(), triggers.waker.clone());
        async move { alarms.run(clock, waker).await }
    });
    beside.spawn(kind.clone().beside(ctx.clone(), triggers.waker));
    let drivers = scopes.into_iter().zip(triggers.woken).map(|(namespace, triggers)| {
        let driver = Driver {
            kind: kind.clone(),
            ctx: ctx.clone(),
            alarms: alarms.clone(),
            namespace,
            triggers,
            permits: permits.clone(),
            streaming,
        };
        driver.run(stop.clone())
    });
    futures::future::join_all(drivers).await;
}

/// Runs the controllers that `register` adds, until `shutdown` is done.
pub async fn run(
    client: Client,
    settings: Settings,
    register: impl FnOnce(&mut Controllers),
    shutdown: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let mut controllers = Controllers::new(&settings);
    register(&mut controllers);
    let watches = controllers.watches();
    let Controllers { caches, starts, pages, metrics } = controllers;
    let candidacy = settings.candidacy;
    let mandate = if candidacy.is_some() { Mandate::pending() } else { Mandate::unlimited() };
    metrics.leads(mandate.is_valid());
    let election = candidacy.map(|who| Election::new(client.clone(), who, mandate.clone(), metrics.clone()));
    let ctx = Arc::new(Context::new(
        client,
        caches,
        metrics,
        mandate,
        settings.concurrency,
        watches,
        settings.clock,
    ));
    let listening = |source| StartError::Listen { address: settings.listen, source };
    let listener = TcpListener::bind(settings.listen).await.map_err(listening)?;
    let address = listener.local_addr().map_err(listening)?;
    tracing::info!(%address, scope = ?settings.scope, version = env!("CARGO_PKG_VERSION"), "started");
    let mut server = JoinSet::new();
    server.spawn(http::serve(listener, ctx.clone(), pages));
    let (stop, stopping) = watch::channel(false);
    let (resign, resigned) = oneshot::channel();
    let mut electing = JoinSet::new();
    if let Some(election) = election {
        electing.spawn(elect(ctx.clone(), election, resigned));
    }
    let mut working = JoinSet::new();
    working.spawn(work(ctx, starts, stopping));
    tokio::select! {
        () = shutdown => tracing::info!("stopping"),
        _ = working.join_next() => tracing::error!("all controllers have ended"),
    }
    stop.send_replace(true);
    let ended = tokio::time::timeout(PATIENCE, working.join_next()).await;
    if ended.is_err() {
        tracing::warn!("some reconciles did not end in time and are cut off");
        working.shutdown().await;
    }
    // Nobody waits for it where there is no election.
    let _ = resign.send(());
    electing.join_next().await;
    Ok(())
}

/// Takes part in the election once the caches are filled: whoever leads must see.
async fn elect(ctx: Arc<Context>, election: Election, resigned: oneshot::Receiver<()>) {
    let resigned = resigned.map(|_| ()).shared();
    tokio::select! {
        () = ctx.caches.synced() => election.run(resigned).await,
        () = resigned.clone() => {}
    }
}

/// Fills the caches, then runs the controllers: with a cache half full, what is there would look missing.
async fn work(ctx: Arc<Context>, starts: Vec<Start>, mut stopping: watch::Receiver<bool>) {
    let streaming = watching::streams_lists(ctx.client()).await;
    let _watches = ctx.caches.start(ctx.client(), streaming);
    tokio::select! {
        () = ctx.caches.synced() => tracing::info!("caches are filled"),
        _ = stopping.wait_for(|stop| *stop) => return,
    }
    let running = starts.into_iter().map(|start| start(ctx.clone(), streaming, stopping.clone()));
    futures::future::join_all(running).await;
}
