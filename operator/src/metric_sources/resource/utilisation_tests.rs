use serde_json::{Value, json};

use super::*;

const NOW: &str = "2026-03-01T12:00:00Z";

fn pod(name: &str, requests: &[Value]) -> Value {
    let containers: Vec<_> = requests
        .iter()
        .enumerate()
        .map(|(index, requests)| json!({"name": format!("c{index}"), "resources": {"requests": requests}}))
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
