//! Secrets of a service.

use crate::api::rules;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A Secret that csop generates once, or an existing one, and how the container sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.generate) != has(self.fromSecret)").message("a secret has exactly one of generate and fromSecret"),
    validation = Rule::new("!has(self.generate) || !has(self.env) || self.env.all(k, self.env[k] in self.generate)").message("env of a generated secret names a key that generate does not have"),
    validation = Rule::new("!(has(self.mountPath) && has(self.env))").message("a secret is seen by mountPath or by env, not both"),
)]
pub struct SecretSource {
    /// Its name within the service; a generated Secret is called `SERVICE-NAME`.
    #[schemars(length(min = 1, max = 40))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && self != 'csop'").message("a secret's name has lower-case letters, digits and dashes, and is not csop (which is taken)"))]
    pub name: String,
    /// Keys to generate: made once at random, never overwritten, never printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self.size() >= 1 && self.all(k, k.size() <= 253 && k.matches('^[-._a-zA-Z0-9]+$') && k != '.' && !k.startsWith('..'))").message("generate needs at least one key, of letters, digits, '-', '_' and '.', not beginning with '..'"))]
    #[schemars(extend("maxProperties" = 32))]
    pub generate: Option<BTreeMap<String, GeneratedKey>>,
    /// An existing Secret in the same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new(rules::OBJECT_NAME).message("fromSecret is the name of a Secret: lower-case letters, digits, '-' and '.'"))]
    pub from_secret: Option<String>,
    /// Folder in which each key is a file. Default (without env): `/etc/secrets/service/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^/[^:]*[^:/]$') && self != '/tmp'").message("mountPath of a secret must be an absolute path without ':' and without '/' at its end, and not /tmp, which stays writable"))]
    pub mount_path: Option<String>,
    /// Environment variables: name -> key of the Secret. Files are safer: they do not show in `describe` or crash dumps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self.all(k, k.matches('^[A-Za-z_][A-Za-z0-9_]*$'))").message("env maps names of environment variables to keys of the Secret"))]
    #[schemars(extend("maxProperties" = 32))]
    pub env: Option<BTreeMap<String, String>>,
}

/// How one key is generated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeneratedKey {
    /// Number of characters. Default: 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 16, max = 4096))]
    pub length: Option<i32>,
    /// The characters to draw from. Default: Alphanumeric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alphabet: Option<Alphabet>,
}

/// The characters to draw from. Alphanumeric (default): A-Z, a-z, 0-9. Hex: 0-9, a-f. UrlSafe: Alphanumeric, - and _.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Alphabet {
    /// `A-Z`, `a-z` and `0-9`.
    #[default]
    Alphanumeric,
    /// `0-9` and `a-f`.
    Hex,
    /// `A-Z`, `a-z`, `0-9`, `-` and `_`.
    UrlSafe,
}

impl Alphabet {
    /// The characters themselves.
    pub const fn characters(self) -> &'static [u8] {
        match self {
            Self::Alphanumeric => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            Self::Hex => b"0123456789abcdef",
            Self::UrlSafe => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        }
    }
}
