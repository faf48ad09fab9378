//! What a Secret holds for TLS.

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use super::{Credentials, Failure};

/// A certificate and its private key, both PEM.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub certificate: Vec<u8>,
    pub key: Vec<u8>,
}

/// Whom to trust, and who we are. Without an authority, the system's are trusted.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Certificates {
    /// Certificates of authorities, PEM.
    pub authority: Option<Vec<u8>>,
    /// Our own certificate.
    pub identity: Option<Identity>,
}

impl Certificates {
    /// Takes `ca.crt`, `tls.crt` and `tls.key`.
    ///
    /// # Errors
    /// When one of them is not what its name says, or misses the other.
    pub fn of(credentials: &Credentials) -> Result<Self, Failure> {
        present(credentials)?;
        let authority = credentials.get("ca.crt").map(|pem| certificate("ca.crt", pem)).transpose()?;
        let own = credentials.get("tls.crt").map(|pem| certificate("tls.crt", pem)).transpose()?;
        let key = credentials.get("tls.key").map(key).transpose()?;
        let identity = match (own, key) {
            (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
            (None, None) => None,
            (Some(_), None) => return Err(wrong("has tls.crt without tls.key")),
            (None, Some(_)) => return Err(wrong("has tls.key without tls.crt")),
        };
        Ok(Self { authority, identity })
    }
}

/// Refuses a Secret without a key that `authRef.keys` names.
pub(super) fn present(credentials: &Credentials) -> Result<(), Failure> {
    match credentials.absent() {
        Some((name, key)) => Err(wrong(&format!("has no key {key:?}, which authRef.keys names for {name}"))),
        None => Ok(()),
    }
}

fn certificate(name: &str, pem: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut certificates = CertificateDer::pem_slice_iter(pem);
    match certificates.next() {
        Some(Ok(_)) if certificates.all(|certificate| certificate.is_ok()) => Ok(pem.to_vec()),
        _ => Err(wrong(&format!("has no certificate in PEM under {name}"))),
    }
}

fn key(pem: &[u8]) -> Result<Vec<u8>, Failure> {
    match PrivateKeyDer::from_pem_slice(pem) {
        Ok(_) => Ok(pem.to_vec()),
        Err(_) => Err(wrong("has no private key in PEM under tls.key")),
    }
}

/// What an error of TLS in other words means; none when it is no such error. It concerns who connects with these certificates, not the
/// server.
pub(super) fn problem(text: &str) -> Option<String> {
    const ALERTS: [&str; 6] = [
        "CertificateRequired",
        "BadCertificate",
        "CertificateUnknown",
        "UnknownCA",
        "AccessDenied",
        "HandshakeFailure",
    ];
    if let Some((_, alert)) = text.split_once("received fatal alert: ") {
        let problem = if ALERTS.iter().any(|refusal| alert.starts_with(refusal)) {
            "it does not accept us: put a certificate that it trusts under `tls.crt` and `tls.key` into the Secret of authRef"
        } else {
            "it cannot agree with us on how to speak TLS"
        };
        return Some(problem.to_owned());
    }
    if text.contains("received corrupt message") || text.contains("InvalidContentType") {
        return Some("it does not speak TLS: leave config.tls out".to_owned());
    }
    let (_, reason) = text.split_once("invalid peer certificate: ")?;
    Some(match reason.split_whitespace().next() {
        Some("UnknownIssuer") => {
            "its certificate is of an authority that is not trusted: put that authority's under `ca.crt` into the Secret of authRef".to_owned()
        }
        Some("Expired" | "certificate") if reason.contains("xpired") => "its certificate has expired".to_owned(),
        _ if reason.contains("not valid for name") || reason.contains("NotValidForName") => {
            "its certificate is for another name: use one that it has".to_owned()
        }
        _ => format!("its certificate is not valid: {reason}"),
    })
}

fn wrong(what: &str) -> Failure {
    Failure::Unasked(format!("the Secret of authRef {what}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use csop_shared::api::general_scaler::AuthRef;
    use k8s_openapi::ByteString;

    use super::*;

    fn problem(data: &[(&str, &str)]) -> String {
        let data: BTreeMap<_, _> = data
            .iter()
            .map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())))
            .collect();
        match Certificates::of(&Credentials::new(&AuthRef::default(), &data, "1")) {
            Ok(_) => String::new(),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn a_secret_without_certificates_is_fine() {
        assert_eq!(problem(&[("password", "x")]), "");
    }

    #[test]
    fn what_is_no_certificate_is_named_and_not_shown() {
        assert_eq!(
            problem(&[("ca.crt", "hello")]),
            "the Secret of authRef has no certificate in PEM under ca.crt"
        );
        assert_eq!(
            problem(&[("tls.key", "hello")]),
            "the Secret of authRef has no private key in PEM under tls.key"
        );
    }
}
