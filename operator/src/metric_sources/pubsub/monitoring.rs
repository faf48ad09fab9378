//! The two ways in which Cloud Monitoring is asked: its PromQL endpoint, and its list of time series.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use csop_shared::scale::Reading;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode, Url};

use super::answer;
use crate::metric_sources::http_client::{Answer, Call};
use crate::metric_sources::{Credentials, Failure, HttpClients, promql};

/// How far back points are looked for. They come once a minute, and up to four minutes late.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// How long the list of time series is preferred after it was the only one to answer.
const PREFERENCE: Duration = Duration::from_secs(3600);

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Backlog,
    OldestAge,
}

/// A subscription, and what is wanted of it.
pub(super) struct Subscription {
    pub project: String,
    pub name: String,
    pub signal: Signal,
}

/// What became of a question.
pub(super) enum Measured {
    Reading(Reading),
    /// The token is not accepted, or not any more.
    TokenRefused(Failure),
}

/// Cloud Monitoring, as it is asked about a subscription.
pub(super) struct Monitoring {
    http: HttpClients,
    origin: String,
    endpoint: Url,
    subscription: Subscription,
    /// Since when PromQL is known to be of no use.
    listing: Mutex<Option<Instant>>,
}

impl Monitoring {
    pub fn new(http: &HttpClients, endpoint: Url, subscription: Subscription) -> Self {
        let origin = endpoint.origin().ascii_serialization();
        Self { http: http.clone(), origin, endpoint, subscription, listing: Mutex::default() }
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Asks in the way that worked last.
    pub async fn measure(&self, token: &str) -> Result<Measured, Failure> {
        let token = Credentials::of_token(token);
        let since = *self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        if since.is_none_or(|since| since.elapsed() > PREFERENCE) {
            let answer = self.ask(self.promql()?, &token).await?;
            if !is_absent(answer.status) {
                return self.read(&answer, promql::reading(&self.origin, &answer.body, Timestamp::now()));
            }
        }
        let now = Timestamp::now();
        let answer = self.ask(self.list(now)?, &token).await?;
        if answer.status.is_success() {
            *self.listing.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(since.filter(|since| since.elapsed() <= PREFERENCE).unwrap_or_else(Instant::now));
        }
        self.read(&answer, answer::series(&self.origin, &answer.body, now))
    }

    async fn ask(&self, url: Url, token: &Credentials) -> Result<Answer, Failure> {
        Call::new(&self.http, Method::GET, url).send(token).await
    }

    fn read(&self, answer: &Answer, reading: Result<Reading, Failure>) -> Result<Measured, Failure> {
        if answer.status.is_success() {
            return reading.map(Measured::Reading);
        }
        let failure = answer::refusal(&self.origin, answer.status, &answer.body, &self.subscription.project);
        if answer.status == StatusCode::UNAUTHORIZED {
            Ok(Measured::TokenRefused(failure))
        } else {
            Err(failure)
        }
    }

    /// The address of an instant query.
    fn promql(&self) -> Result<Url, Failure> {
        let Subscription { project, name, signal } = &self.subscription;
        let metric = match signal {
            Signal::Backlog => "pubsub_googleapis_com:subscription_num_undelivered_messages",
            Signal::OldestAge => "pubsub_googleapis_com:subscription_oldest_unacked_message_age",
        };
        let labels = format!(
            "monitored_resource=\"pubsub_subscription\",project_id=\"{project}\",subscription_id=\"{name}\""
        );
        let path = ["v1", "projects", project, "location", "global", "prometheus", "api", "v1", "query"];
        let mut url = self.at(&path)?;
        url.query_pairs_mut().append_pair("query", &format!("{metric}{{{labels}}}"));
        Ok(url)
    }

    /// The address of the latest time series.
    fn list(&self, now: Timestamp) -> Result<Url, Failure> {
        let Subscription { project, name, signal } = &self.subscription;
        let metric = match signal {
            Signal::Backlog => "num_undelivered_messages",
            Signal::OldestAge => "oldest_unacked_message_age",
        };
        let filter = format!(
            "metric.type = \"pubsub.googleapis.com/subscription/{metric}\" AND resource.type = \"pubsub_subscription\" \
             AND resource.labels.project_id = \"{project}\" AND resource.labels.subscription_id = \"{name}\""
        );
        let mut url = self.at(&["v3", "projects", project, "timeSeries"])?;
        url.query_pairs_mut()
            .append_pair("filter", &filter)
            .append_pair("interval.startTime", &(now - WINDOW).to_string())
            .append_pair("interval.endTime", &now.to_string())
            .append_pair("view", "FULL");
        Ok(url)
    }

    fn at(&self, path: &[&str]) -> Result<Url, Failure> {
        let mut url = self.endpoint.clone();
        url.set_query(None);
        url.set_fragment(None);
        match url.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().extend(path),
            Err(()) => return Err(Failure::Unasked(format!("{} is no address for requests", self.origin))),
        };
        Ok(url)
    }
}

/// Whether an answer may mean that the endpoint is not available to this project or account, while the other one could be.
fn is_absent(status: StatusCode) -> bool {
    let absent = [
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED,
        StatusCode::NOT_IMPLEMENTED,
    ];
    absent.contains(&status)
}
