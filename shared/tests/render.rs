//! What a service yields, as snapshots, and what holds of every rendering.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use csop_shared::{
    api::CashService,
    render::{self, Plan},
    revision,
    scale::Floor,
};
use serde_json::{Value, json};

fn service(spec: Value) -> CashService {
    let mut all = json!({"image": "registry.example.com/shop:1.4.2", "autoscaling": {"maxReplicas": 10}});
    for (key, value) in spec.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    let object = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "metadata": {"name": "shop", "namespace": "pay"}, "spec": all});
    serde_json::from_value(object).unwrap()
}

fn everything() -> CashService {
    service(json!({
        "imagePullSecrets": [{"name": "registry"}],
        "imagePullPolicy": "Always",
        "labels": {"team": "pay", "app.kubernetes.io/part-of": "store"},
        "annotations": {"owner": "pay@example.com"},
        "command": ["/shop"],
        "args": ["--serve"],
        "replicas": 4,
        "autoscaling": {"minReplicas": 3, "maxReplicas": 9, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}},
        "contract": {"port": 9443, "servicePort": 8443, "healthPort": 9443, "livenessPath": "/live", "readinessPath": "/ready",
            "ports": [{"name": "metrics", "port": 9100}], "tls": {"secretName": "shop-tls"}},
        "security": {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 2000, "readOnlyRootFilesystem": false},
        "env": [{"name": "ZONE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "envFrom": [{"configMapRef": {"name": "shared"}}],
        "config": {"data": {"LEVEL": "info"}, "files": {"app.yaml": "a: 1\n", "conf/log.yaml": "level: info\n"}},
        "secrets": [
            {"name": "db", "generate": {"password": {}, "token": {"length": 64, "alphabet": "Hex"}}},
            {"name": "mail", "fromSecret": "mail", "env": {"MAIL_PASSWORD": "password"}},
            {"name": "keys", "fromSecret": "keys", "mountPath": "/keys"}],
        "resources": {"requests": {"memory": "1Gi"}, "limits": {"cpu": 2}},
        "volumes": [{"name": "cache", "emptyDir": {"sizeLimit": "1Gi"}}],
        "volumeMounts": [{"name": "cache", "mountPath": "/cache"}],
        "probes": {"startup": {"exec": {"command": ["/started"]}}},
        "network": {"ingressFrom": [{"podSelector": {"matchLabels": {"app": "gateway"}}}], "egress": "Listed", "egressTo": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]},
        "serviceAccountName": "shop-robot",
        "rollout": {"maxSurge": 1, "maxUnavailable": "10%"},
        "terminationGracePeriodSeconds": 3,
        "pod": {"nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "spot", "operator": "Exists"}], "priorityClassName": "high", "topologySpreadConstraints": []},
    }))
}

#[test]
fn the_smallest_service() {
    insta::assert_yaml_snapshot!(render::offline(&service(json!({})), &[]));
}

#[test]
fn a_service_with_everything() {
    insta::assert_yaml_snapshot!(render::offline(&everything(), &[]));
}

#[test]
fn a_worker() {
    let worker =
        service(json!({"contract": {"type": "Worker"}, "autoscaling": {"mode": "Fixed"}, "replicas": 1}));
    insta::assert_yaml_snapshot!(render::offline(&worker, &[]));
}

#[test]
fn floors_in_force_are_in_what_is_rendered() {
    let floor = |replicas| Floor { name: "f".into(), replicas, raise_max: false, respect_rate_limit: false };
    for (mode, number, minimum) in [
        (json!({"minReplicas": 2, "maxReplicas": 10}), 6, Some(6)),
        (json!({"mode": "Fixed"}), 6, None),
        (json!({"mode": "External", "minReplicas": 2, "maxReplicas": 10}), 2, None),
    ] {
        let service = service(json!({"replicas": 2, "autoscaling": mode}));
        let all = render::offline(&service, &[floor(6), floor(4)]);
        let of = |kind: &str, field: &str| {
            let object = all.iter().find(|object| object["kind"] == kind);
            object.and_then(|object| object["spec"][field].as_i64())
        };
        assert_eq!(of("Deployment", "replicas"), Some(number), "{mode}");
        assert_eq!(of("HorizontalPodAutoscaler", "minReplicas"), minimum, "{mode}");
    }
}

fn hash(service: &CashService) -> String {
    revision::of_template(&Plan { service, secrets_digest: None, floors: &[] }.template())
}

/// The hash is part of what is stored: it must not change with a version of csop.
#[test]
fn the_revision_of_the_smallest_service_stays_what_it_is() {
    insta::assert_snapshot!(hash(&service(json!({}))));
}

#[test]
fn only_the_pod_template_makes_a_revision() {
    let plain = hash(&service(json!({})));
    for same in [
        json!({"replicas": 9}),
        json!({"autoscaling": {"mode": "External"}}),
        json!({"network": {"egress": "DNSOnly"}}),
        json!({"rollout": {"maxSurge": 3}}),
    ] {
        assert_eq!(hash(&service(same.clone())), plain, "{same}");
    }
    for other in [
        json!({"image": "i:2"}),
        json!({"config": {"data": {"A": "1"}}}),
        json!({"labels": {"a": "b"}}),
        json!({"env": [{"name": "A", "value": "1"}]}),
    ] {
        assert_ne!(hash(&service(other.clone())), plain, "{other}");
    }
    let mut restarted = service(json!({}));
    restarted.metadata.annotations =
        Some([("csop.dev/restartedAt".to_owned(), "2026-11-21T10:00:00Z".to_owned())].into());
    assert_ne!(hash(&restarted), plain);
    let digested = service(json!({}));
    let with = |digest| {
        revision::of_template(
            &Plan { service: &digested, secrets_digest: Some(digest), floors: &[] }.template(),
        )
    };
    assert_ne!(with("a"), with("b"));
}

#[test]
fn selectors_never_follow_labels_or_versions() {
    let selector = |s: &CashService| {
        Plan { service: s, secrets_digest: None, floors: &[] }.deployment().spec.unwrap().selector
    };
    assert_eq!(selector(&service(json!({}))), selector(&everything()));
}

#[test]
fn an_offline_rendering_holds_no_secret_value() {
    let text = serde_json::to_string(&render::offline(&everything(), &[])).unwrap();
    assert!(text.contains("<generated: 64 characters>") && text.contains("<generated: 32 bytes>"));
    let kinds: Vec<_> =
        render::offline(&everything(), &[]).iter().map(|o| o["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds.iter().filter(|k| *k == "Secret").count(), 2);
}
