//! Names without a domain, as they are meant where they are written.
//!
//! Whoever writes `redis:6379` into a scaler means the Service of that name beside it. The operator runs in another namespace, where
//! that name is somebody else's, so it asks for `redis.NAMESPACE.svc` in its place: in connections, in what certificates are
//! verified for, and in messages.

use std::net::IpAddr;

use csop_shared::api::general_scaler::SourceConfig;
use reqwest::Url;

/// The configuration of a metric of this namespace with all its addresses in full. What is asked is named by it alone: two namespaces
/// with the same bare name ask different questions, and whoever writes a name in full shares the question with them.
pub fn in_full(config: SourceConfig, namespace: &str) -> SourceConfig {
    let domain = format!("{namespace}.svc");
    let url = |text: Option<String>| text.map(|text| url_in(&domain, text));
    SourceConfig {
        server_address: url(config.server_address),
        url: url(config.url),
        endpoint: url(config.endpoint),
        scaler_address: config.scaler_address.map(|text| address_in(&domain, &text)),
        address: config.address.map(|list| {
            let each: Vec<_> = list.split(',').map(|text| address_in(&domain, text)).collect();
            each.join(",")
        }),
        host: config.host.map(|host| host_in(&domain, &host)),
        ..config
    }
}

/// A host that the server `by` has named, such as a node of its cluster: one without a domain is in that server's.
pub(super) fn told(by: &str, host: &str) -> String {
    let domain = by.parse::<IpAddr>().is_err().then(|| by.split_once('.')).flatten();
    domain.map_or_else(|| host.to_owned(), |(_, domain)| host_in(domain, host))
}

/// Whether a host is one label, which a name server answers for by where it is asked from.
fn is_bare(host: &str) -> bool {
    let known = |c: char| c.is_alphanumeric() || "-_".contains(c);
    !host.is_empty() && host.chars().all(known) && !host.eq_ignore_ascii_case("localhost")
}

fn host_in(domain: &str, host: &str) -> String {
    let host = host.trim();
    if is_bare(host) { format!("{host}.{domain}") } else { host.to_owned() }
}

/// A `host:port`, or a `host`. What is neither stays as it is, to be refused by who reads it.
fn address_in(domain: &str, text: &str) -> String {
    let text = text.trim();
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => format!("{}:{port}", host_in(domain, host)),
        Some(_) => text.to_owned(),
        None => host_in(domain, text),
    }
}

fn url_in(domain: &str, text: String) -> String {
    let Ok(mut url) = Url::parse(&text) else { return text };
    // A number is an address here already, and has dots.
    let Some(host) = url.host_str().filter(|host| is_bare(host)).map(|host| host_in(domain, host)) else {
        return text;
    };
    if url.set_host(Some(&host)).is_ok() { url.into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: serde_json::Value) -> SourceConfig {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_bare_name_is_that_of_a_service_beside_the_scaler() {
        for (key, written, full) in [
            ("address", "redis:6379", "redis.shop.svc:6379"),
            ("address", "redis", "redis.shop.svc"),
            ("address", "a:1, b,c.jobs:2", "a.shop.svc:1,b.shop.svc,c.jobs:2"),
            ("host", "redis", "redis.shop.svc"),
            ("scalerAddress", "scaler:9090", "scaler.shop.svc:9090"),
            ("serverAddress", "http://prometheus:9090", "http://prometheus.shop.svc:9090/"),
            ("serverAddress", "https://mimir/prometheus?a=b", "https://mimir.shop.svc/prometheus?a=b"),
            ("url", "http://Shop/metrics", "http://shop.shop.svc/metrics"),
            ("endpoint", "https://monitoring", "https://monitoring.shop.svc/"),
            ("url", "http://instance-data/x", "http://instance-data.shop.svc/x"),
        ] {
            let json = |text| serde_json::json!({key: text});
            assert_eq!(in_full(config(json(written)), "shop"), config(json(full)), "{key}: {written}");
        }
    }

    #[test]
    fn what_has_a_domain_or_is_an_address_stays_as_it_is_written() {
        for (key, written) in [
            ("address", "redis.shop:6379"),
            ("address", "10.0.0.1:1,[2001:db8::1]:7,[2001:db8::1]"),
            ("address", "localhost:6379"),
            ("address", "redis.:6379"),
            ("address", "redis://redis:6379"),
            ("address", "me:secret@redis:6379"),
            ("address", ""),
            ("host", "2001:db8::1"),
            ("host", "[::1]"),
            ("host", "LocalHost"),
            ("scalerAddress", "scaler.jobs.svc:9090"),
            ("serverAddress", "http://prometheus.monitoring:9090"),
            ("serverAddress", "http://127.0.0.1:9090"),
            ("serverAddress", "http://2130706433"),
            ("url", "http://[::1]/x"),
            ("url", "http://localhost:80"),
            ("url", "no address"),
        ] {
            let config = config(serde_json::json!({key: written}));
            assert_eq!(in_full(config.clone(), "shop"), config, "{key}: {written}");
        }
    }

    #[test]
    fn what_a_server_names_is_beside_it() {
        for (by, host, full) in [
            ("redis.shop.svc", "redis-0", "redis-0.shop.svc"),
            ("redis-0.redis.shop.svc", "redis-1", "redis-1.redis.shop.svc"),
            ("redis.shop.svc", "redis-0.redis.jobs.svc", "redis-0.redis.jobs.svc"),
            ("redis.shop.svc", "10.0.0.1", "10.0.0.1"),
            ("redis.shop.svc", "2001:db8::1", "2001:db8::1"),
            ("10.0.0.1", "redis-0", "redis-0"),
            ("localhost", "redis-0", "redis-0"),
        ] {
            assert_eq!(told(by, host), full, "{host} by {by}");
        }
    }
}
