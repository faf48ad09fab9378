//! The methods of KEDA's service.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures::{
    FutureExt as _, Stream, StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use http::{Request, Response};
use tokio::sync::watch;
use tonic::{
    Status,
    body::Body,
    server::{Grpc, NamedService, ServerStreamingService, UnaryService},
};
use tonic_prost::ProstCodec;

use super::{
    State,
    messages::{
        GetMetricSpecResponse, GetMetricsRequest, GetMetricsResponse, IsActiveResponse, ScaledObjectRef,
    },
};

#[derive(Clone)]
pub(super) struct Service {
    pub(super) state: Arc<Mutex<State>>,
    pub(super) pushed: watch::Sender<bool>,
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
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self, object: ScaledObjectRef) -> Result<(), Status> {
        let mut state = self.state();
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
        let result = self.0.state().active;
        async move { answer.map(|()| tonic::Response::new(IsActiveResponse { result })) }.boxed()
    }
}

struct GetMetricSpec(Service);

impl UnaryService<ScaledObjectRef> for GetMetricSpec {
    type Response = GetMetricSpecResponse;
    type Future = Answer<GetMetricSpecResponse>;

    fn call(&mut self, request: tonic::Request<ScaledObjectRef>) -> Self::Future {
        let answer = self.0.asked(request.into_inner());
        let metric_specs = self.0.state().specs.clone();
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
        let values = self.0.state().values.get(&request.metric_name).cloned();
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
        let mut state = self.0.state();
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
