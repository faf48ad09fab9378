//! What a HorizontalPodAutoscaler sees and wants.

use super::tree::Health;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::autoscaling::v2::{
    HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition, MetricSpec, MetricStatus, MetricTarget,
    MetricValueStatus,
};
use serde::Serialize;

/// metrics-server has figures of a new pod within this time.
const FIRST_METRICS: SignedDuration = SignedDuration::from_secs(60);

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

/// What keeps an autoscaler from the size that it wants, when it wants more than it may: `at its maximum (10), limited by max`.
pub fn limit(autoscaler: &HorizontalPodAutoscaler) -> Option<String> {
    let limited = condition(autoscaler, "ScalingLimited").filter(|it| it.status == "True")?;
    let max = autoscaler.spec.as_ref()?.max_replicas;
    (limited.reason.as_deref() == Some("TooManyReplicas"))
        .then(|| format!("at its maximum ({max}), limited by max"))
}

/// Why an autoscaler does not scale, in a word; at its beginning, before there can be metrics, in kinder ones.
pub fn inactive(autoscaler: &HorizontalPodAutoscaler, now: Option<Timestamp>) -> Option<(String, Health)> {
    let inactive = condition(autoscaler, "ScalingActive").filter(|it| it.status == "False")?;
    let reason = inactive.reason.clone().unwrap_or_else(|| "not active".to_owned());
    let created = autoscaler.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let is_young =
        matches!((created, now), (Some(then), Some(now)) if now.duration_since(then) < FIRST_METRICS);
    if is_young && reason.starts_with("FailedGet") {
        return Some(("no metrics yet".to_owned(), Health::Waiting));
    }
    Some((reason, Health::Failed))
}

fn condition<'a>(
    autoscaler: &'a HorizontalPodAutoscaler,
    kind: &str,
) -> Option<&'a HorizontalPodAutoscalerCondition> {
    let conditions = autoscaler.status.as_ref()?.conditions.as_deref()?;
    conditions.iter().find(|condition| condition.type_ == kind)
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

    fn young(kind: &str, status: &str, reason: &str) -> HorizontalPodAutoscaler {
        serde_json::from_value(json!({
            "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"maxReplicas": 10, "scaleTargetRef": {"kind": "Deployment", "name": "shop"}},
            "status": {"desiredReplicas": 10, "conditions": [{"type": kind, "status": status, "reason": reason}]},
        }))
        .unwrap()
    }

    #[test]
    fn missing_metrics_are_a_failure_only_after_a_minute() {
        let told = |reason: &str, seconds: i64| {
            let born: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            inactive(
                &young("ScalingActive", "False", reason),
                Some(born + SignedDuration::from_secs(seconds)),
            )
        };
        let reason = "FailedGetResourceMetric";
        assert_eq!(told(reason, 20), Some(("no metrics yet".to_owned(), Health::Waiting)));
        assert_eq!(told(reason, 61), Some((reason.to_owned(), Health::Failed)));
        assert_eq!(told("InvalidSelector", 20), Some(("InvalidSelector".to_owned(), Health::Failed)));
    }

    #[test]
    fn only_the_maximum_is_a_limit_to_tell_of() {
        let told = |status: &str, reason: &str| limit(&young("ScalingLimited", status, reason));
        assert_eq!(told("True", "TooManyReplicas").as_deref(), Some("at its maximum (10), limited by max"));
        assert_eq!(told("True", "TooFewReplicas"), None);
        assert_eq!(told("False", "DesiredWithinRange"), None);
    }
}
