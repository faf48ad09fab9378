//! Configuration as immutable ConfigMaps named by their content, so that old and new pods each see their own.

use super::labels;
use crate::{
    api::{CashService, cash_service::Config},
    names,
};
use k8s_openapi::api::core::v1::{ConfigMap, KeyToPath};
use kube::ResourceExt;
use std::collections::BTreeMap;

const HASH_DIGITS: usize = 10;

/// The name of the ConfigMap that holds `config.data`, if there is any.
pub fn data_name(service: &str, config: Option<&Config>) -> Option<String> {
    hashed_name(service, "config", &config?.data)
}

/// The name of the ConfigMap that holds `config.files`, if there are any.
pub fn files_name(service: &str, config: Option<&Config>) -> Option<String> {
    hashed_name(service, "files", &config?.files)
}

/// Both names, as far as they exist.
pub fn names_of(service: &str, config: Option<&Config>) -> Vec<String> {
    data_name(service, config).into_iter().chain(files_name(service, config)).collect()
}

/// The ConfigMaps of a service.
pub(super) fn config_maps(service: &CashService) -> Vec<ConfigMap> {
    let (name, config) = (service.name_any(), service.spec.config.as_ref());
    let data = data_name(&name, config).zip(config.map(|c| c.data.clone()));
    let files = files_name(&name, config).zip(config.map(|c| keyed(&c.files)));
    data.into_iter().chain(files).map(|(name, data)| immutable(service, name, data)).collect()
}

/// Which key of the ConfigMap appears at which path: a key cannot hold the `/` of a path.
pub(super) fn items(files: &BTreeMap<String, String>) -> Vec<KeyToPath> {
    files.keys().map(|path| KeyToPath { key: key(path), path: path.clone(), mode: None }).collect()
}

fn keyed(files: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    files.iter().map(|(path, content)| (key(path), content.clone())).collect()
}

fn key(path: &str) -> String {
    if path.contains('/') {
        format!("{}.{}", path.replace('/', "."), names::short_hash(path.as_bytes(), 6))
    } else {
        path.to_owned()
    }
}

fn immutable(service: &CashService, name: String, data: BTreeMap<String, String>) -> ConfigMap {
    ConfigMap {
        metadata: labels::metadata(service, name),
        data: Some(data),
        immutable: Some(true),
        binary_data: None,
    }
}

fn hashed_name(service: &str, what: &str, content: &BTreeMap<String, String>) -> Option<String> {
    if content.is_empty() {
        return None;
    }
    let text = serde_json::to_string(content).expect("maps of strings serialise to JSON");
    Some(names::child(service, &format!("{what}-{}", names::short_hash(text.as_bytes(), HASH_DIGITS))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_follows_the_content() {
        let config =
            |value: &str| Config { data: [("A".to_owned(), value.to_owned())].into(), ..Config::default() };
        let (one, two) = (data_name("shop", Some(&config("1"))), data_name("shop", Some(&config("2"))));
        assert!(one.is_some() && one != two);
        assert_eq!(one, data_name("shop", Some(&config("1"))));
        assert_eq!(files_name("shop", Some(&config("1"))), None);
        assert_eq!(data_name("shop", None), None);
    }

    #[test]
    fn keys_of_paths_stay_apart() {
        assert_eq!(key("app.yaml"), "app.yaml");
        assert_ne!(key("a/b.c"), key("a.b/c"));
        assert!(!key("a/b.c").contains('/'));
    }
}
