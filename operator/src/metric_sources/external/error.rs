//! What the errors of gRPC mean to the owner of a scaler.

use std::error::Error;

use tonic::{Code, Status};

use crate::metric_sources::answer::quoted;
use crate::metric_sources::{Failure, certificates as tls};

/// The failure that a status amounts to.
pub(super) fn failure(origin: &str, status: &Status) -> Failure {
    if status.source().is_some() {
        return unreachable(origin, status);
    }
    let origin = origin.to_owned();
    let words = quoted(status.message());
    match status.code() {
        Code::Unavailable => Failure::Unreachable { origin, problem: words },
        Code::Unimplemented => {
            let problem = format!("it does not speak KEDA's external-scaler protocol as expected ({words})");
            Failure::Refused { origin, problem }
        }
        Code::OutOfRange if words.contains("message length") => {
            Failure::Unusable { origin, problem: "a message that is too large".to_owned() }
        }
        code => Failure::Refused { origin, problem: format!("{code:?}: {words}") },
    }
}

/// The failure of a connection.
pub(super) fn unreachable(origin: &str, error: &dyn Error) -> Failure {
    let origin = origin.to_owned();
    let problem = innermost(error);
    if let Some(problem) = tls::problem(&problem) {
        return Failure::Refused { origin, problem };
    }
    if problem.contains("frame with invalid size") || problem.contains("unspecific protocol error") {
        let problem = "something that is not gRPC; is the address right, and does it want TLS (config.tls)?";
        return Failure::Unusable { origin, problem: problem.to_owned() };
    }
    let closed =
        ["broken pipe", "connection reset", "Connection reset", "connection closed", "not connected"];
    if closed.iter().any(|words| problem.contains(words)) {
        let problem = if origin.starts_with("grpcs:") {
            "the connection was closed by the other side, as servers do that want a certificate of their clients (`tls.crt` and `tls.key` in \
             the Secret of authRef)"
        } else {
            "the connection was closed by the other side; does it speak gRPC, and does it want TLS (config.tls)?"
        };
        return Failure::Unreachable { origin, problem: problem.to_owned() };
    }
    Failure::Unreachable { origin, problem }
}

/// What an error has at its bottom; the layers above only say that something below failed.
fn innermost(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    quoted(&last.to_string())
}
