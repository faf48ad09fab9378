//! Plain requests to servers that are no API server.

use crate::error::{Attempt, Error};
use crate::kube_error;
use http::{Request, Uri};
use kube::{Client, Config};

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The server knows no such path.
    NotFound,
    /// Anything else, in words.
    Other(String),
}

/// The address of a server, as messages name it.
pub fn address(server: &Uri) -> String {
    server.to_string().trim_end_matches('/').to_owned()
}

/// A request for a path.
///
/// # Errors
/// When the path is none.
pub fn request(path: &str) -> Result<Request<Vec<u8>>, String> {
    Request::get(path).body(vec![]).map_err(|error| format!("{path} is no path: {error}"))
}

/// What a server answers for a path, over HTTP or HTTPS.
///
/// # Errors
/// When it cannot be reached, or refuses.
pub async fn get(server: &Uri, path: &str) -> Result<String, Refusal> {
    let request = request(path).map_err(Refusal::Other)?;
    let client = Client::try_from(Config::new(server.clone()));
    let client = client.map_err(|error| Refusal::Other(error.to_string()))?;
    client.request_text(request).await.map_err(|error| {
        match kube_error::of_call(error, &Attempt::new("get", "it"), &address(server)) {
            Error::NotFound(_) | Error::KindMissing(_) => Refusal::NotFound,
            Error::Unreachable { reason, .. }
            | Error::Certificate { reason, .. }
            | Error::Server { reason, .. }
            | Error::Refused { reason, .. } => Refusal::Other(reason),
            other => Refusal::Other(other.to_string()),
        }
    })
}

/// A text as a part of a query in an address.
pub fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn queries_are_escaped() {
        assert_eq!(super::escaped("rate(a{b=\"ü c\"}[5m])"), "rate%28a%7Bb%3D%22%C3%BC%20c%22%7D%5B5m%5D%29");
    }
}
