//! Secrets of a service: names, generated values, digests. Values come in as arguments and are never part of a rendering that is shown.

use super::{Manifest, labels};
use crate::{
    api::{
        CashService, CashServiceSpec,
        cash_service::{GeneratedKey, SecretSource},
    },
    names,
};
use hmac::{Hmac, KeyInit, Mac};
use k8s_openapi::{
    ByteString,
    api::core::v1::{EnvVar, EnvVarSource, Secret, SecretKeySelector},
};
use kube::ResourceExt;
use serde_json::json;
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a generated value unless the spec says otherwise.
const LENGTH: i32 = 32;
/// Key of the operator's own Secret that holds the key of digests.
pub const DIGEST_KEY: &str = "digest-key";
/// Bytes of the key of digests.
pub const DIGEST_KEY_BYTES: usize = 32;
const DIGEST_DIGITS: usize = 16;

/// The name of the Secret that an entry of `spec.secrets` stands for.
pub fn object_name(service: &str, source: &SecretSource) -> String {
    source.from_secret.clone().unwrap_or_else(|| names::child(service, &source.name))
}

/// The name of the Secret in which the operator keeps the key of digests.
pub fn operator_secret_name(service: &str) -> String {
    names::child(service, "csop")
}

/// Whether the pods see any secret whose content is digested.
pub fn sees_secrets(spec: &CashServiceSpec) -> bool {
    !spec.secrets.is_empty() || tls_name(spec).is_some()
}

/// The Secrets of others that the pods see, by name.
pub fn foreign_names(spec: &CashServiceSpec) -> BTreeSet<String> {
    let from = spec.secrets.iter().filter_map(|s| s.from_secret.clone());
    from.chain(tls_name(spec).map(str::to_owned)).collect()
}

fn tls_name(spec: &CashServiceSpec) -> Option<&str> {
    Some(spec.contract.as_ref()?.tls.as_ref()?.secret_name.as_str())
}

/// The environment variables that an entry asks for.
pub(super) fn env(service: &str, source: &SecretSource) -> Vec<EnvVar> {
    let name = object_name(service, source);
    let variable = |(variable, key): (&String, &String)| EnvVar {
        name: variable.clone(),
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector { name: name.clone(), key: key.clone(), optional: None }),
            ..EnvVarSource::default()
        }),
        value: None,
    };
    source.env.iter().flatten().map(variable).collect()
}

/// Content of a Secret: key -> bytes.
pub type Content = BTreeMap<String, ByteString>;

/// A Secret of the service with the given content.
pub fn owned(service: &CashService, name: String, content: Content) -> Secret {
    Secret {
        metadata: labels::metadata(service, name),
        type_: Some("Opaque".to_owned()),
        data: Some(content),
        ..Secret::default()
    }
}

/// The keys of `wanted` that `live` lacks, each with a value drawn from `entropy`. Values that exist are never drawn again.
///
/// Returns nothing when `entropy` runs out: [`entropy_needed`] says how much there should be.
pub fn draw_missing(
    wanted: &BTreeMap<String, GeneratedKey>,
    live: &Content,
    entropy: &mut impl Iterator<Item = u8>,
) -> Option<Content> {
    let missing = wanted.iter().filter(|(key, _)| !live.contains_key(*key));
    missing.map(|(key, how)| Some((key.clone(), ByteString(draw(how, entropy)?)))).collect()
}

/// Bytes of entropy that are enough for all keys: one byte in four at most is rejected, so twice the length leaves room.
pub fn entropy_needed(wanted: &BTreeMap<String, GeneratedKey>) -> usize {
    wanted.values().map(|how| 2 * length(how) + 64).sum()
}

fn length(how: &GeneratedKey) -> usize {
    usize::try_from(how.length.unwrap_or(LENGTH)).unwrap_or_default()
}

/// Draws characters without bias: bytes beyond the largest multiple of the alphabet's size are skipped.
fn draw(how: &GeneratedKey, entropy: &mut impl Iterator<Item = u8>) -> Option<Vec<u8>> {
    let characters = how.alphabet.unwrap_or_default().characters();
    let size = characters.len();
    let usable = 256 - 256 % size;
    let mut fair = entropy.map(usize::from).filter(|byte| *byte < usable);
    (0..length(how)).map(|_| fair.next().map(|byte| characters[byte % size])).collect()
}

/// The digest of the content of all Secrets that the pods see: an HMAC-SHA-256 under a key that only the operator has, so that
/// it tells nothing about a guessable value.
pub fn digest(key: &[u8], contents: &BTreeMap<String, Content>) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    let mut part = |bytes: &[u8]| {
        mac.update(&(bytes.len() as u64).to_be_bytes());
        mac.update(bytes);
    };
    for (name, content) in contents {
        part(name.as_bytes());
        part(&(content.len() as u64).to_be_bytes());
        for (key, value) in content {
            part(key.as_bytes());
            part(&value.0);
        }
    }
    let mut hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    hex.truncate(DIGEST_DIGITS);
    hex
}

/// The service's own Secrets with placeholders for their values.
pub(super) fn redacted(service: &CashService) -> Vec<Manifest> {
    let name = service.name_any();
    let mut all: Vec<_> = service
        .spec
        .secrets
        .iter()
        .filter_map(|source| {
            let keys = source.generate.as_ref()?.iter();
            let shown =
                keys.map(|(key, how)| (key.clone(), format!("<generated: {} characters>", length(how))));
            Some(placeholder(service, object_name(&name, source), shown.collect()))
        })
        .collect();
    if sees_secrets(&service.spec) {
        let key = [(DIGEST_KEY.to_owned(), format!("<generated: {DIGEST_KEY_BYTES} bytes>"))].into();
        all.push(placeholder(service, operator_secret_name(&name), key));
    }
    all
}

fn placeholder(service: &CashService, name: String, values: BTreeMap<String, String>) -> Manifest {
    let mut manifest = Manifest::new(&owned(service, name, Content::new()));
    if let Some(object) = manifest.body.as_object_mut() {
        object.remove("data");
        object.insert("stringData".to_owned(), json!(values));
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::cash_service::Alphabet;
    use proptest::prelude::*;

    fn key(length: i32, alphabet: Alphabet) -> GeneratedKey {
        GeneratedKey { length: Some(length), alphabet: Some(alphabet) }
    }

    #[test]
    fn an_existing_value_is_never_drawn_again() {
        let wanted =
            [("a".to_owned(), GeneratedKey::default()), ("b".to_owned(), GeneratedKey::default())].into();
        let live = Content::from([("a".to_owned(), ByteString(b"kept".to_vec()))]);
        let drawn = draw_missing(&wanted, &live, &mut std::iter::repeat(7)).unwrap();
        assert_eq!(drawn.keys().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn too_little_entropy_is_said_not_padded() {
        let wanted = [("a".to_owned(), GeneratedKey::default())].into();
        assert_eq!(draw_missing(&wanted, &Content::new(), &mut [1, 2, 3].into_iter()), None);
    }

    #[test]
    fn the_digest_tells_contents_apart() {
        let of = |pairs: &[(&str, &str, &str)]| {
            let mut all = BTreeMap::<String, Content>::new();
            for (secret, key, value) in pairs {
                all.entry((*secret).to_owned())
                    .or_default()
                    .insert((*key).to_owned(), ByteString(value.as_bytes().to_vec()));
            }
            digest(b"k", &all)
        };
        assert_eq!(of(&[("s", "a", "1")]), of(&[("s", "a", "1")]));
        assert_ne!(of(&[("s", "a", "1")]), of(&[("s", "a", "2")]));
        assert_ne!(of(&[("s", "ab", "c")]), of(&[("s", "a", "bc")]));
        assert_ne!(digest(b"k", &BTreeMap::new()), digest(b"l", &BTreeMap::new()));
    }

    proptest! {
        #[test]
        fn a_drawn_value_has_the_length_and_the_characters(length in 16..200_i32, seed in proptest::collection::vec(any::<u8>(), 64)) {
            for alphabet in [Alphabet::Alphanumeric, Alphabet::Hex, Alphabet::UrlSafe] {
                let mut entropy = seed.iter().copied().chain(0..=255).cycle();
                let value = draw(&key(length, alphabet), &mut entropy).unwrap();
                prop_assert_eq!(value.len(), usize::try_from(length).unwrap());
                prop_assert!(value.iter().all(|c| alphabet.characters().contains(c)));
            }
        }
    }
}
