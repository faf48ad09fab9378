//! A request that is made again and again.

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Method, Request, Response, StatusCode, Url};

use super::{CA, CERTIFICATE, HttpClients, KEY, failing};
use crate::metric_sources::{Credentials, Failure};

/// Most bytes of an answer that are read.
const LIMIT: usize = 1024 * 1024;
/// How keys of a Secret begin that are headers: `header.X-Api-Key`.
const HEADER_PREFIX: &str = "header.";

/// A request without credentials, which come with each asking.
pub(in crate::metric_sources) struct Call {
    clients: HttpClients,
    origin: String,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<String>,
    prepared: Mutex<Option<Arc<Prepared>>>,
}

/// The request as the credentials of this version make it.
struct Prepared {
    version: String,
    client: Arc<Client>,
    request: Request,
}

/// What a server said.
#[derive(Debug)]
pub(in crate::metric_sources) struct Answer {
    /// Its status: a success, or an error of the request.
    pub(in crate::metric_sources) status: StatusCode,
    /// Its body, whole.
    pub(in crate::metric_sources) body: Vec<u8>,
}

impl Call {
    pub(in crate::metric_sources) fn new(clients: &HttpClients, method: Method, url: Url) -> Self {
        let origin = url.origin().ascii_serialization();
        let (clients, headers, prepared) = (clients.clone(), HeaderMap::new(), Mutex::default());
        Self { clients, origin, method, url, headers, body: None, prepared }
    }

    /// With further headers.
    pub(in crate::metric_sources) fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// With the fields of a form.
    pub(in crate::metric_sources) fn form(mut self, fields: &str) -> Self {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.headers.insert(reqwest::header::CONTENT_TYPE, form);
        self.body = Some(fields.to_owned());
        self
    }

    /// Who is asked.
    pub(in crate::metric_sources) fn origin(&self) -> &str {
        &self.origin
    }

    /// Asks. An answer that is no success is one only where it has JSON: a server's own words.
    pub(in crate::metric_sources) async fn send(&self, credentials: &Credentials) -> Result<Answer, Failure> {
        let prepared = self.prepared(credentials)?;
        let request = prepared.request.try_clone().expect("its body is in memory");
        let anonymous = self.url.scheme() == "https" && credentials.get(CERTIFICATE).is_none();
        let failed = |error| failing::of_request(&self.origin, error, anonymous);
        let response = prepared.client.execute(request).await.map_err(failed)?;
        let status = response.status();
        if status.is_redirection() {
            return Err(self.unusable(&self.about_redirect(&response)));
        }
        let body = self.read(response).await?;
        if !status.is_success() && body.first() != Some(&b'{') {
            return Err(self.refused(status, credentials));
        }
        Ok(Answer { status, body })
    }

    /// Says no in the name of a status.
    pub(in crate::metric_sources) fn refused(
        &self,
        status: StatusCode,
        credentials: &Credentials,
    ) -> Failure {
        failing::of_status(&self.origin, status, !credentials.version().is_empty())
    }

    /// Says what an answer is instead of what it should be.
    pub(in crate::metric_sources) fn unusable(&self, problem: &str) -> Failure {
        Failure::Unusable { origin: self.origin.clone(), problem: problem.to_owned() }
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let announced = response.content_length().unwrap_or(0);
        let too_much = || self.unusable("more than 1 MiB: ask for less");
        if announced > LIMIT as u64 {
            return Err(too_much());
        }
        let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
        let failed = |error| failing::of_request(&self.origin, error, false);
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LIMIT {
                return Err(too_much());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn about_redirect(&self, response: &Response) -> String {
        let target = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let target = target.and_then(|location| response.url().join(location).ok());
        match target {
            Some(target) if target.origin() == self.url.origin() => "one redirect after the other".to_owned(),
            Some(target) if target.has_host() => format!(
                "a redirect to another server, which is not followed: if {} is right, make it the metric's address",
                target.origin().ascii_serialization()
            ),
            _ => "a redirect that leads nowhere".to_owned(),
        }
    }

    fn prepared(&self, credentials: &Credentials) -> Result<Arc<Prepared>, Failure> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = prepared.as_ref().filter(|known| known.version == credentials.version()) {
            return Ok(known.clone());
        }
        let fresh = Arc::new(self.prepare(credentials)?);
        *prepared = Some(fresh.clone());
        Ok(fresh)
    }

    fn prepare(&self, credentials: &Credentials) -> Result<Prepared, Failure> {
        self.clients.hosts().check(self.url.host_str().unwrap_or_default())?;
        let client = self.clients.client(credentials)?;
        let mut request = client.request(self.method.clone(), self.url.clone()).headers(self.headers.clone());
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let known = Known::of(credentials)?;
        request = match (known.token, known.user) {
            (Some(token), None) => {
                request.header(AUTHORIZATION, secret("token", format!("Bearer {token}").as_bytes())?)
            }
            (None, Some((user, password))) => request.basic_auth(user, Some(password)),
            (None, None) => request,
            (Some(_), Some(_)) => {
                let problem = "the Secret of authRef has both a token and a username: keep one of them";
                return Err(Failure::Unasked(problem.to_owned()));
            }
        };
        let request = request.headers(known.headers).build();
        let request = request
            .map_err(|_| Failure::Unasked("the metric's address or headers cannot be used".to_owned()))?;
        Ok(Prepared { version: credentials.version().to_owned(), client, request })
    }
}

/// What a Secret has that goes into a request.
struct Known<'a> {
    token: Option<&'a str>,
    user: Option<(&'a str, &'a str)>,
    headers: HeaderMap,
}

impl<'a> Known<'a> {
    fn of(credentials: &'a Credentials) -> Result<Self, Failure> {
        if let Some((name, key)) = credentials.absent() {
            return Err(Failure::Unasked(format!(
                "the Secret has no key {key}, which authRef.keys names for {name}"
            )));
        }
        let token = credentials.text("token");
        let user = match (credentials.text("username"), credentials.text("password")) {
            (Some(user), Some(password)) => Some((user, password)),
            (Some(_), None) => {
                return Err(Failure::Unasked(
                    "the Secret of authRef has a username and no password".to_owned(),
                ));
            }
            (None, _) => None,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in credentials.with_prefix(HEADER_PREFIX) {
            let unusable =
                |_| Failure::Unasked(format!("the Secret's key {HEADER_PREFIX}{name} is no header's name"));
            headers
                .insert(HeaderName::try_from(name).map_err(unusable)?, secret(name, value.trim_ascii_end())?);
        }
        let has_tls = [CA, CERTIFICATE, KEY].iter().any(|name| credentials.get(name).is_some());
        if !credentials.version().is_empty()
            && token.is_none()
            && user.is_none()
            && headers.is_empty()
            && !has_tls
        {
            return Err(Failure::Unasked(format!(
                "the Secret of authRef has none of token, username with password, {HEADER_PREFIX}NAME, {CA}, {CERTIFICATE}: \
                 authRef.keys can say which of its keys they are"
            )));
        }
        Ok(Self { token, user, headers })
    }
}

/// A header's value that is shown nowhere.
fn secret(name: &str, value: &[u8]) -> Result<HeaderValue, Failure> {
    let unusable =
        |_| Failure::Unasked(format!("the Secret's {name} has characters that no header can have"));
    let mut value = HeaderValue::from_bytes(value).map_err(unusable)?;
    value.set_sensitive(true);
    Ok(value)
}
