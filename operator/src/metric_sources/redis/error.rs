//! What the errors of a Redis mean to the owner of a scaler.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::metric_sources::answer::quoted;
use crate::metric_sources::{Failure, certificates as tls};

/// The failure that an error amounts to.
pub(super) fn failure(origin: &str, error: &RedisError) -> Failure {
    let origin = origin.to_owned();
    match error.kind() {
        ErrorKind::AuthenticationFailed => {
            let problem =
                "it does not accept the user name or the password, or has no password set".to_owned();
            Failure::Refused { origin, problem }
        }
        ErrorKind::Server(ServerErrorKind::ResponseError) | ErrorKind::Extension | ErrorKind::Server(_) => {
            Failure::Refused { origin, problem: refusal(error) }
        }
        ErrorKind::InvalidClientConfig => Failure::Unasked(format!(
            "cannot connect to {origin} with these certificates: {}",
            quoted(&error.to_string())
        )),
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => {
            let problem = "something that is not the protocol of Redis; is the address right, and does it want TLS (config.tls)?";
            Failure::Unusable { origin, problem: problem.to_owned() }
        }
        _ => broken(origin, error),
    }
}

/// The failure of a connection that is being opened.
pub(super) fn at_first(origin: &str, error: &RedisError) -> Failure {
    match failure(origin, error) {
        Failure::Unreachable { origin, .. }
            if error.is_connection_dropped() && !error.is_connection_refusal() =>
        {
            if origin.starts_with("rediss:") {
                let problem = "it closes connections at once, as servers do that want a certificate of their clients: put `tls.crt` and \
                               `tls.key` into the Secret of authRef";
                return Failure::Refused { origin, problem: problem.to_owned() };
            }
            let problem = "it closes connections at once; is it a Redis, and does it want TLS (config.tls)?";
            Failure::Unreachable { origin, problem: problem.to_owned() }
        }
        other => other,
    }
}

/// Why the server refuses: what can be done about it, else its own words.
fn refusal(error: &RedisError) -> String {
    let code = error.code().unwrap_or_default();
    let detail = quoted(error.detail().unwrap_or_default());
    let remedy = match code {
        "NOAUTH" => "it wants a password: put it under the key `password` into a Secret that authRef names",
        "NOPERM" => "the user may not do this; it needs TYPE and the command of the key's kind, on this key",
        "MOVED" | "ASK" => "it is a node of a cluster: set config.cluster to true",
        "LOADING" => "it has just started and still loads its data",
        "CLUSTERDOWN" => "the cluster is down, or no node serves the slot of this key",
        "MASTERDOWN" => "it is a replica that has lost its master",
        "DENIED" => "it runs in protected mode, without a password and for its own machine only",
        "NOGROUP" => "the stream has no such consumer group",
        "ERR" if detail.contains("cluster support disabled") => "it is no cluster: leave config.cluster out",
        "ERR" if detail.contains("DB index is out of range") => {
            "it has no database of this number (config.db)"
        }
        _ if detail.is_empty() => return code.to_owned(),
        _ => return format!("{code} {detail}"),
    };
    format!("{remedy} ({code})")
}

/// A connection that could not be made or was lost.
fn broken(origin: String, error: &RedisError) -> Failure {
    let text = quoted(&error.to_string());
    if let Some(problem) = tls::problem(&text) {
        return Failure::Refused { origin, problem };
    }
    let problem = if error.is_connection_refusal() {
        "the connection is refused; nobody listens there".to_owned()
    } else if error.kind() == ErrorKind::ClusterConnectionNotFound {
        "no node of the cluster answers".to_owned()
    } else if error.is_connection_dropped() {
        "the connection was closed by the other side".to_owned()
    } else {
        text
    };
    Failure::Unreachable { origin, problem }
}
