//! A subscription of Google Cloud Pub/Sub, as Cloud Monitoring measures it.

mod account;
mod answer;
mod monitoring;
mod token;

pub use token::Tokens;

use std::sync::Arc;
use std::time::Duration;

use csop_shared::api::general_scaler::{Signal, SourceConfig};
use csop_shared::scale::{Invalid, Reading};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::http_client::{address, timeout};
use super::{Credentials, Failure, Query, Sources};
use monitoring::{Measured, Monitoring, Subscription};
use token::{Identity, TokenSeat};

const ENDPOINT: &str = "https://monitoring.googleapis.com";

struct PubSub {
    monitoring: Monitoring,
    tokens: TokenSeat,
    /// Whether the operator's own identity may be shown to the endpoint.
    trusted: bool,
    timeout: Duration,
}

/// The query of a metric of type pubsub.
pub(super) fn build(
    sources: &Sources,
    config: &SourceConfig,
    field: &str,
) -> Result<Arc<dyn Query>, Invalid> {
    let subscription = Subscription {
        project: project(config.project_id.as_deref().unwrap_or_default(), field)?,
        name: subscription(config.subscription.as_deref().unwrap_or_default(), field)?,
        signal: match config.signal {
            None | Some(Signal::Backlog) => monitoring::Signal::Backlog,
            Some(Signal::OldestAge) => monitoring::Signal::OldestAge,
            Some(Signal::Lag | Signal::Pending) => {
                return Err(Invalid::new(format!("{field}.signal"), "must be backlog or oldestAge"));
            }
        },
    };
    let written = config.endpoint.as_deref().unwrap_or(ENDPOINT);
    let endpoint = address(&sources.hosts, written, &format!("{field}.endpoint"))?;
    let host = endpoint.host_str().unwrap_or_default();
    let of_google = endpoint.scheme() == "https" && host.ends_with(".googleapis.com");
    Ok(Arc::new(PubSub {
        trusted: of_google || sources.hosts.names(host),
        monitoring: Monitoring::new(&sources.http, endpoint, subscription),
        tokens: sources.tokens.seat(&sources.http),
        timeout: timeout(config),
    }))
}

fn project(id: &str, field: &str) -> Result<String, Invalid> {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:".contains(c);
    if id.is_empty() || !id.chars().all(known) {
        let problem = "must be the ID of a project, such as shop-prod: lower-case letters, digits and '-'";
        return Err(Invalid::new(format!("{field}.projectId"), problem));
    }
    Ok(id.to_owned())
}

fn subscription(name: &str, field: &str) -> Result<String, Invalid> {
    let known = |c: char| c.is_ascii_alphanumeric() || "-_.~+%".contains(c);
    if name.is_empty() || !name.chars().all(known) {
        let problem =
            "must be the short name of a subscription, without projects/ID/subscriptions/ before it";
        return Err(Invalid::new(format!("{field}.subscription"), problem));
    }
    Ok(name.to_owned())
}

impl PubSub {
    async fn reading(&self, credentials: &Credentials) -> Result<Reading, Failure> {
        let identity = Identity::of(credentials)?;
        if identity.is_own() && !self.trusted {
            return Err(Failure::Unasked(format!(
                "{} is not of Google, so it is not shown the operator's own identity: put a service account's key into a Secret \
                 that authRef names",
                self.monitoring.origin()
            )));
        }
        let token = self.token(&identity).await?;
        match self.monitoring.measure(&token).await? {
            Measured::Reading(reading) => return Ok(reading),
            // It may have been revoked before its time.
            Measured::TokenRefused(_) => self.tokens.forget(&identity),
        }
        let token = self.token(&identity).await?;
        match self.monitoring.measure(&token).await? {
            Measured::Reading(reading) => Ok(reading),
            Measured::TokenRefused(failure) => {
                self.tokens.forget(&identity);
                Err(failure)
            }
        }
    }

    /// A failure here is one of the account, and keeps nobody else from asking Cloud Monitoring.
    async fn token(&self, identity: &Identity) -> Result<String, Failure> {
        let got = tokio::time::timeout(self.timeout, self.tokens.get(identity)).await;
        let problem = match got {
            Ok(Ok(token)) => return Ok(token),
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => format!("no answer within {} s", self.timeout.as_secs()),
        };
        Err(Failure::Unasked(format!("cannot get a token for {identity}: {problem}")))
    }
}

impl Query for PubSub {
    fn origin(&self) -> &str {
        self.monitoring.origin()
    }

    /// A token may have to be got first, and one request may have to be made in two ways.
    fn timeout(&self) -> Duration {
        self.timeout * 3
    }

    fn ask<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<Reading, Failure>> {
        self.reading(credentials).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_ones() {
        assert!(project("shop-prod1", "config").is_ok());
        assert!(project("example.com:shop", "config").is_ok());
        assert!(project("Shop", "config").is_err());
        assert!(subscription("orders_v2.dead~1", "config").is_ok());
        let long = subscription("projects/shop/subscriptions/orders", "config").unwrap_err();
        assert!(long.problem.contains("without projects/"), "{}", long.problem);
        assert!(subscription("a\"} or vector(1)", "config").is_err());
    }
}
