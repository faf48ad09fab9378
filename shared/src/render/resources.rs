//! CPU and memory of the container.

use crate::quantity::{doubled, parse_nanos, rounded_up_to_milli};
use k8s_openapi::{api::core::v1::ResourceRequirements, apimachinery::pkg::api::resource::Quantity};
use std::collections::BTreeMap;

const REQUESTS: [(&str, &str); 2] = [("cpu", "100m"), ("memory", "128Mi")];

/// The given requirements with csop's defaults: requests of 100m and 128Mi, though never above a given limit,
/// and a memory limit of twice the request.
pub(super) fn with_defaults(given: Option<&ResourceRequirements>) -> ResourceRequirements {
    let mut resources = given.cloned().unwrap_or_default();
    let mut limits = resources.limits.take().unwrap_or_default();
    let mut requests = resources.requests.take().unwrap_or_default();
    for (name, usual) in REQUESTS {
        if !requests.contains_key(name) {
            requests.insert(name.to_owned(), at_most(usual, limits.get(name)));
        }
    }
    if !limits.contains_key("memory") {
        limits.extend(twice_memory(&requests));
    }
    for quantity in requests.values_mut().chain(limits.values_mut()) {
        if let Some(kept) = rounded_up_to_milli(&quantity.0) {
            quantity.0 = kept;
        }
    }
    resources.requests = Some(requests);
    resources.limits = (!limits.is_empty()).then_some(limits);
    resources
}

fn at_most(usual: &str, limit: Option<&Quantity>) -> Quantity {
    match limit {
        Some(limit) if parse_nanos(&limit.0) < parse_nanos(usual) => limit.clone(),
        _ => Quantity(usual.to_owned()),
    }
}

fn twice_memory(requests: &BTreeMap<String, Quantity>) -> Option<(String, Quantity)> {
    let limit = doubled(&requests.get("memory")?.0)?;
    Some(("memory".to_owned(), Quantity(limit)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn filled(given: Value) -> Value {
        let given: ResourceRequirements = serde_json::from_value(given).unwrap();
        serde_json::to_value(with_defaults(Some(&given))).unwrap()
    }

    #[test]
    fn defaults_and_numbers() {
        let usual = json!({"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}});
        assert_eq!(serde_json::to_value(with_defaults(None)).unwrap(), usual);
        assert_eq!(
            filled(json!({"limits": {"cpu": 1}})),
            json!({"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}})
        );
        assert_eq!(filled(json!({"requests": {"memory": "1Gi"}}))["limits"]["memory"], "2Gi");
    }

    #[test]
    fn quantities_are_as_the_api_server_keeps_them() {
        let fine = filled(json!({"requests": {"cpu": 0.0005}, "limits": {"cpu": 0.5, "memory": "1Gi"}}));
        assert_eq!(fine["requests"]["cpu"], "1m");
        assert_eq!(fine["limits"], json!({"cpu": "0.5", "memory": "1Gi"}));
    }

    #[test]
    fn a_default_request_never_exceeds_a_given_limit() {
        let small = filled(json!({"limits": {"cpu": "50m", "memory": "64Mi"}}));
        assert_eq!(
            small,
            json!({"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "50m", "memory": "64Mi"}})
        );
    }
}
