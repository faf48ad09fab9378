//! An API server with a service and all that it consists of, in a namespace `pay`.

use super::records::{records, spec};
use super::server::{failure, gone};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// The name of the service.
pub const SHOP: &str = "shop";
/// A service that is Ready.
pub const READY: &str = include_str!("../../fixtures/ready.yaml");
/// A service whose image cannot be pulled.
pub const IMAGE_PULL: &str = include_str!("../../fixtures/image-pull.yaml");

const IMAGE: &str = "registry.example.com/shop:1.4.2";
/// Where the kinds of the namespace are.
const KINDS: [(&str, &str); 16] = [
    ("CashService", "/apis/csop.dev/v1alpha1/namespaces/pay/cashservices"),
    ("GeneralScaler", "/apis/csop.dev/v1alpha1/namespaces/pay/generalscalers"),
    ("CashServiceScheduledScale", "/apis/csop.dev/v1alpha1/namespaces/pay/cashservicescheduledscales"),
    ("ResourceQuota", "/api/v1/namespaces/pay/resourcequotas"),
    ("Deployment", "/apis/apps/v1/namespaces/pay/deployments"),
    ("ReplicaSet", "/apis/apps/v1/namespaces/pay/replicasets"),
    ("ControllerRevision", "/apis/apps/v1/namespaces/pay/controllerrevisions"),
    ("Pod", "/api/v1/namespaces/pay/pods"),
    ("Service", "/api/v1/namespaces/pay/services"),
    ("ServiceAccount", "/api/v1/namespaces/pay/serviceaccounts"),
    ("Secret", "/api/v1/namespaces/pay/secrets"),
    ("ConfigMap", "/api/v1/namespaces/pay/configmaps"),
    ("Event", "/api/v1/namespaces/pay/events"),
    ("HorizontalPodAutoscaler", "/apis/autoscaling/v2/namespaces/pay/horizontalpodautoscalers"),
    ("NetworkPolicy", "/apis/networking.k8s.io/v1/namespaces/pay/networkpolicies"),
    ("PodDisruptionBudget", "/apis/policy/v1/namespaces/pay/poddisruptionbudgets"),
];
/// Who leads the operators, and where it answers.
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/csop-system/leases/csop-operator";
const PROXY: &str = "/api/v1/namespaces/csop-system/pods/csop-operator-1:8080/proxy/scalers/pay/";
/// A watch that has nothing to say ends after this long.
const SILENCE: Duration = Duration::from_millis(20);

/// What there is.
#[derive(Clone)]
pub struct World {
    objects: Vec<Value>,
}

impl World {
    /// The objects of a fixture, the service renamed, with events, and with revisions to go back to.
    pub fn of(fixture: &str, name: &str) -> Self {
        let text = fixture.replace(SHOP, name);
        let mut objects: Vec<Value> = serde_yaml::Deserializer::from_str(&text)
            .map(|document| Value::deserialize(document).unwrap())
            .collect();
        objects.iter_mut().for_each(complete);
        objects.extend([event(name), scaler(name), schedule(name)]);
        Self { objects }
    }

    /// Answers a request.
    pub fn answer(&self, method: &str, target: &str) -> (u16, String) {
        let path = target.split('?').next().unwrap_or_default();
        if target.contains("watch=") {
            std::thread::sleep(SILENCE);
            return (200, String::new());
        }
        if path.ends_with("/log") {
            return (200, "2026-01-01T00:00:01Z one\n2026-01-01T00:00:02Z two\n".to_owned());
        }
        let (code, body) = match (method, path) {
            (_, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews") => (
                201,
                json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "metadata": {}, "spec": {}, "status": {"allowed": true}}),
            ),
            (_, "/version") => (
                200,
                json!({"major": "1", "minor": "36", "gitVersion": "v1.36.1", "gitCommit": "", "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}),
            ),
            (_, "/apis/csop.dev/v1alpha1") => (
                200,
                served(&[
                    ("cashservices", "CashService"),
                    ("cashservicescheduledscales", "CashServiceScheduledScale"),
                    ("generalscalers", "GeneralScaler"),
                ]),
            ),
            (_, "/apis/metrics.k8s.io/v1beta1") => (200, served(&[("pods", "PodMetrics")])),
            // The operator is in another namespace.
            (_, "/apis/apps/v1/namespaces/pay/deployments") if target.contains("csop-operator") => {
                (200, list(&[]))
            }
            (_, "/apis/apps/v1/deployments") => (200, list(&[&operator()])),
            (_, LEASE) => (
                200,
                json!({"metadata": {"name": "csop-operator"}, "spec": {"holderIdentity": "csop-operator-1"}}),
            ),
            (_, path) if path.starts_with(PROXY) => (200, records()),
            (_, "/apis/csop.dev/v1alpha1/cashservices") => (200, list(&self.all("CashService"))),
            _ => self.in_namespace(method, path),
        };
        (code, body.to_string())
    }

    /// Answers a request when the service and all that it owns are no more.
    pub fn gone(&self, method: &str, target: &str) -> (u16, String) {
        let path = target.split('?').next().unwrap_or_default();
        let Some((kind, _, name)) = place(path) else { return self.answer(method, target) };
        if target.contains("watch=") {
            std::thread::sleep(SILENCE);
            let deleted = |object: &&Value| format!("{}\n", json!({"type": "DELETED", "object": object}));
            return (200, self.all(kind).iter().map(deleted).collect());
        }
        let (code, body) = match (method, name) {
            ("POST", _) => (404, gone("namespaces", "pay")),
            (_, "") => (200, list(&[])),
            (_, name) => (404, gone(kind, name)),
        };
        (code, body.to_string())
    }

    fn in_namespace(&self, method: &str, path: &str) -> (u16, Value) {
        let Some((kind, _, name)) = place(path) else {
            return (404, failure(404, "NotFound", "the server could not find the requested resource"));
        };
        let all = self.all(kind);
        let found = all.iter().find(|object| object["metadata"]["name"] == *name);
        match (method, found) {
            ("POST", _) => (201, all[0].clone()),
            (_, _) if name.is_empty() => (200, list(&all)),
            (_, Some(found)) => (200, (*found).clone()),
            (_, None) => (404, gone(kind, name)),
        }
    }

    fn all(&self, kind: &str) -> Vec<&Value> {
        self.objects.iter().filter(|object| object["kind"] == *kind).collect()
    }
}

/// The kind, its path and the name that a path of the namespace means.
pub fn place(path: &str) -> Option<(&'static str, &'static str, &str)> {
    KINDS.iter().find_map(|(kind, at)| {
        let rest = path.strip_prefix(at)?;
        let name = rest.strip_prefix('/').unwrap_or(rest);
        (rest.is_empty() || rest.starts_with('/')).then_some((*kind, *at, name))
    })
}

fn list(items: &[&Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "7"}, "items": items})
}

fn served(resources: &[(&str, &str)]) -> Value {
    let resource = |(name, kind): &(&str, &str)| json!({"name": name, "singularName": "", "namespaced": true, "kind": kind, "verbs": ["list"]});
    let resources: Vec<_> = resources.iter().map(resource).collect();
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "any/v1", "resources": resources})
}

/// What a fixture leaves out and a command needs.
fn complete(object: &mut Value) {
    object["metadata"]["resourceVersion"] = json!("7");
    match object["kind"].as_str().unwrap() {
        "Deployment" => object["status"]["availableReplicas"] = object["status"]["readyReplicas"].clone(),
        "Pod" => {
            object["spec"] = json!({"containers": [{"name": "app"}]});
            if object["status"]["containerStatuses"].is_null() {
                object["status"]["containerStatuses"] = json!([{"name": "app", "image": "i", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}}}]);
            }
        }
        "ControllerRevision" => {
            let newest = object["revision"] == 10;
            let image = if newest { IMAGE } else { "registry.example.com/shop:1.4.1" };
            let hash = if newest { "6f1d2c3b4a" } else { "0123456789" };
            object["data"] = json!({"spec": {"image": image}});
            object["metadata"]["annotations"] = json!({"csop.dev/revision": hash, "kubernetes.io/change-cause": "a fix of what was broken before"});
        }
        "CashService" if object["status"]["revision"] == "6f1d2c3b4a" => {
            object["spec"]["image"] = json!(IMAGE);
        }
        _ => {}
    }
}

fn event(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": format!("{name}.1"), "namespace": "pay", "uid": "u-event", "resourceVersion": "7"},
        "involvedObject": {"apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "name": name, "namespace": "pay", "uid": format!("u-{name}")},
        "type": "Normal", "reason": "RolloutStarted", "message": "revision 6f1d2c3b4a is rolled out, pod by pod",
        "lastTimestamp": "2026-11-23T10:00:00Z", "count": 1, "source": {"component": "csop"},
    })
}

fn scaler(name: &str) -> Value {
    json!({
        "apiVersion": "csop.dev/v1alpha1", "kind": "GeneralScaler",
        "metadata": {"name": name, "namespace": "pay", "uid": format!("u-scaler-{name}"), "generation": 1, "resourceVersion": "7",
            "creationTimestamp": "2026-11-20T00:00:00Z"},
        "spec": spec(),
        "status": {
            "observedGeneration": 1, "target": "Deployment/shop", "currentReplicas": 10, "desiredReplicas": 10, "cause": "Steady",
            "operations": [{"time": "2026-11-23T10:00:00.000000Z", "from": 8, "to": 10, "cause": "Demand(rps)", "startsCooldown": true,
                "outcome": "Applied", "detail": "rps 1930 / 200"}],
            "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": "", "lastTransitionTime": "2026-11-20T00:00:00Z"}],
        },
    })
}

/// A schedule that is in force at all times.
fn schedule(name: &str) -> Value {
    json!({
        "apiVersion": "csop.dev/v1alpha1", "kind": "CashServiceScheduledScale",
        "metadata": {"name": name, "namespace": "pay", "uid": format!("u-schedule-{name}"), "generation": 1, "resourceVersion": "7",
            "creationTimestamp": "2026-11-20T00:00:00Z"},
        "spec": {"serviceRef": {"name": name}, "cron": "0 0 * * *", "duration": "48h", "minReplicas": 12},
        "status": {
            "observedGeneration": 1, "target": format!("CashService/{name}"), "phase": "Active", "floor": 12,
            "conditions": [{"type": "Ready", "status": "True", "reason": "InForce", "message": "", "lastTransitionTime": "2026-11-20T00:00:00Z"}],
        },
    })
}

fn operator() -> Value {
    json!({
        "metadata": {"name": "csop-operator", "namespace": "csop-system"},
        "spec": {"replicas": 1, "selector": {}, "template": {"spec": {"containers": [{"name": "operator", "image": "registry.example.com/csop-operator:0.1.0"}]}}},
        "status": {"readyReplicas": 1},
    })
}
