//! Configuration of a service.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Configuration that becomes immutable ConfigMaps named by their content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// Environment variables: name -> value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[x_kube(validation = Rule::new("self.all(k, k.matches('^[A-Za-z_][A-Za-z0-9_]*$'))").message("config.data keys are names of environment variables: letters, digits and _, not beginning with a digit"))]
    #[schemars(extend("maxProperties" = 256))]
    pub data: BTreeMap<String, String>,
    /// Files under `/etc/config/service`: relative path -> content.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[x_kube(validation = Rule::new("self.all(k, k.size() <= 200 && k.matches('^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$') && !k.split('/').exists(p, p == '.' || p.startsWith('..')))").message("config.files keys are relative paths such as conf/app.yaml: letters, digits, '.', '_', '-' and '/', no part being '.' or beginning with '..'"), validation = Rule::new("self.all(k, !self.exists(o, o.startsWith(k + '/')))").message("config.files has a path that is both a file and a folder, such as conf and conf/app.yaml: rename one of them"))]
    #[schemars(extend("maxProperties" = 64))]
    pub files: BTreeMap<String, String>,
}
