//! Tokens of Google Cloud: got once, shared, and renewed before they expire.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;

use super::account::{Account, SCOPE, SECRET_KEY};
use crate::metric_sources::answer::quoted;
use crate::metric_sources::http_client::{Answer, Call};
use crate::metric_sources::pool::{Pool, Seat, Use};
use crate::metric_sources::{Credentials, Failure, Hosts, HttpClients};

/// The variable that names another metadata server, as in Google's own libraries.
const METADATA_HOST: &str = "GCE_METADATA_HOST";
/// The metadata server of every machine of Google Cloud.
const DEFAULT_METADATA_HOST: &str = "169.254.169.254";
const METADATA_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
/// So long before a token expires, another one is got.
const RESERVE: Duration = Duration::from_secs(60);

/// Whose token it is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// The operator's own, by workload identity.
    Own,
    /// That of a service account whose key is in a Secret.
    Account(Arc<Account>),
}

#[derive(Clone)]
struct Token {
    value: Arc<str>,
    until: Instant,
}

/// All tokens in use, and where the operator's own come from.
#[derive(Clone)]
pub struct Tokens {
    pool: Pool<Identity, Token>,
    metadata_host: Arc<str>,
}

/// A query's place among the tokens.
pub(super) struct TokenSeat {
    seat: Seat<Identity, Token>,
    http: HttpClients,
    metadata_host: Arc<str>,
}

impl Tokens {
    /// Takes the metadata server from the environment.
    pub fn from_environment() -> Self {
        let host = std::env::var(METADATA_HOST).ok().filter(|host| !host.is_empty());
        Self::with_metadata_host(host.as_deref().unwrap_or(DEFAULT_METADATA_HOST))
    }

    /// Takes the operator's own tokens from this metadata server, a host with or without a port.
    pub fn with_metadata_host(host: &str) -> Self {
        Self { pool: Pool::default(), metadata_host: Arc::from(host) }
    }

    pub(super) fn seat(&self, http: &HttpClients) -> TokenSeat {
        TokenSeat {
            seat: self.pool.seat(),
            http: http.clone(),
            metadata_host: Arc::clone(&self.metadata_host),
        }
    }
}

impl Identity {
    /// The account in a Secret; without a Secret, the operator's own identity.
    pub fn of(credentials: &Credentials) -> Result<Self, Failure> {
        crate::metric_sources::certificates::present(credentials)?;
        match credentials.get(SECRET_KEY) {
            Some(json) => Ok(Self::Account(Arc::new(Account::read(json)?))),
            None if credentials.version().is_empty() => Ok(Self::Own),
            None => Err(Failure::Unasked(format!(
                "the Secret of authRef has no key {SECRET_KEY}, the key of a service account in JSON"
            ))),
        }
    }

    pub fn is_own(&self) -> bool {
        matches!(self, Self::Own)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("the operator's own identity"),
            Self::Account(account) => f.write_str(&account.email),
        }
    }
}

impl TokenSeat {
    /// A token that is still good for a while.
    pub async fn get(&self, identity: &Identity) -> Result<String, Failure> {
        let taken = self.take(identity);
        let mut token = taken.connection().await;
        if token.as_ref().is_ok_and(|token| token.until <= Instant::now()) {
            // It goes, since its use is not settled.
            drop(taken);
            let taken = self.take(identity);
            token = taken.connection().await;
            taken.settle(&token);
        } else {
            taken.settle(&token);
        }
        token.map(|token| token.value.to_string())
    }

    /// Takes no more of a token that was refused.
    pub fn forget(&self, identity: &Identity) {
        drop(self.take(identity));
    }

    fn take(&self, identity: &Identity) -> Use<Token> {
        self.seat.take(identity, || self.fetch(identity.clone()))
    }

    fn fetch(&self, identity: Identity) -> BoxFuture<'static, Result<Token, Failure>> {
        let (http, host) = (self.http.clone(), Arc::clone(&self.metadata_host));
        async move {
            let asked = Instant::now();
            let answer = match &identity {
                Identity::Own => of_metadata(&host).await?,
                Identity::Account(account) => of_account(&http, account).await?,
            };
            read(&answer.0, &answer.1, asked)
        }
        .boxed()
    }
}

/// Asks the metadata server. It is the operator itself that does, so the rule for what users name does not hold.
async fn of_metadata(host: &str) -> Result<(String, Answer), Failure> {
    let origin = format!("http://{host}");
    let unusable = || Failure::Unasked(format!("{METADATA_HOST} has to be a host, or a host with a port"));
    let mut url = Url::parse(&origin).map_err(|_| unusable())?;
    url.set_path(METADATA_PATH);
    url.query_pairs_mut().append_pair("scopes", SCOPE);
    let only = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let clients = HttpClients::new(Arc::new(Hosts::new([only]).map_err(|_| unusable())?));
    let flavor = HeaderMap::from_iter([(
        "metadata-flavor".parse().expect("it is a header's name"),
        HeaderValue::from_static("Google"),
    )]);
    let call = Call::new(&clients, Method::GET, url).headers(flavor);
    match call.send(&Credentials::default()).await {
        Ok(answer) => Ok((origin, answer)),
        Err(Failure::Unreachable { .. }) => Err(Failure::Unasked(format!(
            "there is no metadata server of Google Cloud at {host}; elsewhere, put the key of a service account under {SECRET_KEY} into a \
             Secret that authRef names"
        ))),
        Err(Failure::Refused { problem, .. }) => Err(Failure::Refused {
            origin,
            problem: format!("{problem}; is workload identity set up for the operator's service account?"),
        }),
        Err(other) => Err(other),
    }
}

/// Asks the token endpoint that the account's key names; a user wrote that key.
async fn of_account(http: &HttpClients, account: &Account) -> Result<(String, Answer), Failure> {
    let url = Url::parse(&account.token_uri).ok().filter(Url::has_host);
    let url = url.ok_or_else(|| Failure::Unasked(format!("the token_uri in {SECRET_KEY} is no address")))?;
    let mut form = url.clone();
    form.set_query(None);
    form.query_pairs_mut()
        .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
        .append_pair("assertion", &account.assertion(Timestamp::now())?);
    let call = Call::new(http, Method::POST, url).form(form.query().unwrap_or_default());
    let answer = call.send(&Credentials::default()).await?;
    Ok((call.origin().to_owned(), answer))
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

#[derive(Deserialize)]
struct Denied {
    error: String,
    #[serde(default)]
    error_description: String,
}

fn read(origin: &str, answer: &Answer, asked: Instant) -> Result<Token, Failure> {
    if !answer.status.is_success() {
        let problem = match serde_json::from_slice::<Denied>(&answer.body) {
            Ok(denied) => quoted(&format!("{}: {}", denied.error, denied.error_description)),
            Err(_) => format!("it answers {}", answer.status),
        };
        return Err(Failure::Refused { origin: origin.to_owned(), problem });
    }
    let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| Failure::Unusable {
        origin: origin.to_owned(),
        problem: "something that is no token".to_owned(),
    })?;
    let life = Duration::from_secs(granted.expires_in.min(86_400));
    // A token that was about to expire when it came is used for half of what is left.
    let until = asked + life.saturating_sub(RESERVE).max(life / 2);
    Ok(Token { value: Arc::from(granted.access_token), until })
}
