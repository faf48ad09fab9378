//! A service whose pod does not serve: what nodes tell of it, and a log that is gone.

use crate::support::server::{Server, failure};
use crate::support::{Ran, run};
use serde_json::{Value, json};

fn shop() -> Value {
    json!({
        "apiVersion": "csop.dev/v1alpha1", "kind": "CashService",
        "metadata": {"name": "shop", "namespace": "pay", "uid": "s", "generation": 1},
        "spec": {"image": "shop:1", "autoscaling": {"maxReplicas": 4}},
        "status": {"observedGeneration": 1, "conditions": [{
            "type": "Ready", "status": "False", "reason": "ReadinessFailing", "message": "as the operator says",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }]},
    })
}

fn pod() -> Value {
    json!({
        "metadata": {"name": "shop-1a-b", "namespace": "pay", "uid": "p", "labels": {"csop.dev/service": "shop"}},
        "spec": {"containers": [{"name": "app"}]},
        "status": {"containerStatuses": [{"name": "app", "image": "i", "imageID": "", "ready": false, "restartCount": 0,
            "started": true, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]},
    })
}

fn failed_probe() -> Value {
    json!({
        "metadata": {"name": "e", "namespace": "pay"}, "type": "Warning", "reason": "Unhealthy",
        "message": "Readiness probe failed: HTTP probe failed with statuscode: 503", "lastTimestamp": "2026-01-01T00:01:00Z",
        "involvedObject": {"kind": "Pod", "name": "shop-1a-b", "uid": "p", "fieldPath": "spec.containers{app}"},
    })
}

fn list(items: &[Value]) -> (u16, String) {
    let list =
        json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "7"}, "items": items});
    (200, list.to_string())
}

/// A server with the service and its pod, whose events are answered like this.
fn server(events: impl Fn() -> (u16, String) + Send + Sync + 'static) -> Server {
    Server::with(move |_, _, target| match target.split('?').next().unwrap_or_default() {
        "/apis/csop.dev/v1alpha1/namespaces/pay/cashservices/shop" => (200, shop().to_string()),
        "/api/v1/namespaces/pay/pods" => list(&[pod()]),
        "/api/v1/namespaces/pay/events" => events(),
        path if path.ends_with("/log") => {
            (200, "unable to retrieve container logs for containerd://1f".to_owned())
        }
        _ => list(&[]),
    })
}

fn on(server: &Server, arguments: &[&str]) -> Ran {
    run(&[arguments, &[&server.flag()]].concat())
}

#[test]
fn the_answer_of_a_probe_is_part_of_the_cause() {
    let server = server(|| list(&[failed_probe()]));
    let ran = on(&server, &["status", "shop"]);
    let cause = "Cause:        pod shop-1a-b: container app runs, but its readiness probe fails: HTTP status 503; check \
                 contract.healthPort and contract.readinessPath";
    assert!(ran.out.lines().any(|line| line == cause), "{ran:?}");
    assert_eq!((ran.exit.code(), ran.err.as_str()), (3, ""));
    // Only what may tell something is asked for.
    let mut asked = server.requests("GET");
    asked.retain(|(target, _)| target.contains("/events?"));
    assert!(
        !asked.is_empty() && asked.iter().all(|(target, _)| target.contains("fieldSelector=")),
        "{asked:?}"
    );
}

#[test]
fn without_the_right_to_read_events_the_cause_is_the_operators() {
    let said = r#"events is forbidden: User "jane" cannot list resource "events" in API group """#;
    let server = server(move || (403, failure(403, "Forbidden", said).to_string()));
    let ran = on(&server, &["status", "shop"]);
    assert!(ran.out.contains("\nCause:        as the operator says\n"), "{ran:?}");
    assert_eq!(ran.err, "warning: incomplete: forbidden: you may not list events in namespace \"pay\"\n");
}

#[test]
fn a_log_that_the_node_has_lost_is_no_log() {
    let ran = on(&server(|| list(&[])), &["logs", "shop"]);
    assert_eq!(ran.out, "");
    let error = "error: cannot get pods/log \"shop-1a-b\" in namespace \"pay\": its node cannot read it: unable to retrieve \
                 container logs for containerd://1f\n";
    assert_eq!(ran.err, error, "{ran:?}");
    assert_ne!(ran.exit.code(), 0);
}
