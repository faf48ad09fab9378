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
}

impl Credentials {
    /// Takes from the data of a Secret what `auth` names. `version` changes whenever the data do.
    pub fn new(auth: &AuthRef, data: &BTreeMap<String, ByteString>, version: &str) -> Self {
        let mut values: BTreeMap<String, Vec<u8>> =
            data.iter().map(|(key, value)| (key.clone(), value.0.clone())).collect();
        for (name, key) in &auth.keys {
            match data.get(key) {
                Some(value) => values.insert(name.clone(), value.0.clone()),
                None => values.remove(name),
            };
        }
        Self { version: version.to_owned(), values }
    }

    /// What tells these credentials from earlier ones of the same Secret.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A value; none when the Secret does not have it.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.values.get(name).map(Vec::as_slice)
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
