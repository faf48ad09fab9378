//! Names become addresses that may be asked.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::metric_sources::{Failure, Hosts};

/// Resolves names for a client; literal addresses never come here.
pub(super) struct Guard(pub(super) Arc<Hosts>);

/// Why a name has no address that may be asked, as an error that passes through the client.
#[derive(Debug)]
pub(super) struct NoAddress(pub(super) Failure);

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for NoAddress {}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let hosts = self.0.clone();
        Box::pin(async move {
            // The client puts the port of the address in the place of 0.
            let found = hosts.resolve(name.as_str(), 0).await.map_err(NoAddress)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
