//! What a metric's configuration says of its requests, checked.

use std::collections::BTreeMap;
use std::time::Duration;

use csop_shared::api::general_scaler::SourceConfig;
use csop_shared::scale::Invalid;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::metric_sources::Hosts;

const TIMEOUT_SECONDS: u32 = 3;
/// Headers that say how a message is carried, which is not the user's to say.
const OF_TRANSPORT: [&str; 7] =
    ["connection", "content-length", "content-type", "te", "trailer", "transfer-encoding", "upgrade"];

/// How long an answer may take.
pub(in crate::metric_sources) fn timeout(config: &SourceConfig) -> Duration {
    let seconds = config.timeout_seconds.and_then(|seconds| u32::try_from(seconds).ok());
    Duration::from_secs(seconds.filter(|seconds| *seconds > 0).unwrap_or(TIMEOUT_SECONDS).into())
}

/// An address of HTTP that may be asked.
pub(in crate::metric_sources) fn address(hosts: &Hosts, text: &str, field: &str) -> Result<Url, Invalid> {
    let url = Url::parse(text).map_err(|_| unusable(text, field))?;
    let Some(host) = url.host_str().filter(|_| ["http", "https"].contains(&url.scheme())) else {
        return Err(unusable(text, field));
    };
    if !url.username().is_empty() || url.password().is_some() {
        let problem = "holds a user name or a password: put username and password into a Secret, and name it in authRef";
        return Err(Invalid::new(field, problem));
    }
    hosts.check(host).map_err(|refused| Invalid::new(field, format!("is not usable: {refused}")))?;
    Ok(url)
}

fn unusable(text: &str, field: &str) -> Invalid {
    Invalid::new(field, format!("is {text:?}, which is no address such as http://prometheus.monitoring:9090"))
}

/// Headers of the configuration.
pub(in crate::metric_sources) fn headers(
    config: &BTreeMap<String, String>,
    field: &str,
) -> Result<HeaderMap, Invalid> {
    let mut headers = HeaderMap::with_capacity(config.len());
    for (name, value) in config {
        let problem = |what: &str| Invalid::new(format!("{field}[{name}]"), what);
        let known = HeaderName::try_from(name)
            .map_err(|_| problem("is no header: its name has letters, digits and '-'"))?;
        if OF_TRANSPORT.contains(&known.as_str()) {
            return Err(problem("cannot be set: csop sets it itself"));
        }
        let value = HeaderValue::try_from(value)
            .map_err(|_| problem("has a value with characters that no header can have"))?;
        headers.insert(known, value);
    }
    Ok(headers)
}
