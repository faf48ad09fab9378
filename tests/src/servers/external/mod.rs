//! An external scaler as others write them: a server of KEDA's protocol, with every setting that a test wants to turn.

pub mod messages;
mod service;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use messages::{MetricSpec, MetricValue, ScaledObjectRef};
use service::Service;
use tokio::{
    runtime::{self, Runtime},
    sync::watch,
};
use tonic::{
    Code,
    transport::{Certificate, Identity, Server, ServerTlsConfig, server::TcpIncoming},
};

/// What the scaler answers, and what it was asked.
#[derive(Debug)]
pub struct State {
    /// Its metrics.
    pub specs: Vec<MetricSpec>,
    /// Their values by name.
    pub values: BTreeMap<String, Vec<MetricValue>>,
    /// Whether there is work, when it is asked.
    pub active: bool,
    /// Fails every call but the stream.
    pub failing: Option<(Code, String)>,
    /// Whether it has the stream.
    pub pushes: bool,
    /// The objects that it was asked about.
    pub asked: Vec<ScaledObjectRef>,
    /// How often the stream was asked for.
    pub streams: usize,
}

/// A running external scaler.
#[derive(Debug)]
pub struct Peer {
    /// What it answers, and what it was asked.
    pub state: Arc<Mutex<State>>,
    pushed: watch::Sender<bool>,
    /// Where it listens.
    pub address: SocketAddr,
    /// Of its own, so that its connections end with it.
    runtime: Option<Runtime>,
}

/// The certificates of a scaler that speaks TLS: its own with the key, and the authority of its clients.
#[derive(Debug)]
pub struct Tls {
    /// Its own certificate, PEM.
    pub certificate: Vec<u8>,
    /// The key of that, PEM.
    pub key: Vec<u8>,
    /// The certificate of the authority that its clients' are from, PEM.
    pub authority: Vec<u8>,
}

/// A metric with the value to aim for.
pub fn spec(name: &str, size: i64, float: f64) -> MetricSpec {
    MetricSpec { metric_name: name.to_owned(), target_size: size, target_size_float: float }
}

/// A value of a metric.
pub fn metric(name: &str, value: i64, float: f64) -> MetricValue {
    MetricValue { metric_name: name.to_owned(), metric_value: value, metric_value_float: float }
}

impl Peer {
    /// Starts one with a metric `queue` of 7, target 2.5.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(tls: Option<Tls>) -> Self {
        Self::start_on((Ipv4Addr::LOCALHOST, 0).into(), tls)
    }

    /// Like [`Self::start`], where another one was.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_on(address: SocketAddr, tls: Option<Tls>) -> Self {
        let state = State {
            specs: vec![spec("queue", 10, 2.5)],
            values: BTreeMap::from([("queue".to_owned(), vec![metric("queue", 7, 0.0)])]),
            active: true,
            failing: None,
            pushes: true,
            asked: vec![],
            streams: 0,
        };
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a thread can be started");
        let incoming = {
            let _within = runtime.enter();
            TcpIncoming::bind(address).expect("the port is free")
        };
        let address = incoming.local_addr().expect("it listens");
        let (state, pushed) = (Arc::new(Mutex::new(state)), watch::channel(false).0);
        let mut server = Server::builder();
        if let Some(tls) = tls {
            let config = ServerTlsConfig::new()
                .identity(Identity::from_pem(tls.certificate, tls.key))
                .client_ca_root(Certificate::from_pem(tls.authority));
            server = server.tls_config(config).expect("the certificates are valid");
        }
        let service = Service { state: Arc::clone(&state), pushed: pushed.clone() };
        runtime.spawn(server.add_service(service).serve_with_incoming(incoming));
        Self { state, pushed, address, runtime: Some(runtime) }
    }

    /// Where it listens, as a metric's configuration has it.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Changes what it answers.
    pub fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How often the stream was asked for.
    pub fn streams(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).streams
    }

    /// Tells all listeners whether there is work.
    pub fn push(&self, active: bool) {
        self.pushed.send_replace(active);
    }

    /// Ends it with all its connections.
    pub fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.kill();
    }
}
