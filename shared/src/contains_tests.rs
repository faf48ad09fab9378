use super::*;
use serde_json::json;

fn intent() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "shop", "labels": {"a": "b"}, "ownerReferences": [{"uid": "u1", "name": "shop", "controller": true}]},
        "spec": {
            "selector": {"matchLabels": {"app": "shop"}},
            "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": {"app": "shop"}, "annotations": {}},
                "spec": {
                    "hostNetwork": false,
                    "automountServiceAccountToken": false,
                    "securityContext": {"runAsNonRoot": true},
                    "containers": [{
                        "name": "app", "image": "shop:1", "args": ["a", "b"],
                        "env": [{"name": "EMPTY", "value": ""}, {"name": "N", "value": "1"}],
                        "ports": [{"containerPort": 8443, "name": "https"}, {"containerPort": 53, "protocol": "UDP"}],
                        "resources": {"limits": {"cpu": 1, "memory": "1024Mi"}, "requests": {"cpu": "0.1"}},
                        "readinessProbe": {"initialDelaySeconds": 0, "httpGet": {"path": "/", "port": 8080}},
                        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
                        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp", "readOnly": false}],
                    }],
                    "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}],
                },
            },
        },
    })
}

/// The object as the API server returns it: defaults filled in, zero values dropped, quantities in canonical form.
fn defaulted() -> Value {
    json!({
        "metadata": {
            "name": "shop", "namespace": "n", "uid": "x", "resourceVersion": "7", "generation": 2,
            "labels": {"a": "b", "other": "c"},
            "annotations": {"deployment.kubernetes.io/revision": "1"},
            "ownerReferences": [
                {"uid": "u0", "name": "z", "kind": "Z", "apiVersion": "z/v1"},
                {"uid": "u1", "name": "shop", "controller": true, "kind": "CashService", "apiVersion": "csop.dev/v1alpha1"}],
        },
        "spec": {
            "replicas": 3, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
            "selector": {"matchLabels": {"app": "shop"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "template": {
                "metadata": {"creationTimestamp": null, "labels": {"app": "shop"}},
                "spec": {
                    "automountServiceAccountToken": false, "dnsPolicy": "ClusterFirst", "restartPolicy": "Always",
                    "schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 30,
                    "securityContext": {"runAsNonRoot": true},
                    "containers": [
                        {"name": "mesh", "image": "m:1"},
                        {
                            "name": "app", "image": "shop:1", "args": ["a", "b"], "imagePullPolicy": "IfNotPresent",
                            "terminationMessagePath": "/dev/termination-log",
                            "env": [{"name": "N", "value": "1"}, {"name": "EMPTY"}],
                            "ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 8443, "name": "https", "protocol": "TCP"}],
                            "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m"}},
                            "readinessProbe": {"httpGet": {"path": "/", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10},
                            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
                            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
                        }],
                    "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}],
                },
            },
        },
        "status": {"replicas": 3},
    })
}

#[test]
fn a_defaulted_deployment_contains_its_intent() {
    assert!(contains(&defaulted(), &intent()));
}

#[test]
fn every_change_by_hand_is_seen() {
    let pod = "/spec/template/spec";
    let changes = [
        ("/metadata/labels/a", json!("c")),
        ("/metadata/ownerReferences/1/controller", json!(false)),
        ("/spec/selector/matchLabels", json!({})),
        ("/spec/strategy/rollingUpdate/maxUnavailable", json!(1)),
        (&format!("{pod}/automountServiceAccountToken"), Value::Null),
        (&format!("{pod}/containers/1/image"), json!("shop:2")),
        (&format!("{pod}/containers/1/name"), json!("app2")),
        (&format!("{pod}/containers/1/args"), json!(["a", "b", "c"])),
        (&format!("{pod}/containers/1/args"), json!(["b", "a"])),
        (&format!("{pod}/containers/1/env/0/value"), json!("1.0")),
        (&format!("{pod}/containers/1/ports/0/protocol"), json!("TCP")),
        (&format!("{pod}/containers/1/resources/limits/memory"), json!("1025Mi")),
        (&format!("{pod}/containers/1/resources/requests"), Value::Null),
        (&format!("{pod}/containers/1/securityContext/allowPrivilegeEscalation"), Value::Null),
        (&format!("{pod}/volumes/0/emptyDir"), Value::Null),
    ];
    for (path, value) in changes {
        let mut live = defaulted();
        *live.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value.clone();
        assert!(!contains(&live, &intent()), "{path} = {value}");
    }
}

#[test]
fn quantities_are_compared_as_such_only_where_they_are_quantities() {
    let limits = |value: Value| json!({"limits": {"cpu": value}});
    for same in [json!(1), json!("1"), json!("1000m"), json!("1.0")] {
        assert!(contains(&limits(json!("1")), &limits(same.clone())), "{same}");
    }
    assert!(!contains(&json!({"data": {"cpu": "1"}}), &json!({"data": {"cpu": "1000m"}})));
    let target = |value: &str| json!({"target": {"type": "Value", "value": value}});
    assert!(contains(&target("2k"), &target("2000")));
}

#[test]
fn numbers_lose_their_decimals() {
    assert!(contains(&json!({"targetValue": 100}), &json!({"targetValue": 100.0})));
    assert!(!contains(&json!({"targetValue": 101}), &json!({"targetValue": 100.0})));
}

#[test]
fn ports_of_a_service_are_keyed_and_those_of_a_policy_are_not() {
    let service = |ports: Value| json!({"spec": {"ports": ports}});
    let two = json!([{"port": 80, "targetPort": 1, "protocol": "TCP"}, {"port": 443, "protocol": "TCP"}]);
    assert!(contains(&service(two.clone()), &service(json!([{"port": 443}]))));
    let policy = |ports: Value| json!({"spec": {"ingress": [{"ports": ports}]}});
    assert!(!contains(&policy(two), &policy(json!([{"port": 443, "protocol": "TCP"}]))));
}

#[test]
fn a_merge_changes_what_differs_and_keeps_the_rest_as_it_is_spelt() {
    let content = |mut object: Value| {
        object.as_object_mut().unwrap().retain(|key, _| !matches!(key.as_str(), "apiVersion" | "kind"));
        object
    };
    assert_eq!(merged(&defaulted(), &content(intent())), defaulted());
    let mut wanted = content(intent());
    let pod = "/spec/template/spec";
    *wanted.pointer_mut(&format!("{pod}/containers/0/image")).unwrap() = json!("shop:2");
    *wanted.pointer_mut(&format!("{pod}/containers/0/resources/limits/cpu")).unwrap() = json!("2");
    wanted["metadata"]["labels"]["new"] = json!("x");
    let mut expected = defaulted();
    *expected.pointer_mut(&format!("{pod}/containers/1/image")).unwrap() = json!("shop:2");
    *expected.pointer_mut(&format!("{pod}/containers/1/resources/limits/cpu")).unwrap() = json!("2");
    expected["metadata"]["labels"]["new"] = json!("x");
    assert_eq!(merged(&defaulted(), &wanted), expected);
}

#[test]
fn a_merge_adds_items_by_key_and_replaces_other_lists() {
    let live = json!({"env": [{"name": "A", "value": "1"}], "args": ["a"]});
    let wanted =
        json!({"env": [{"name": "0"}, {"name": "A", "value": "1"}, {"name": "B"}], "args": ["a", "b"]});
    let both =
        json!({"env": [{"name": "0"}, {"name": "A", "value": "1"}, {"name": "B"}], "args": ["a", "b"]});
    assert_eq!(merged(&live, &wanted), both);
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-z0-9]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,3}|containers|ports|limits", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn an_object_contains_itself_and_keeps_doing_so_when_fields_are_added(value in json_value(), extra in json_value()) {
            let intent = json!({"spec": value});
            prop_assert!(contains(&intent, &intent));
            let mut live = intent.clone();
            live["status"] = extra;
            prop_assert!(contains(&live, &intent));
        }

        #[test]
        fn what_was_merged_is_contained(live in json_value(), value in json_value()) {
            let (live, intent) = (json!({"spec": live}), json!({"spec": value}));
            prop_assert!(contains(&merged(&live, &intent), &intent));
        }
    }
}
