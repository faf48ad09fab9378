//! Whether the quotas of a namespace have room for more pods.

use crate::quantity::parse_nanos;
use k8s_openapi::api::core::v1::{PodSpec, ResourceQuota};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::ResourceExt;
use std::collections::BTreeMap;

/// Why `more` pods of this kind do not fit, by the first quota that has no room, such as `quota compute has 2 of pods left, 9 are
/// needed`. Quotas with scopes are left out: which pods they count is not known before the pods exist.
pub fn shortfall(quotas: &[ResourceQuota], pod: &PodSpec, more: i32) -> Option<String> {
    if more <= 0 {
        return None;
    }
    let unscoped = quotas.iter().filter(|quota| {
        let spec = quota.spec.as_ref();
        spec.is_none_or(|spec| {
            spec.scopes.as_ref().is_none_or(Vec::is_empty) && spec.scope_selector.is_none()
        })
    });
    unscoped.into_iter().find_map(|quota| exceeded(quota, pod, more))
}

fn exceeded(quota: &ResourceQuota, pod: &PodSpec, more: i32) -> Option<String> {
    let status = quota.status.as_ref()?;
    let empty = BTreeMap::new();
    let used = status.used.as_ref().unwrap_or(&empty);
    status.hard.iter().flatten().find_map(|(resource, hard)| {
        let each = of_pod(pod, resource)?;
        let needed = each.saturating_mul(more.into());
        let nanos = |quantity: &Quantity| parse_nanos(&quantity.0);
        let left = nanos(hard)? - used.get(resource).and_then(nanos).unwrap_or(0);
        let (left, needed) =
            (in_words(left.max(0), resource), (needed > left).then(|| in_words(needed, resource))?);
        Some(format!("quota {} has {left} of {resource} left, {needed} are needed", quota.name_any()))
    })
}

/// What a pod takes of a resource as quotas name it, in billionths; nothing for a resource that a pod does not take.
fn of_pod(pod: &PodSpec, resource: &str) -> Option<i128> {
    if matches!(resource, "pods" | "count/pods") {
        return Some(1_000_000_000);
    }
    let (of_limits, name) = match resource.split_once('.') {
        Some(("requests", name)) => (false, name),
        Some(("limits", name)) => (true, name),
        _ if matches!(resource, "cpu" | "memory") => (false, resource),
        _ => return None,
    };
    let amounts = pod.containers.iter().filter_map(|container| {
        let resources = container.resources.as_ref()?;
        // A request that is not given is its limit.
        let wanted = if of_limits { None } else { resources.requests.as_ref().and_then(|all| all.get(name)) };
        let amount = wanted.or_else(|| resources.limits.as_ref()?.get(name))?;
        parse_nanos(&amount.0)
    });
    amounts.reduce(i128::saturating_add)
}

fn in_words(nanos: i128, resource: &str) -> String {
    let units = |divisor: i128| {
        let text = format!("{}.{:02}", nanos / divisor, nanos % divisor * 100 / divisor);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    const WHOLE: i128 = 1_000_000_000;
    if resource.ends_with("memory") || resource.ends_with("storage") {
        return format!("{}Mi", units(WHOLE << 20));
    }
    units(WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn says(hard: Value, used: Value, more: i32) -> Option<String> {
        let quota = json!({"metadata": {"name": "compute"}, "spec": {"hard": hard}, "status": {"hard": hard, "used": used}});
        let pod = json!({"containers": [
            {"name": "a", "resources": {"requests": {"cpu": "250m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}},
            {"name": "b", "resources": {"limits": {"cpu": "1", "memory": "64Mi"}}},
        ]});
        let quota: ResourceQuota = serde_json::from_value(quota).unwrap();
        shortfall(&[quota], &serde_json::from_value(pod).unwrap(), more)
    }

    #[test]
    fn what_does_not_fit_is_named_with_what_is_left() {
        let pods = |more| says(json!({"pods": "10"}), json!({"pods": "8"}), more);
        assert_eq!(pods(2), None);
        assert_eq!(pods(9).unwrap(), "quota compute has 2 of pods left, 9 are needed");
        assert_eq!(pods(0), None);
        let cpu = says(json!({"requests.cpu": "4"}), json!({"requests.cpu": "1500m"}), 3);
        assert_eq!(cpu.unwrap(), "quota compute has 2.5 of requests.cpu left, 3.75 are needed");
        let memory = says(json!({"limits.memory": "1Gi"}), json!({}), 4);
        assert_eq!(memory.unwrap(), "quota compute has 1024Mi of limits.memory left, 1280Mi are needed");
    }

    #[test]
    fn quotas_on_what_pods_do_not_take_say_nothing() {
        assert_eq!(says(json!({"count/deployments.apps": "1", "services": "0"}), json!({}), 50), None);
        assert_eq!(says(json!({"pods": "no number"}), json!({}), 50), None);
    }
}
