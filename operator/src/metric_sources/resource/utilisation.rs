//! Use in percent of requests, as the HorizontalPodAutoscaler measures it: all that ready pods use, over all that they request.

use std::collections::HashMap;

use csop_shared::api::general_scaler::ResourceName;
use csop_shared::quantity::parse_nanos;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Container, Pod, ResourceRequirements};
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use serde::Deserialize;

/// How long a pod that has become ready may be without metrics: they come with the first scrapes.
const NEW: SignedDuration = SignedDuration::from_secs(120);

/// What is known of the pods of a target.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub pods: &'a [Pod],
    pub metrics: &'a [PodMetrics],
    pub now: Timestamp,
}

/// A measurement.
#[derive(Debug, PartialEq)]
pub(super) struct Utilisation {
    pub percent: f64,
    /// When the oldest part of it was measured.
    pub time: Timestamp,
}

/// What a pod uses, of `metrics.k8s.io/v1beta1`.
pub(super) struct PodMetrics {
    name: String,
    usage: Usage,
}

#[derive(Deserialize)]
struct Usage {
    timestamp: Timestamp,
    containers: Vec<ContainerUsage>,
}

#[derive(Deserialize)]
struct ContainerUsage {
    name: String,
    usage: HashMap<String, String>,
}

impl PodMetrics {
    /// Reads it from an object.
    pub fn read(object: DynamicObject) -> Result<Self, serde_json::Error> {
        Ok(Self { name: object.name_any(), usage: serde_json::from_value(object.data)? })
    }

    /// What all of these containers use; none when one of them is missing.
    fn of(&self, containers: &[&Container], resource: &str) -> Option<i128> {
        containers
            .iter()
            .map(|container| {
                let measured = self.usage.containers.iter().find(|usage| usage.name == container.name)?;
                parse_nanos(measured.usage.get(resource)?)
            })
            .sum()
    }
}

/// The utilisation of the ready pods; none when there is no such pod.
///
/// # Errors
/// When a pod has no requests, or has had no metrics for too long: it is named.
pub(super) fn of(known: Known<'_>, resource: ResourceName) -> Result<Option<Utilisation>, String> {
    let resource = match resource {
        ResourceName::Cpu => "cpu",
        ResourceName::Memory => "memory",
    };
    let metrics: HashMap<&str, &PodMetrics> =
        known.metrics.iter().map(|metrics| (metrics.name.as_str(), metrics)).collect();
    let (mut used, mut requested, mut oldest) = (0, 0, None::<Timestamp>);
    for pod in known.pods {
        let Some(ready_since) = ready_since(pod) else { continue };
        let name = pod.name_any();
        let containers = running(pod);
        let request = requests(pod, &containers, resource).ok_or_else(|| {
            format!("no utilisation: a container of the pod {name} does not request {resource}")
        })?;
        let measured = metrics.get(name.as_str());
        let Some((usage, time)) =
            measured.and_then(|pod| Some((pod.of(&containers, resource)?, pod.usage.timestamp)))
        else {
            if known.now.duration_since(ready_since) < NEW {
                continue;
            }
            return Err(format!(
                "no {resource} metrics of the pod {name}, which has been ready for more than two minutes"
            ));
        };
        used += usage;
        requested += request;
        oldest = Some(oldest.map_or(time, |oldest| oldest.min(time)));
    }
    let Some(time) = oldest else { return Ok(None) };
    if requested == 0 {
        return Err(format!("no utilisation: the pods request no {resource}"));
    }
    Ok(Some(Utilisation { percent: used as f64 * 100.0 / requested as f64, time }))
}

/// Since when a pod is ready; none when it is not, or is on its way out.
fn ready_since(pod: &Pod) -> Option<Timestamp> {
    let status = pod.status.as_ref()?;
    if pod.metadata.deletion_timestamp.is_some() || status.phase.as_deref() != Some("Running") {
        return None;
    }
    let ready = status.conditions.iter().flatten().find(|condition| condition.type_ == "Ready")?;
    let since = ready.last_transition_time.as_ref().map_or(Timestamp::UNIX_EPOCH, |time| time.0);
    (ready.status == "True").then_some(since)
}

/// The containers that run all the time, sidecars included.
fn running(pod: &Pod) -> Vec<&Container> {
    let Some(spec) = &pod.spec else { return vec![] };
    let sidecars = spec.init_containers.iter().flatten();
    let sidecars = sidecars.filter(|container| container.restart_policy.as_deref() == Some("Always"));
    spec.containers.iter().chain(sidecars).collect()
}

/// What a pod requests: as a whole where it says so, else by its containers, all of which must.
fn requests(pod: &Pod, containers: &[&Container], resource: &str) -> Option<i128> {
    let whole = pod.spec.as_ref().and_then(|spec| spec.resources.as_ref());
    if let Some(request) = whole.and_then(|resources| request(resources, resource)) {
        return Some(request);
    }
    containers.iter().map(|container| request(container.resources.as_ref()?, resource)).sum()
}

fn request(resources: &ResourceRequirements, resource: &str) -> Option<i128> {
    parse_nanos(&resources.requests.as_ref()?.get(resource)?.0)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: &str = "2026-03-01T12:00:00Z";

    fn pod(name: &str, requests: &[Value]) -> Value {
        let containers: Vec<_> = requests
            .iter()
            .enumerate()
            .map(
                |(index, requests)| json!({"name": format!("c{index}"), "resources": {"requests": requests}}),
            )
            .collect();
        json!({
            "metadata": {"name": name},
            "spec": {"containers": containers},
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-03-01T11:00:00Z"}],
            },
        })
    }

    fn metrics(name: &str, time: &str, usages: &[Value]) -> Value {
        let containers: Vec<_> = usages
            .iter()
            .enumerate()
            .map(|(index, usage)| json!({"name": format!("c{index}"), "usage": usage}))
            .collect();
        json!({
            "apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics",
            "metadata": {"name": name}, "timestamp": time, "window": "15s", "containers": containers,
        })
    }

    fn measured(
        pods: &[Value],
        metrics: &[Value],
        resource: ResourceName,
    ) -> Result<Option<(f64, String)>, String> {
        let pods: Vec<Pod> = pods.iter().map(|pod| serde_json::from_value(pod.clone()).unwrap()).collect();
        let metrics: Vec<_> = metrics
            .iter()
            .map(|metrics| PodMetrics::read(serde_json::from_value(metrics.clone()).unwrap()).unwrap())
            .collect();
        let known = Known { pods: &pods, metrics: &metrics, now: NOW.parse().unwrap() };
        of(known, resource).map(|answer| answer.map(|answer| (answer.percent, answer.time.to_string())))
    }

    #[test]
    fn all_that_pods_use_is_divided_by_all_that_they_request() {
        let pods = [
            pod("a", &[json!({"cpu": "100m", "memory": "1Gi"}), json!({"cpu": "0.1", "memory": "1Gi"})]),
            pod("b", &[json!({"cpu": "1", "memory": "2Gi"})]),
        ];
        let metrics = [
            metrics(
                "a",
                "2026-03-01T11:59:30Z",
                &[json!({"cpu": "30m", "memory": "512Mi"}), json!({"cpu": "0", "memory": "0"})],
            ),
            metrics("b", "2026-03-01T11:59:40Z", &[json!({"cpu": "570000000n", "memory": "1536Mi"})]),
        ];
        let time = "2026-03-01T11:59:30Z".to_owned();
        assert_eq!(measured(&pods, &metrics, ResourceName::Cpu), Ok(Some((50.0, time.clone()))));
        assert_eq!(measured(&pods, &metrics, ResourceName::Memory), Ok(Some((50.0, time))));
    }

    #[test]
    fn pods_that_are_not_ready_do_not_count() {
        let mut starting = pod("starting", &[json!({"cpu": "1"})]);
        starting["status"]["conditions"][0]["status"] = json!("False");
        let mut ending = pod("ending", &[json!({"cpu": "1"})]);
        ending["metadata"]["deletionTimestamp"] = json!(NOW);
        let mut done = pod("done", &[json!({"cpu": "1"})]);
        done["status"]["phase"] = json!("Succeeded");
        let others = [starting, ending, done];
        assert_eq!(measured(&others, &[], ResourceName::Cpu), Ok(None));
        let [starting, ending, done] = others;
        let pods = [starting, ending, done, pod("a", &[json!({"cpu": "1"})])];
        let metrics = [metrics("a", NOW, &[json!({"cpu": "250m"})])];
        assert_eq!(measured(&pods, &metrics, ResourceName::Cpu), Ok(Some((25.0, NOW.to_owned()))));
    }

    #[test]
    fn a_pod_without_requests_or_metrics_is_named() {
        let full = metrics("a", NOW, &[json!({"cpu": "1"})]);
        let without = measured(&[pod("a", &[json!({"memory": "1"})])], &[full], ResourceName::Cpu);
        assert_eq!(without.unwrap_err(), "no utilisation: a container of the pod a does not request cpu");
        let unmeasured = measured(&[pod("a", &[json!({"cpu": "1"})])], &[], ResourceName::Cpu).unwrap_err();
        assert!(unmeasured.starts_with("no cpu metrics of the pod a"), "{unmeasured}");
        let zero = measured(
            &[pod("a", &[json!({"cpu": "0"})])],
            &[metrics("a", NOW, &[json!({"cpu": "1"})])],
            ResourceName::Cpu,
        );
        assert!(zero.unwrap_err().contains("the pods request no cpu"));
    }

    #[test]
    fn a_new_pod_may_be_without_metrics() {
        let mut new = pod("new", &[json!({"cpu": "1"})]);
        new["status"]["conditions"][0]["lastTransitionTime"] = json!("2026-03-01T11:59:00Z");
        assert_eq!(measured(&[new.clone()], &[], ResourceName::Cpu), Ok(None));
        let pods = [new, pod("old", &[json!({"cpu": "1"})])];
        let metrics = [metrics("old", NOW, &[json!({"cpu": "1500m"})])];
        assert_eq!(measured(&pods, &metrics, ResourceName::Cpu), Ok(Some((150.0, NOW.to_owned()))));
    }

    #[test]
    fn sidecars_and_requests_of_the_whole_pod_count() {
        let mut with_sidecar = pod("a", &[json!({"cpu": "1"})]);
        with_sidecar["spec"]["initContainers"] = json!([
            {"name": "c1", "restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}},
            {"name": "setup"},
        ]);
        let usage = [metrics("a", NOW, &[json!({"cpu": "1"}), json!({"cpu": "0"})])];
        assert_eq!(measured(&[with_sidecar], &usage, ResourceName::Cpu), Ok(Some((50.0, NOW.to_owned()))));
        let mut whole = pod("a", &[json!({}), json!({})]);
        whole["spec"]["resources"] = json!({"requests": {"cpu": "4"}});
        assert_eq!(measured(&[whole], &usage, ResourceName::Cpu), Ok(Some((25.0, NOW.to_owned()))));
    }
}
