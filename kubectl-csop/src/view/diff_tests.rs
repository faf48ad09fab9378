use super::*;
use csop_shared::scale::Name;

fn service(spec: Value) -> CashService {
    let mut all = json!({"image": "shop:1", "autoscaling": {"maxReplicas": 4}});
    for (key, value) in spec.as_object().unwrap() {
        all[key] = value.clone();
    }
    serde_json::from_value(json!({
        "apiVersion": "csop.dev/v1alpha1", "kind": "CashService",
        "metadata": {"name": "shop", "namespace": "pay", "uid": "u1"}, "spec": all,
    }))
    .unwrap()
}

/// The children as the operator would have made them, owned by the service and by its manager's fields.
fn live_of(service: &CashService) -> Vec<Value> {
    let own = |child: Wanted| {
        let mut object = child.birth.clone();
        object["metadata"]["ownerReferences"] = json!([{"uid": "u1", "controller": true}]);
        object["metadata"]["annotations"][annotations::INTENT] = json!("hash");
        object["metadata"]["managedFields"] =
            json!([{"manager": "csop-operator/cash-service", "fieldsV1": owned(&child.intent)}]);
        if object["kind"] == "Secret" {
            let key = if child.name == "shop-csop" { "digest-key" } else { "password" };
            object["data"] = json!({key: "aHVudGVyMg=="});
            redact(&mut object);
        }
        object
    };
    wanted(service, &[], &[]).into_iter().map(own).collect()
}

/// Every field of an object in the notation of managed fields, lists as a whole but for containers and env.
fn owned(value: &Value) -> Value {
    let Some(fields) = value.as_object() else { return json!({}) };
    let entries = fields.iter().map(|(key, value)| {
        let node = match (key.as_str(), value.as_array()) {
            ("containers" | "env", Some(items)) => items
                .iter()
                .map(|item| (format!("k:{}", json!({"name": item["name"]})), with_itself(owned(item))))
                .collect::<Map<_, _>>()
                .into(),
            _ => owned(value),
        };
        (format!("f:{key}"), node)
    });
    Value::Object(entries.collect())
}

fn with_itself(mut node: Value) -> Value {
    node["."] = json!({});
    node
}

fn differing(now: &CashService, live: &[Value]) -> Vec<String> {
    differences(Some("u1"), &wanted(now, live, &[]), live).into_iter().map(|it| it.id).collect()
}

#[test]
fn nothing_differs_where_nothing_was_changed() {
    let service = service(json!({"env": [{"name": "A", "value": "1"}], "config": {"data": {"X": "y"}}}));
    assert_eq!(differing(&service, &live_of(&service)), Vec::<String>::new());
}

#[test]
fn what_is_spelt_otherwise_does_not_differ() {
    let before = service(json!({"resources": {"limits": {"cpu": 1, "memory": "1024Mi"}}}));
    let mut live = live_of(&before);
    let deployment = live.iter_mut().find(|it| it["kind"] == "Deployment").unwrap();
    deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"] =
        json!({"cpu": "1", "memory": "1Gi"});
    deployment["spec"]["progressDeadlineSeconds"] = json!(600);
    assert_eq!(differing(&before, &live), Vec::<String>::new());
}

#[test]
fn a_variable_that_is_gone_from_the_spec_goes() {
    let variable = |name: &str| json!({"name": name, "value": "1"});
    let before = service(json!({"env": [variable("A"), variable("B")]}));
    let live = live_of(&before);
    let after = service(json!({"env": [variable("B")]}));
    let found = differences(Some("u1"), &wanted(&after, &live, &[]), &live);
    assert_eq!(found.len(), 1);
    let env =
        |of: &Option<Value>| of.as_ref().unwrap()["spec"]["template"]["spec"]["containers"][0]["env"].clone();
    assert_eq!(env(&found[0].before), json!([variable("A"), variable("B")]));
    assert_eq!(env(&found[0].after), json!([variable("B")]));
}

#[test]
fn children_come_and_go_with_the_spec() {
    let live = live_of(&service(json!({})));
    let fixed =
        service(json!({"replicas": 3, "autoscaling": {"mode": "Fixed"}, "config": {"data": {"X": "y"}}}));
    let found = differences(Some("u1"), &wanted(&fixed, &live, &[]), &live);
    let told: Vec<_> = found
        .iter()
        .map(|it| (it.id.split('-').next().unwrap(), it.before.is_some(), it.after.is_some()))
        .collect();
    assert_eq!(
        told,
        [
            ("ConfigMap/shop", false, true),
            ("Deployment/shop", true, true),
            ("HorizontalPodAutoscaler/shop", true, false)
        ]
    );
    assert_eq!(found[1].after.as_ref().unwrap()["spec"]["replicas"], 3);
}

#[test]
fn an_object_of_somebody_else_is_left_alone() {
    let service = service(json!({}));
    let mut live = live_of(&service);
    for object in &mut live {
        object["metadata"]["ownerReferences"] = json!([]);
        object["spec"] = json!({});
    }
    assert_eq!(differing(&service, &live), Vec::<String>::new());
}

#[test]
fn values_of_secrets_are_never_shown() {
    let before = service(json!({"secrets": [{"name": "db", "generate": {"password": {}}}]}));
    let live = live_of(&before);
    assert_eq!(differing(&before, &live), Vec::<String>::new());
    let after =
        service(json!({"secrets": [{"name": "db", "generate": {"password": {}, "token": {"length": 20}}}]}));
    let found = differences(Some("u1"), &wanted(&after, &live, &[]), &live);
    let secret = found.iter().find(|it| it.id == "Secret/shop-db").unwrap();
    let data = json!({"password": "<7 bytes>", "token": "<generated: 20 characters>"});
    assert_eq!(secret.after.as_ref().unwrap()["data"], data);
}

#[test]
fn inside_a_window_the_floor_is_what_is_wanted() {
    let floor =
        Floor { name: Name::from("friday"), replicas: 7, raise_max: false, respect_rate_limit: false };
    let size = |autoscaling: Value, kind: &str, path: &str| {
        let service = service(json!({"image": "i", "replicas": 3, "autoscaling": autoscaling}));
        let all = wanted(&service, &[], std::slice::from_ref(&floor));
        all.iter().find(|it| it.kind == kind).unwrap().intent.pointer(path).cloned()
    };
    let hpa = json!({"minReplicas": 2, "maxReplicas": 10});
    assert_eq!(size(hpa, "HorizontalPodAutoscaler", "/spec/minReplicas"), Some(json!(7)));
    assert_eq!(size(json!({"mode": "Fixed"}), "Deployment", "/spec/replicas"), Some(json!(7)));
    assert_eq!(
        size(json!({"mode": "Fixed", "maxReplicas": 5}), "Deployment", "/spec/replicas"),
        Some(json!(5))
    );
}
