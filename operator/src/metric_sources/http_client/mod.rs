//! HTTP to the servers that users name: connections are kept and shared, hosts are checked, answers are bounded.

mod call;
mod config;
mod dialling;
mod failing;

pub(super) use call::{Answer, Call};
pub(super) use config::{address, headers, timeout};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use reqwest::{Certificate, Client, ClientBuilder, Identity, Url};
use ring::digest::{Context, SHA256};

use super::{Credentials, Failure, Hosts};
use dialling::Guard;

/// Idle connections to one server that are kept.
const IDLE_CONNECTIONS: usize = 64;
/// Time after which an idle connection is closed.
const IDLE: Duration = Duration::from_secs(90);
/// Redirects within a server that are followed.
const REDIRECTS: usize = 3;

/// What a Secret may hold for TLS.
const CA: &str = "ca.crt";
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";

/// A digest of the certificates and the key that a client has.
type TlsDigest = [u8; 32];

/// The clients of all sources that speak HTTP: one for servers that ask for no certificates of ours, and one for each set of
/// certificates in use. Each keeps a pool of connections for every server.
#[derive(Clone, Debug)]
pub struct HttpClients(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    hosts: Arc<Hosts>,
    plain: Arc<Client>,
    by_tls: Mutex<HashMap<TlsDigest, Weak<Client>>>,
}

impl HttpClients {
    /// Clients that ask the hosts that may be asked.
    pub fn new(hosts: Arc<Hosts>) -> Self {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Somebody else may have been quicker.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let plain = builder(&hosts).build().or_else(|_| {
            // Without certificates of authorities on the machine, nothing is trusted that a Secret does not name.
            builder(&hosts).tls_certs_only([]).build()
        });
        let plain = Arc::new(plain.expect("nothing in it depends on what users say"));
        Self(Arc::new(Inner { hosts, plain, by_tls: Mutex::default() }))
    }

    /// Which hosts may be asked.
    pub fn hosts(&self) -> &Hosts {
        &self.0.hosts
    }

    /// The client for these credentials.
    fn client(&self, credentials: &Credentials) -> Result<Arc<Client>, Failure> {
        let Some(digest) = digest(credentials) else { return Ok(self.0.plain.clone()) };
        let mut by_tls = self.0.by_tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = by_tls.get(&digest).and_then(Weak::upgrade) {
            return Ok(client);
        }
        let client = Arc::new(with_certificates(builder(&self.0.hosts), credentials)?);
        by_tls.retain(|_, client| client.strong_count() > 0);
        by_tls.insert(digest, Arc::downgrade(&client));
        Ok(client)
    }
}

fn builder(hosts: &Arc<Hosts>) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("csop/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .no_proxy()
        .referer(false)
        .redirect(Policy::custom(
            |attempt| if within_server(&attempt) { attempt.follow() } else { attempt.stop() },
        ))
        .dns_resolver(Guard(hosts.clone()))
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
}

fn within_server(attempt: &Attempt<'_>) -> bool {
    let origin = attempt.previous().first().map(Url::origin);
    attempt.previous().len() <= REDIRECTS && origin == Some(attempt.url().origin())
}

fn digest(credentials: &Credentials) -> Option<TlsDigest> {
    let parts = [CA, CERTIFICATE, KEY].map(|name| credentials.get(name));
    if parts.iter().all(Option::is_none) {
        return None;
    }
    let mut context = Context::new(&SHA256);
    for part in parts {
        let part = part.unwrap_or_default();
        context.update(&part.len().to_le_bytes());
        context.update(part);
    }
    context.finish().as_ref().try_into().ok()
}

fn with_certificates(mut builder: ClientBuilder, credentials: &Credentials) -> Result<Client, Failure> {
    let unreadable =
        |what| move |_| Failure::Unasked(format!("the Secret's {what} cannot be read: it must be PEM"));
    if let Some(ca) = credentials.get(CA) {
        let roots = Certificate::from_pem_bundle(ca).map_err(unreadable(CA))?;
        if roots.is_empty() {
            return Err(Failure::Unasked(format!("the Secret's {CA} holds no certificate")));
        }
        builder = builder.tls_certs_only(roots);
    }
    match (credentials.get(CERTIFICATE), credentials.get(KEY)) {
        (Some(certificate), Some(key)) => {
            let pem = [certificate, b"\n", key].concat();
            let identity = Identity::from_pem(&pem).map_err(unreadable("tls.crt with tls.key"))?;
            builder = builder.identity(identity);
        }
        (None, None) => {}
        _ => {
            return Err(Failure::Unasked(format!(
                "the Secret needs both {CERTIFICATE} and {KEY}, and has one of them"
            )));
        }
    }
    builder.build().map_err(|_| {
        Failure::Unasked(
            "the Secret's certificates cannot be used: do tls.crt and tls.key belong together?".to_owned(),
        )
    })
}
