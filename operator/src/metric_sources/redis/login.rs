//! Who we are to a Redis.

use super::place::{Place, Topology};
use crate::metric_sources::certificates::{Certificates, present};
use crate::metric_sources::{Credentials, Failure};

/// A user with a password; without a user, that is the default one.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Account {
    pub user: Option<String>,
    pub password: Option<String>,
}

/// All that is presented when a connection is opened.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Login {
    pub server: Account,
    pub sentinel: Account,
    pub certificates: Certificates,
}

impl Login {
    /// Takes `username`, `password`, `sentinelUsername`, `sentinelPassword` and the certificates from a Secret, as far as this place
    /// needs them.
    pub fn of(credentials: &Credentials, place: &Place) -> Result<Self, Failure> {
        present(credentials)?;
        let text = |name| credentials.text(name).map(str::to_owned);
        let server =
            Account { user: place.user.clone().or_else(|| text("username")), password: text("password") };
        if let Account { user: Some(user), password: None } = &server {
            return Err(Failure::Unasked(format!(
                "the Redis user {user:?} needs a password: put it under the key `password` into a Secret that authRef names"
            )));
        }
        let sentinel = match place.topology {
            Topology::Sentinel(_) => {
                Account { user: text("sentinelUsername"), password: text("sentinelPassword") }
            }
            Topology::Single | Topology::Cluster => Account::default(),
        };
        let certificates = if place.tls { Certificates::of(credentials)? } else { Certificates::default() };
        Ok(Self { server, sentinel, certificates })
    }
}
