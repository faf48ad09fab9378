//! Lists whose items have keys that tell them apart.

use super::shown;
use crate::manifest::Problem;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::Value;

/// The items whose keys an item before them has.
pub fn twice(items: &[Value], schema: &JSONSchemaProps, path: &str) -> Vec<Problem> {
    let names = schema.x_kubernetes_list_map_keys.as_deref().unwrap_or_default();
    if names.is_empty() {
        return vec![];
    }
    let key = |item: &Value| names.iter().map(|name| item.get(name).cloned()).collect::<Vec<_>>();
    let mut problems = vec![];
    for (at, item) in items.iter().enumerate() {
        // What lacks a key is another problem, which is told already.
        if key(item).contains(&None) {
            continue;
        }
        if let Some(first) = items[..at].iter().position(|other| key(other) == key(item)) {
            let told: Vec<_> = names.iter().map(|name| format!("{name} {}", shown(&item[name]))).collect();
            let message = format!("has {}, as {path}[{first}] has", told.join(" and "));
            problems.push(Problem::new(format!("{path}[{at}]"), message));
        }
    }
    problems
}
