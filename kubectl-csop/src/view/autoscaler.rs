//! What a HorizontalPodAutoscaler sees and wants.

use k8s_openapi::api::autoscaling::v2::{
    HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus,
};
use serde::Serialize;

/// A metric of an autoscaler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    /// The metric's name.
    pub name: String,
    /// Its value now; none until it was read.
    pub current: Option<String>,
    /// The value that the autoscaler steers for.
    pub target: String,
}

/// The metrics of an autoscaler, in its own order.
pub fn metrics(autoscaler: &HorizontalPodAutoscaler) -> Vec<Metric> {
    let wanted = autoscaler.spec.as_ref().and_then(|spec| spec.metrics.as_deref()).unwrap_or_default();
    let seen =
        autoscaler.status.as_ref().and_then(|status| status.current_metrics.as_deref()).unwrap_or_default();
    wanted.iter().filter_map(|spec| metric(spec, seen)).collect()
}

fn metric(spec: &MetricSpec, seen: &[MetricStatus]) -> Option<Metric> {
    let (name, goal) = wanted(spec)?;
    let utilization = goal.average_utilization.is_some();
    let current = seen.iter().filter(|status| status.type_ == spec.type_).find_map(|status| {
        current(status).filter(|(seen, _)| *seen == name).and_then(|(_, value)| amount(value, utilization))
    });
    Some(Metric { name, current, target: target(goal) })
}

fn wanted(spec: &MetricSpec) -> Option<(String, &MetricTarget)> {
    if let Some(resource) = &spec.resource {
        return Some((resource.name.clone(), &resource.target));
    }
    if let Some(resource) = &spec.container_resource {
        return Some((format!("{} of {}", resource.name, resource.container), &resource.target));
    }
    if let Some(pods) = &spec.pods {
        return Some((pods.metric.name.clone(), &pods.target));
    }
    if let Some(object) = &spec.object {
        return Some((object.metric.name.clone(), &object.target));
    }
    spec.external.as_ref().map(|external| (external.metric.name.clone(), &external.target))
}

fn current(status: &MetricStatus) -> Option<(String, &MetricValueStatus)> {
    if let Some(resource) = &status.resource {
        return Some((resource.name.clone(), &resource.current));
    }
    if let Some(resource) = &status.container_resource {
        return Some((format!("{} of {}", resource.name, resource.container), &resource.current));
    }
    if let Some(pods) = &status.pods {
        return Some((pods.metric.name.clone(), &pods.current));
    }
    if let Some(object) = &status.object {
        return Some((object.metric.name.clone(), &object.current));
    }
    status.external.as_ref().map(|external| (external.metric.name.clone(), &external.current))
}

fn amount(value: &MetricValueStatus, utilization: bool) -> Option<String> {
    if utilization {
        return value.average_utilization.map(|percent| format!("{percent}%"));
    }
    value.average_value.as_ref().or(value.value.as_ref()).map(|quantity| quantity.0.clone())
}

fn target(target: &MetricTarget) -> String {
    if let Some(percent) = target.average_utilization {
        return format!("{percent}%");
    }
    match (&target.average_value, &target.value) {
        (Some(average), _) => format!("{} per pod", average.0),
        (None, Some(value)) => value.0.clone(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_metric_is_paired_with_its_own_value() {
        let autoscaler = serde_json::from_value(json!({
            "spec": {
                "maxReplicas": 10,
                "scaleTargetRef": {"kind": "Deployment", "name": "shop"},
                "metrics": [
                    {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}},
                    {"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "200"}}},
                    {"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "30"}}},
                ],
            },
            "status": {
                "desiredReplicas": 3,
                "currentMetrics": [
                    {"type": "Pods", "pods": {"metric": {"name": "rps"}, "current": {"averageValue": "185"}}},
                    {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 45, "averageValue": "45m"}}},
                ],
            },
        }))
        .unwrap();
        let text: Vec<_> = metrics(&autoscaler)
            .into_iter()
            .map(|metric| {
                format!("{} {}/{}", metric.name, metric.current.unwrap_or("?".into()), metric.target)
            })
            .collect();
        assert_eq!(text, ["cpu 45%/80%", "rps 185/200 per pod", "queue ?/30"]);
    }
}
