//! A steady load on a server in the network of a real node, and what became of each request.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use http::{Request, header::HOST};
use http_body_util::{BodyExt as _, Empty};
use hyper::{
    body::Bytes,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use tokio_rustls::TlsConnector;

use crate::node::Dialer;

/// A request that has no answer until then is lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// More losses than this are only counted.
const TOLD: usize = 10;

/// What is asked, and how often.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where it is.
    pub address: SocketAddr,
    /// Path and query of every request.
    pub path: String,
    /// The name on the server's certificate, and which certificates are good; without it, there is no TLS.
    pub tls: Option<(ServerName<'static>, Arc<ClientConfig>)>,
    /// Requests in a second, by all connections together.
    pub per_second: u32,
    /// Connections at a time.
    pub connections: u32,
    /// After so many requests a connection is closed and another one made.
    pub requests_per_connection: u32,
    /// It ends by itself after so many requests.
    pub at_most: u32,
}

/// A running load. Dropping it ends it.
#[derive(Debug)]
pub struct Load {
    workers: JoinSet<Report>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    plan: Plan,
    dialer: Dialer,
    began: Instant,
    begun: AtomicU32,
    stopped: AtomicBool,
}

/// What became of the requests.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    /// Requests with an answer of 200.
    pub answered: u32,
    /// Requests sent once more: the server had closed a connection that was used before, without any answer. All clients
    /// of HTTP do so for requests that change nothing (RFC 9110, 9.2.2).
    pub repeated: u32,
    /// Requests with another answer or none.
    pub lost: u32,
    /// When the first of those were sent, and why they were lost.
    pub reasons: Vec<String>,
}

impl Report {
    /// Requests that were to be answered.
    pub fn sent(&self) -> u32 {
        self.answered + self.lost
    }

    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.repeated += other.repeated;
        self.lost += other.lost;
        self.reasons.extend(other.reasons);
        self.reasons.sort();
        self.reasons.truncate(TOLD);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered, {} repeated, {} lost", self.answered, self.repeated, self.lost)?;
        self.reasons.iter().try_for_each(|reason| write!(f, "\n  {reason}"))
    }
}

/// Why a request has no good answer.
enum Failure {
    /// The connection was closed before anything came back.
    Closed(String),
    Lost(String),
}

impl Load {
    /// Begins.
    pub fn start(dialer: Dialer, plan: Plan) -> Self {
        let began = Instant::now();
        let (begun, stopped) = (AtomicU32::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { plan, dialer, began, begun, stopped });
        let workers = (0..shared.plan.connections).map(|index| work(shared.clone(), index)).collect();
        Self { workers, shared }
    }

    /// How many requests have begun so far.
    pub fn begun(&self) -> u32 {
        self.shared.begun.load(Ordering::Relaxed).min(self.shared.plan.at_most)
    }

    /// Sends nothing more, and waits for the answers that are still to come.
    pub async fn end(mut self) -> Report {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let mut total = Report::default();
        while let Some(report) = self.workers.join_next().await {
            total.add(report.expect("nothing in it panics"));
        }
        total
    }
}

/// Sends every so often over a connection of its own.
async fn work(shared: Arc<Shared>, index: u32) -> Report {
    let plan = &shared.plan;
    let every = Duration::from_secs(1) * plan.connections / plan.per_second;
    let mut ticks = interval_at(shared.began + every * index / plan.connections, every);
    // What was late stays late, so that the rate is never above the plan's.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut connection = None;
    let mut report = Report::default();
    loop {
        ticks.tick().await;
        let over = shared.stopped.load(Ordering::Relaxed)
            || shared.begun.fetch_add(1, Ordering::Relaxed) >= plan.at_most;
        if over {
            return report;
        }
        let at = shared.began.elapsed().as_secs_f32();
        match shared.ask(&mut connection, &mut report.repeated).await {
            Ok(()) => report.answered += 1,
            Err(reason) => {
                report.lost += 1;
                report.reasons.push(format!("at {at:6.2} s: {reason}"));
                report.reasons.truncate(TOLD);
            }
        }
    }
}

/// A connection and how many requests went over it.
type Connection = (SendRequest<Empty<Bytes>>, u32);

impl Shared {
    /// Sends one request, over the connection if it can still be used.
    async fn ask(&self, connection: &mut Option<Connection>, repeated: &mut u32) -> Result<(), String> {
        let used = connection
            .take()
            .filter(|(sender, uses)| !sender.is_closed() && *uses < self.plan.requests_per_connection);
        if let Some((mut sender, uses)) = used {
            match self.send(&mut sender).await {
                Ok(()) => {
                    *connection = Some((sender, uses + 1));
                    return Ok(());
                }
                Err(Failure::Lost(reason)) => return Err(reason),
                Err(Failure::Closed(_)) => *repeated += 1,
            }
        }
        let made = timeout(ANSWER_WITHIN, self.connect()).await;
        let mut sender = made.map_err(|_| "no connection in time".to_owned())?.map_err(|e| e.to_string())?;
        match self.send(&mut sender).await {
            Ok(()) => {
                *connection = Some((sender, 1));
                Ok(())
            }
            Err(Failure::Closed(reason) | Failure::Lost(reason)) => Err(reason),
        }
    }

    async fn send(&self, sender: &mut SendRequest<Empty<Bytes>>) -> Result<(), Failure> {
        let host = self.plan.tls.as_ref().map_or_else(|| "node".into(), |(name, _)| name.to_str());
        let request = Request::get(&self.plan.path).header(HOST, &*host).body(Empty::new());
        let request = request.map_err(|error| Failure::Lost(error.to_string()))?;
        let answered = async {
            sender.ready().await.map_err(closed)?;
            let response = sender.send_request(request).await.map_err(closed)?;
            let status = response.status();
            // Once something has come back, nothing may be repeated.
            response.into_body().collect().await.map_err(|error| Failure::Lost(error.to_string()))?;
            if status.is_success() { Ok(()) } else { Err(Failure::Lost(format!("answered {status}"))) }
        };
        timeout(ANSWER_WITHIN, answered)
            .await
            .unwrap_or_else(|_| Err(Failure::Lost("no answer in time".into())))
    }

    async fn connect(&self) -> io::Result<SendRequest<Empty<Bytes>>> {
        let stream = self.dialer.connect(self.plan.address).await?;
        match &self.plan.tls {
            None => over(stream).await,
            Some((name, config)) => {
                over(TlsConnector::from(config.clone()).connect(name.clone(), stream).await?).await
            }
        }
    }
}

async fn over<S>(stream: S) -> io::Result<SendRequest<Empty<Bytes>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // How it ends is seen by whoever sends.
    tokio::spawn(async move { connection.await.ok() });
    Ok(sender)
}

fn closed(error: hyper::Error) -> Failure {
    let reason = format!(
        "{error}: {}",
        std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default()
    );
    match error.is_closed() || error.is_canceled() || error.is_incomplete_message() || is_reset(&error) {
        true => Failure::Closed(reason),
        false => Failure::Lost(reason),
    }
}

fn is_reset(error: &hyper::Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|source| {
        matches!(source.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
