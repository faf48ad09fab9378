//! Prometheus, and what speaks as it does: Thanos, VictoriaMetrics, Mimir.

use std::sync::Arc;
use std::time::Duration;

use csop_shared::api::general_scaler::SourceConfig;
use csop_shared::scale::{Invalid, Reading};
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use reqwest::{Method, Url};

use super::http_client::{Call, address, headers, timeout};
use super::{Credentials, Failure, Query, Sources, promql};

/// An instant query.
struct Prometheus {
    call: Call,
    timeout: Duration,
}

/// The query of a metric.
pub(super) fn build(
    sources: &Sources,
    config: &SourceConfig,
    field: &str,
) -> Result<Arc<dyn Query>, Invalid> {
    let query = config.query.as_deref().filter(|query| !query.trim().is_empty());
    let query = query.ok_or_else(|| Invalid::new(format!("{field}.query"), "is missing: say what to ask"))?;
    let (server, server_field) = server(sources, config, field)?;
    let url = endpoint(address(&sources.hosts, server, &server_field)?, &server_field)?;
    let timeout = timeout(config);
    let form = form(&url, query, timeout);
    let headers = headers(&config.headers, &format!("{field}.headers"))?;
    let call = Call::new(&sources.http, Method::POST, url).headers(headers).form(&form);
    Ok(Arc::new(Prometheus { call, timeout }))
}

fn server<'a>(
    sources: &'a Sources,
    config: &'a SourceConfig,
    field: &str,
) -> Result<(&'a str, String), Invalid> {
    let field = format!("{field}.serverAddress");
    match (&config.server_address, &sources.prometheus_address) {
        (Some(address), _) => Ok((address, field)),
        (None, Some(address)) => {
            Ok((address, format!("{field} (which is left to the operator's --prometheus-address)")))
        }
        (None, None) => Err(Invalid::new(
            field,
            "is missing, and the operator has no --prometheus-address: say where Prometheus is, such as \
             http://prometheus.monitoring:9090",
        )),
    }
}

/// Where instant queries go: below whatever path the server's address has.
fn endpoint(mut server: Url, field: &str) -> Result<Url, Invalid> {
    server.set_fragment(None);
    let mut path = server.path_segments_mut().map_err(|()| Invalid::new(field, "cannot have a path"))?;
    path.pop_if_empty().extend(["api", "v1", "query"]);
    drop(path);
    Ok(server)
}

/// The fields of the request. The server is told the time-out as well, so that it does not go on for nobody.
fn form(url: &Url, query: &str, timeout: Duration) -> String {
    let mut encoder = url.clone();
    encoder.set_query(None);
    encoder
        .query_pairs_mut()
        .append_pair("query", query)
        .append_pair("timeout", &format!("{}s", timeout.as_secs()));
    encoder.query().unwrap_or_default().to_owned()
}

impl Query for Prometheus {
    fn origin(&self) -> &str {
        self.call.origin()
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn ask<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<Reading, Failure>> {
        async move {
            let answer = self.call.send(credentials).await?;
            if answer.status.is_success() {
                return promql::reading(self.origin(), &answer.body, Timestamp::now());
            }
            Err(match promql::refusal(&answer.body) {
                Some(problem) => Failure::Refused { origin: self.origin().to_owned(), problem },
                None => self.call.refused(answer.status, credentials),
            })
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> String {
        endpoint(Url::parse(text).unwrap(), "f").unwrap().to_string()
    }

    #[test]
    fn queries_go_below_the_path_of_the_server() {
        assert_eq!(url("http://p:9090"), "http://p:9090/api/v1/query");
        assert_eq!(url("http://p:9090/"), "http://p:9090/api/v1/query");
        assert_eq!(url("https://mimir/prometheus"), "https://mimir/prometheus/api/v1/query");
        assert_eq!(url("http://vm/select/0/prometheus/"), "http://vm/select/0/prometheus/api/v1/query");
        assert_eq!(url("http://p/?tenant=a"), "http://p/api/v1/query?tenant=a");
    }

    #[test]
    fn a_query_is_encoded() {
        let server = Url::parse("http://p/?tenant=a").unwrap();
        let form = form(&server, "sum(x{a=\"b&c\"}) + 1", Duration::from_secs(3));
        assert_eq!(form, "query=sum%28x%7Ba%3D%22b%26c%22%7D%29+%2B+1&timeout=3s");
    }
}
