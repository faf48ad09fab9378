//! What a `CashService` wants of an image without being told anything: HTTPS on `LISTEN_HTTPS`, by default `0.0.0.0:8443`, and
//! over plain HTTP, on `LISTEN`, by default `0.0.0.0:8080`, the health pages and metrics.
//!
//! `GET /` answers with the pod's name, `/work?ms=50` takes 50 milliseconds, `/burn?ms=50` keeps a processor busy for that
//! long. After SIGTERM it is not ready, answers what still comes for `LINGER_MILLIS`, by default two seconds, and asks each client to
//! connect elsewhere; then it closes the connections that are idle, and ends when the last request is answered.

mod tls;

use std::{
    collections::BTreeMap,
    path::Path,
    pin::pin,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Query, Request, State},
    http::{HeaderValue, StatusCode, header::CONNECTION},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use csop_examples::{Failure, LONGEST, listen, pages, setting, stopping, work};
use prometheus_client::metrics::counter::Counter;
use tls::Tls;
use tokio::sync::watch;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let stopping = stopping()?;
    let (requests, pages) =
        pages("http_requests", "Requests that have been answered, without those of health");
    let health = listen("LISTEN", "0.0.0.0:8080").await?;
    tokio::spawn(axum::serve(health, pages.merge(health_pages(&stopping))).into_future());
    let name = setting("HOSTNAME", "shop");
    let folder = setting("TLS_FOLDER", "/etc/secrets/tls");
    let names = vec![name.clone(), "shop".to_owned(), "localhost".to_owned()];
    let listener = Tls::new(listen("LISTEN_HTTPS", "0.0.0.0:8443").await?, Path::new(&folder), names)?;
    serve(listener, application(name, requests, stopping.clone()), stopping).await
}

/// Serves until the end, which is bounded whatever the clients do.
async fn serve(listener: Tls, pages: Router, stopping: watch::Receiver<bool>) -> Result<(), Failure> {
    let linger = Duration::from_millis(setting("LINGER_MILLIS", "2000").parse()?);
    let stop = stopping.clone();
    let served = axum::serve(listener, pages).with_graceful_shutdown(async move {
        stopped(stop).await;
        tokio::time::sleep(linger).await;
    });
    let mut served = pin!(served.into_future());
    tokio::select! {
        done = &mut served => Ok(done?),
        () = async {
            stopped(stopping).await;
            tokio::time::sleep(linger + LONGEST).await;
        } => Err("a client has not read its answer".into()),
    }
}

/// Waits for SIGTERM.
async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error would say that nobody listens to signals any more.
    let _ = stopping.wait_for(|stop| *stop).await;
}

fn health_pages(stopping: &watch::Receiver<bool>) -> Router {
    let stopping = stopping.clone();
    let ready = async move || {
        if *stopping.borrow() {
            (StatusCode::SERVICE_UNAVAILABLE, "about to end\n")
        } else {
            (StatusCode::OK, "ready\n")
        }
    };
    Router::new().route("/_liveness", get(async || "alive\n")).route("/_readiness", get(ready))
}

fn application(name: String, requests: Counter, stopping: watch::Receiver<bool>) -> Router {
    let line = format!("{name}\n");
    let worked = async |Query(query): Query<BTreeMap<String, u64>>| {
        work(millis(&query)).await;
        "done\n"
    };
    let burnt = async |Query(query): Query<BTreeMap<String, u64>>| {
        let millis = millis(&query);
        // Not on the thread that answers.
        let done =
            tokio::task::spawn_blocking(move || burn(Duration::from_millis(millis).min(LONGEST))).await;
        done.map(|()| "done\n").map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
    };
    let pages = Router::new().route("/", get(async move || line)).route("/work", get(worked));
    pages
        .route("/burn", get(burnt))
        .layer(middleware::from_fn_with_state((requests, stopping), count_and_part))
}

/// Counts a request. A client that used a connection again in the instant in which it is closed would lose its request: near the
/// end, it is told with the answer.
async fn count_and_part(
    State((requests, stopping)): State<(Counter, watch::Receiver<bool>)>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    requests.inc();
    if *stopping.borrow() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn millis(query: &BTreeMap<String, u64>) -> u64 {
    query.get("ms").copied().unwrap_or(10)
}

fn burn(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}
