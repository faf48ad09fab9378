//! Service accounts: a key becomes the assertion that a token is given for.

use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde::Deserialize;
use serde_json::json;

use crate::metric_sources::Failure;

/// The key of a Secret that holds the key of a service account, as Google gives it out.
pub(super) const SECRET_KEY: &str = "credentials.json";
/// What a token is good for.
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/monitoring.read";
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const LIFE_SECONDS: i64 = 3600;

/// The key of a service account.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Account {
    pub email: String,
    pub token_uri: String,
    key_id: String,
    key: String,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "type", default)]
    type_: String,
    client_email: Option<String>,
    private_key: Option<String>,
    #[serde(default)]
    private_key_id: String,
    token_uri: Option<String>,
}

impl Account {
    /// Reads a key in JSON.
    pub fn read(json: &[u8]) -> Result<Self, Failure> {
        let wrong = |problem: &str| Failure::Unasked(format!("the key {SECRET_KEY} of the Secret {problem}"));
        let file: File = serde_json::from_slice(json)
            .map_err(|_| wrong("is not the JSON that Google gives out as the key of a service account"))?;
        if file.type_ != "service_account" {
            return Err(wrong(
                "has to be the key of a service account; in Google Cloud, workload identity needs no Secret at all",
            ));
        }
        let (Some(email), Some(key)) = (file.client_email, file.private_key) else {
            return Err(wrong("has no client_email or no private_key"));
        };
        let token_uri = file.token_uri.unwrap_or_else(|| TOKEN_URI.to_owned());
        Ok(Self { email, token_uri, key_id: file.private_key_id, key })
    }

    /// What is shown to get a token: a JWT that says who asks for what, signed with RS256.
    ///
    /// # Errors
    /// When the private key cannot be used.
    pub fn assertion(&self, now: Timestamp) -> Result<String, Failure> {
        let issued = now.as_second();
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id});
        let claims = json!({
            "iss": self.email, "scope": SCOPE, "aud": self.token_uri,
            "iat": issued, "exp": issued + LIFE_SECONDS,
        });
        let text = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        let signature = self.signature(text.as_bytes());
        let signature = signature.ok_or_else(|| {
            Failure::Unasked(format!("the private_key in {SECRET_KEY} of the Secret is no RSA key in PEM"))
        })?;
        Ok(format!("{text}.{}", base64url(&signature)))
    }

    fn signature(&self, text: &[u8]) -> Option<Vec<u8>> {
        let pair = match PrivateKeyDer::from_pem_slice(self.key.as_bytes()).ok()? {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return None,
        };
        let pair = pair.ok()?;
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).ok()?;
        Some(signature)
    }
}

/// Base64 for addresses, without padding (RFC 4648, section 5).
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let group = u32::from_be_bytes(group);
        for index in 0..=chunk.len() {
            let sextet = group >> (18 - 6 * index) & 63;
            text.push(char::from(ALPHABET[sextet as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64url(plain.as_bytes()), encoded);
        }
        assert_eq!(base64url(&[0xfb, 0xff, 0xfe]), "-__-");
    }

    #[test]
    fn what_is_no_key_is_called_so_and_not_shown() {
        for json in ["hunter2", "{}", r#"{"type": "authorized_user", "client_secret": "hunter2"}"#] {
            let message = Account::read(json.as_bytes()).err().unwrap().to_string();
            assert!(message.starts_with("the key credentials.json of the Secret "), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
        let json = r#"{"type": "service_account", "client_email": "a@b", "private_key": "hunter2"}"#;
        let message = Account::read(json.as_bytes()).unwrap().assertion(Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(!message.to_string().contains("hunter2"), "{message}");
    }
}
