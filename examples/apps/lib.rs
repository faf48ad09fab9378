//! What the sample applications have in common: settings, metrics over HTTP, and an end in order.

use std::{env, error::Error, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use prometheus_client::{encoding::text::encode, metrics::counter::Counter, registry::Registry};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Why an application cannot run.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The longest that one piece of work may take.
pub const LONGEST: Duration = Duration::from_secs(10);

/// The value of an environment variable, or what stands for it.
pub fn setting(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// What a piece of work does here: it takes time, so many milliseconds, ten seconds at most.
pub async fn work(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis).min(LONGEST)).await;
}

/// How long a job takes: `JOB_MILLIS`, by default 100.
///
/// # Errors
/// When it is no number.
pub fn job_millis() -> Result<u64, Failure> {
    let text = setting("JOB_MILLIS", "100");
    text.parse().map_err(|_| format!("JOB_MILLIS is {text:?}, which is no number of milliseconds").into())
}

/// A counter under this name (Prometheus sees it with `_total` behind), and the pages `/metrics` and `/healthz`.
pub fn pages(name: &str, help: &str) -> (Counter, Router) {
    let (mut registry, counter) = (Registry::default(), Counter::default());
    registry.register(name, help, counter.clone());
    let registry = Arc::new(registry);
    let metrics = async move || {
        let mut text = String::new();
        let written = encode(&mut text, &registry);
        written.map(|()| text).map_err(|error| error.to_string())
    };
    let pages = Router::new().route("/metrics", get(metrics)).route("/healthz", get(async || "ok\n"));
    (counter, pages)
}

/// Begins to log. SIGTERM and SIGINT turn what is returned to true.
///
/// # Errors
/// When signals cannot be listened to.
pub fn stopping() -> Result<watch::Receiver<bool>, Failure> {
    tracing_subscriber::fmt().with_ansi(false).init();
    let (sender, stopping) = watch::channel(false);
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        sender.send_replace(true);
        // Dropped with the process: nobody is told that nobody will tell.
        sender.closed().await;
    });
    Ok(stopping)
}

/// Listens at the address that this environment variable has.
///
/// # Errors
/// When the address cannot be had.
pub async fn listen(name: &str, default: &str) -> Result<TcpListener, Failure> {
    let address = setting(name, default);
    let listener =
        TcpListener::bind(&address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    Ok(listener)
}

/// Begins to log, and to serve these pages at `LISTEN`, by default `0.0.0.0:8080`. SIGTERM and SIGINT turn the first of
/// what is returned to true; the second comes to its end when all requests have been answered after that.
///
/// # Errors
/// When the address cannot be had.
pub async fn start(
    pages: Router,
) -> Result<(watch::Receiver<bool>, impl Future<Output = Result<(), Failure>>), Failure> {
    let stopping = stopping()?;
    let listener = listen("LISTEN", "0.0.0.0:8080").await?;
    let mut told = stopping.clone();
    let served = axum::serve(listener, pages).with_graceful_shutdown(async move {
        // An error would say that nobody listens to signals any more.
        let _ = told.wait_for(|stop| *stop).await;
    });
    let served = tokio::spawn(served.into_future());
    Ok((stopping, async move { Ok(served.await??) }))
}
