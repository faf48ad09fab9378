//! Looking names up for the client.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use redis::RedisFuture;
use redis::io::AsyncDNSResolver;

use crate::metric_sources::address::Address;
use crate::metric_sources::nearby::told;
use crate::metric_sources::{Failure, Hosts};

/// Looks names up under the rule of which hosts may be asked, for the addresses that a cluster announces too.
pub(super) struct Resolver {
    hosts: Arc<Hosts>,
    /// Whoever announces addresses.
    server: String,
    /// Why a name was not looked up; the client passes on no more than a text.
    pub refused: Arc<Mutex<Option<Failure>>>,
}

impl Resolver {
    /// For connections to this server, and to whom it announces.
    pub fn new(hosts: &Arc<Hosts>, server: &Address) -> Self {
        Self { hosts: Arc::clone(hosts), server: server.host.clone(), refused: Arc::default() }
    }
}

/// Takes the reason out.
pub(super) fn taken(refused: &Mutex<Option<Failure>>) -> Option<Failure> {
    refused.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl AsyncDNSResolver for Resolver {
    fn resolve<'a, 'b: 'a>(
        &'a self,
        host: &'b str,
        port: u16,
    ) -> RedisFuture<'a, Box<dyn Iterator<Item = SocketAddr> + Send + 'a>> {
        async move {
            match self.hosts.resolve(&told(&self.server, host), port).await {
                Ok(addresses) if !addresses.is_empty() => {
                    let addresses: Box<dyn Iterator<Item = SocketAddr> + Send> =
                        Box::new(addresses.into_iter());
                    Ok(addresses)
                }
                Ok(_) => Err(io::Error::other(format!("{host} has no address")).into()),
                Err(failure) => {
                    let error = io::Error::other(failure.to_string());
                    *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
                    Err(error.into())
                }
            }
        }
        .boxed()
    }
}
