//! An external scaler as others write them: a server of KEDA's protocol, with every setting that a test wants to turn.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use csop_operator::metric_sources::external::protocol::{
    GetMetricSpecResponse, GetMetricsRequest, GetMetricsResponse, IsActiveResponse, MetricSpec, MetricValue,
    ScaledObjectRef,
};
use futures::{
    FutureExt as _, Stream, StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use http::{Request, Response};
use tokio::{
    runtime::{self, Runtime},
    sync::watch,
};
use tonic::{
    Code, Status,
    body::Body,
    server::{Grpc, NamedService, ServerStreamingService, UnaryService},
    transport::{Certificate, Identity, Server, ServerTlsConfig, server::TcpIncoming},
};
use tonic_prost::ProstCodec;

/// What the scaler answers, and what it was asked.
#[derive(Debug)]
pub struct State {
    pub specs: Vec<MetricSpec>,
    pub values: BTreeMap<String, Vec<MetricValue>>,
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
pub struct Peer {
    pub state: Arc<Mutex<State>>,
    pushed: watch::Sender<bool>,
    pub address: SocketAddr,
    /// Of its own, so that its connections end with it.
    runtime: Option<Runtime>,
}

/// The certificates of a scaler that speaks TLS: its own with the key, and the authority of its clients.
pub struct Tls {
    pub certificate: Vec<u8>,
    pub key: Vec<u8>,
    pub authority: Vec<u8>,
}

pub fn spec(name: &str, size: i64, float: f64) -> MetricSpec {
    MetricSpec { metric_name: name.to_owned(), target_size: size, target_size_float: float }
}

pub fn metric(name: &str, value: i64, float: f64) -> MetricValue {
    MetricValue { metric_name: name.to_owned(), metric_value: value, metric_value_float: float }
}

impl Peer {
    /// Starts one with a metric `queue` of 7, target 2.5.
    pub fn start(tls: Option<Tls>) -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap(), tls)
    }

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
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let incoming = {
            let _within = runtime.enter();
            TcpIncoming::bind(address).unwrap()
        };
        let address = incoming.local_addr().unwrap();
        let (state, pushed) = (Arc::new(Mutex::new(state)), watch::channel(false).0);
        let mut server = Server::builder();
        if let Some(tls) = tls {
            let config = ServerTlsConfig::new()
                .identity(Identity::from_pem(tls.certificate, tls.key))
                .client_ca_root(Certificate::from_pem(tls.authority));
            server = server.tls_config(config).unwrap();
        }
        let service = Service { state: Arc::clone(&state), pushed: pushed.clone() };
        runtime.spawn(server.add_service(service).serve_with_incoming(incoming));
        Self { state, pushed, address, runtime: Some(runtime) }
    }

    pub fn address(&self) -> String {
        self.address.to_string()
    }

    pub fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
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

#[derive(Clone)]
struct Service {
    state: Arc<Mutex<State>>,
    pushed: watch::Sender<bool>,
}

impl NamedService for Service {
    const NAME: &'static str = "externalscaler.ExternalScaler";
}

impl tower::Service<Request<Body>> for Service {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        async move {
            Ok(match request.uri().path() {
                "/externalscaler.ExternalScaler/IsActive" => {
                    Grpc::new(ProstCodec::default()).unary(IsActive(this), request).await
                }
                "/externalscaler.ExternalScaler/GetMetricSpec" => {
                    Grpc::new(ProstCodec::default()).unary(GetMetricSpec(this), request).await
                }
                "/externalscaler.ExternalScaler/GetMetrics" => {
                    Grpc::new(ProstCodec::default()).unary(GetMetrics(this), request).await
                }
                "/externalscaler.ExternalScaler/StreamIsActive" => {
                    Grpc::new(ProstCodec::default()).server_streaming(StreamIsActive(this), request).await
                }
                _ => Status::unimplemented("no such method").into_http(),
            })
        }
        .boxed()
    }
}

impl Service {
    fn asked(&self, object: ScaledObjectRef) -> Result<(), Status> {
        let mut state = self.state.lock().unwrap();
        state.asked.push(object);
        match &state.failing {
            Some((code, message)) => Err(Status::new(*code, message.clone())),
            None => Ok(()),
        }
    }
}

type Answer<T> = BoxFuture<'static, Result<tonic::Response<T>, Status>>;

struct IsActive(Service);

impl UnaryService<ScaledObjectRef> for IsActive {
    type Response = IsActiveResponse;
    type Future = Answer<IsActiveResponse>;

    fn call(&mut self, request: tonic::Request<ScaledObjectRef>) -> Self::Future {
        let answer = self.0.asked(request.into_inner());
        let result = self.0.state.lock().unwrap().active;
        async move { answer.map(|()| tonic::Response::new(IsActiveResponse { result })) }.boxed()
    }
}

struct GetMetricSpec(Service);

impl UnaryService<ScaledObjectRef> for GetMetricSpec {
    type Response = GetMetricSpecResponse;
    type Future = Answer<GetMetricSpecResponse>;

    fn call(&mut self, request: tonic::Request<ScaledObjectRef>) -> Self::Future {
        let answer = self.0.asked(request.into_inner());
        let metric_specs = self.0.state.lock().unwrap().specs.clone();
        async move { answer.map(|()| tonic::Response::new(GetMetricSpecResponse { metric_specs })) }.boxed()
    }
}

struct GetMetrics(Service);

impl UnaryService<GetMetricsRequest> for GetMetrics {
    type Response = GetMetricsResponse;
    type Future = Answer<GetMetricsResponse>;

    fn call(&mut self, request: tonic::Request<GetMetricsRequest>) -> Self::Future {
        let request = request.into_inner();
        let answer = match request.scaled_object_ref {
            Some(object) => self.0.asked(object),
            None => Err(Status::invalid_argument("no scaledObjectRef")),
        };
        let values = self.0.state.lock().unwrap().values.get(&request.metric_name).cloned();
        async move {
            answer?;
            let metric_values = values.ok_or_else(|| Status::not_found("no such metric"))?;
            Ok(tonic::Response::new(GetMetricsResponse { metric_values }))
        }
        .boxed()
    }
}

struct StreamIsActive(Service);

impl ServerStreamingService<ScaledObjectRef> for StreamIsActive {
    type Response = IsActiveResponse;
    type ResponseStream = BoxStream<'static, Result<IsActiveResponse, Status>>;
    type Future = Answer<Self::ResponseStream>;

    fn call(&mut self, request: tonic::Request<ScaledObjectRef>) -> Self::Future {
        let mut state = self.0.state.lock().unwrap();
        state.asked.push(request.into_inner());
        state.streams += 1;
        let pushes = state.pushes;
        let messages = changes(self.0.pushed.subscribe());
        async move {
            if !pushes {
                return Err(Status::unimplemented("unknown method StreamIsActive"));
            }
            Ok(tonic::Response::new(messages.map(|result| Ok(IsActiveResponse { result })).boxed()))
        }
        .boxed()
    }
}

fn changes(pushed: watch::Receiver<bool>) -> impl Stream<Item = bool> {
    stream::unfold(pushed, async |mut pushed| {
        pushed.changed().await.ok()?;
        let active = *pushed.borrow_and_update();
        Some((active, pushed))
    })
}
