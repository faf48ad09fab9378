//! A Redis and a Prometheus in pods.

use std::{io, net::SocketAddr};

use k8s_openapi::api::core::v1::Service;
use kube::{Api, Client};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::{HTTP_APP, REQUESTS, REQUESTS_PER_SECOND};
use crate::{
    Cluster, Error,
    demo::inside::dialer,
    load::{Load, Plan},
    node::{Dialer, network::address_of},
};

/// Their addresses in the cluster.
pub(super) const REDIS: &str = "redis.default:6379";
pub(super) const PROMETHEUS: &str = "http://prometheus.default:9090";
const REDIS_PORT: u16 = 6379;

/// What is in pods, and how to talk to it from outside.
pub(super) struct Inside {
    dialer: Dialer,
    services: Api<Service>,
    redis: BufReader<TcpStream>,
    load: Option<Load>,
}

impl Inside {
    /// They must be Ready.
    pub(super) async fn find(cluster: &Cluster, client: &Client) -> Result<Self, Error> {
        let services = Api::default_namespaced(client.clone());
        let dialer = dialer(cluster)?;
        let address = SocketAddr::new(address_of(&services, "redis").await?, REDIS_PORT);
        let redis = dialer.connect(address).await.map_err(|error| unreachable(&error))?;
        Ok(Self { dialer, services, redis: BufReader::new(redis), load: None })
    }

    pub(super) async fn send_requests(&mut self) -> Result<(), Error> {
        let plan = Plan {
            address: SocketAddr::new(address_of(&self.services, HTTP_APP).await?, 80),
            path: "/work?ms=5".to_owned(),
            tls: None,
            per_second: REQUESTS_PER_SECOND,
            connections: 8,
            // Often a new one, so that new pods have their share soon.
            requests_per_connection: 5,
            at_most: REQUESTS,
        };
        self.load = Some(Load::start(self.dialer.clone(), plan));
        Ok(())
    }

    /// How many jobs wait.
    pub(super) async fn queue(&mut self) -> Result<usize, Error> {
        let answer = self.ask("LLEN jobs").await.map_err(|error| unreachable(&error))?;
        let length = answer.strip_prefix(':').and_then(|length| length.trim().parse().ok());
        length.ok_or_else(|| Error::Missing(format!("the length of the queue is {answer:?}")))
    }

    /// Sends a command, and returns the first line of the answer.
    async fn ask(&mut self, command: &str) -> io::Result<String> {
        self.redis.write_all(format!("{command}\r\n").as_bytes()).await?;
        let mut line = String::new();
        self.redis.read_line(&mut line).await?;
        Ok(line)
    }
}

fn unreachable(error: &io::Error) -> Error {
    Error::Missing(format!("Redis does not answer: {error}"))
}
