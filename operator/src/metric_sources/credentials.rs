//! What a Secret holds for a source.

use std::collections::BTreeMap;
use std::fmt;

use csop_shared::api::general_scaler::AuthRef;
use k8s_openapi::ByteString;

/// The values of a Secret under the names that sources know: `authRef.keys` says where they have other names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    version: String,
    values: BTreeMap<String, Vec<u8>>,
    absent: Option<(String, String)>,
}

impl Credentials {
    /// Takes from the data of a Secret what `auth` names. `version` changes whenever the data do.
    pub fn new(auth: &AuthRef, data: &BTreeMap<String, ByteString>, version: &str) -> Self {
        let mut values: BTreeMap<String, Vec<u8>> =
            data.iter().map(|(key, value)| (key.clone(), value.0.clone())).collect();
        let mut absent = None;
        for (name, key) in &auth.keys {
            match data.get(key) {
                Some(value) => {
                    values.insert(name.clone(), value.0.clone());
                }
                None => {
                    values.remove(name);
                    absent.get_or_insert_with(|| (name.clone(), key.clone()));
                }
            }
        }
        Self { version: version.to_owned(), values, absent }
    }

    /// A bearer token and nothing else.
    pub(super) fn of_token(token: &str) -> Self {
        let values = BTreeMap::from([("token".to_owned(), token.as_bytes().to_vec())]);
        Self { version: "token".to_owned(), values, absent: None }
    }

    /// A name of `authRef.keys`, and its key, which the Secret does not have.
    pub fn absent(&self) -> Option<(&str, &str)> {
        self.absent.as_ref().map(|(name, key)| (name.as_str(), key.as_str()))
    }

    /// What tells these credentials from earlier ones of the same Secret.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A value; none when the Secret does not have it.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.values.get(name).map(Vec::as_slice)
    }

    /// The values whose names begin like this, by the rest of their names.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let values = self.values.iter();
        values.filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_slice())))
    }

    /// A value that is text, without the newline that editors leave at its end.
    pub fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.get(name)?).ok().map(|text| text.trim_end_matches(['\r', '\n']))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
