//! What went wrong, in words of our own.

use std::error::Error;
use std::io;

use reqwest::StatusCode;
use rustls::{AlertDescription, CertificateError};

use super::dialling::NoAddress;
use crate::metric_sources::answer::{Failure, quoted};

/// A request that had no answer, or half of one. `anonymous`: it was over TLS and without a certificate of the client's own.
pub(super) fn of_request(origin: &str, error: reqwest::Error, anonymous: bool) -> Failure {
    let unreachable =
        |problem: &str| Failure::Unreachable { origin: origin.to_owned(), problem: problem.to_owned() };
    let error = error.without_url();
    let mut deepest: &(dyn Error + 'static) = &error;
    let mut next: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = next {
        deepest = error;
        if let Some(known) = known(origin, error) {
            return known;
        }
        // The error within an I/O error is not its source.
        let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = within.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
    }
    if error.is_body() || error.is_decode() {
        return unreachable("the connection broke before the answer was complete");
    }
    let problem = quoted(&deepest.to_string());
    if anonymous && problem.contains("connection closed") {
        // Servers that want a certificate say so after the handshake, and close before it is heard.
        let problem = "it closes the connection: if it wants a client certificate, give tls.crt and tls.key in the Secret of authRef";
        return Failure::Refused { origin: origin.to_owned(), problem: problem.to_owned() };
    }
    unreachable(&problem)
}

fn known(origin: &str, error: &(dyn Error + 'static)) -> Option<Failure> {
    if let Some(NoAddress(failure)) = error.downcast_ref() {
        return Some(match failure {
            Failure::Unreachable { problem, .. } => {
                Failure::Unreachable { origin: origin.to_owned(), problem: problem.clone() }
            }
            other => other.clone(),
        });
    }
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(Failure::Refused { origin: origin.to_owned(), problem: of_tls(error) });
    }
    let problem = match error.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => "the connection is refused, nothing listens there",
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
            "the connection broke"
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "there is no way to that address"
        }
        _ => return None,
    };
    Some(Failure::Unreachable { origin: origin.to_owned(), problem: problem.to_owned() })
}

/// It concerns who asks with these certificates, not the server.
fn of_tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "its certificate is of an authority that is not trusted here: give that authority's as ca.crt in the Secret of authRef"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "its certificate is for another name: use one that it has".to_owned(),
        rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "its certificate has expired".to_owned()
        }
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::HandshakeFailure
            | AlertDescription::AccessDenied,
        ) => "it does not accept the client: give tls.crt and tls.key that it trusts in the Secret of authRef".to_owned(),
        rustls::Error::InvalidMessage(_) => "it does not speak TLS: the address may have to begin with http://".to_owned(),
        other => format!("TLS: {}", quoted(&other.to_string())),
    }
}

/// An answer that says no.
pub(super) fn of_status(origin: &str, status: StatusCode, with_credentials: bool) -> Failure {
    let origin = origin.to_owned();
    let problem = match status {
        StatusCode::UNAUTHORIZED if with_credentials => {
            "the credentials of authRef are wrong (401 Unauthorized)".to_owned()
        }
        StatusCode::UNAUTHORIZED => {
            "it wants credentials: name a Secret with them in authRef (401 Unauthorized)".to_owned()
        }
        StatusCode::FORBIDDEN => "the credentials do not permit this (403 Forbidden)".to_owned(),
        StatusCode::NOT_FOUND => "nothing is at that path: check the address (404 Not Found)".to_owned(),
        status => format!("it answers {status}"),
    };
    Failure::Refused { origin, problem }
}
