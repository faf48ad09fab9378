use serde_json::json;

use super::api::Api;
use super::widget::{CONFIG_MAPS, DEPLOYMENTS, Rig, lines};

#[tokio::test]
async fn what_others_added_is_removed_once_and_told() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a"}));
    rig.reconcile("shop").await;
    let path = format!("{DEPLOYMENTS}/shop");
    let mut edited = api.get(&path).unwrap();
    let pod = &mut edited["spec"]["template"]["spec"];
    pod["hostNetwork"] = json!(true);
    pod["containers"].as_array_mut().unwrap().push(json!({"name": "evil", "image": "e"}));
    edited["metadata"]["managedFields"].as_array_mut().unwrap().push(json!({
        "manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:template": {"f:spec": {
            "f:hostNetwork": {}, "f:containers": {"k:{\"name\":\"evil\"}": {".": {}, "f:image": {}, "f:name": {}}}}}}},
    }));
    api.put(&path, edited);
    drop(rig);
    let mut rig = Rig::start(&api).await;
    rig.see("shop");
    rig.reconcile("shop").await;
    assert_eq!(api.events(), ["ForeignFieldsRemoved"]);
    let writes = lines(&api.writes());
    let handover = "PATCH deployments/shop";
    assert_eq!(writes, [handover, "PATCH deployments/shop", "PUT deployments/shop"]);
    let pod = api.get(&path).unwrap()["spec"]["template"]["spec"].clone();
    assert_eq!(pod, json!({"containers": [{"name": "app", "image": "a"}]}));
    rig.reconcile("shop").await;
    assert_eq!(lines(&api.writes()), [""; 0]);
}

fn edited_image(api: &Api, image: &str) {
    let path = format!("{DEPLOYMENTS}/shop");
    let mut edited = api.get(&path).unwrap();
    edited["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
    api.put(&path, edited);
}

#[tokio::test]
async fn who_sets_a_child_back_without_end_is_told_of_and_the_child_is_kept() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a", "config": true}));
    rig.reconcile("shop").await;
    for round in 0..12 {
        edited_image(&api, &format!("evil-{round}"));
        rig.show_deployment("shop");
        rig.reconcile("shop").await;
    }
    let (status, reason, message) = rig.condition("shop", "Conflict");
    assert_eq!((&*status, &*reason), ("True", "Disputed"));
    assert!(message.starts_with("Deployment shop is changed by somebody else"), "{message}");
    assert_eq!(rig.condition("shop", "Ready").0, "True", "it is there");
    assert_eq!(api.events().iter().filter(|reason| *reason == "Disputed").count(), 1);
}

#[tokio::test]
async fn of_fields_that_exclude_each_other_those_of_others_go_by_one_update() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    for image in ["a", "b"] {
        rig.widget("shop", json!({"image": image}));
        rig.reconcile("shop").await;
    }
    let path = format!("{DEPLOYMENTS}/shop");
    let mut edited = api.get(&path).unwrap();
    edited["spec"]["paused"] = json!(true);
    edited["metadata"]["managedFields"].as_array_mut().unwrap().push(json!({
        "manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:paused": {}}},
    }));
    api.put(&path, edited);
    rig.show_deployment("shop");
    api.writes();
    api.refuse_once("PATCH /apis/apps/v1/namespaces/n/deployments", 422, "spec is invalid: only one of both");
    rig.reconcile("shop").await;
    assert_eq!(api.events(), ["ForeignFieldsRemoved"]);
    let writes = lines(&api.writes());
    assert_eq!(writes, ["PATCH deployments/shop", "PUT deployments/shop", "PATCH deployments/shop"]);
    assert_eq!(api.get(&path).unwrap()["spec"].get("paused"), None);
}

#[tokio::test]
async fn what_the_server_stores_in_another_form_is_applied_once_more_and_then_left() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a", "config": true}));
    rig.reconcile("shop").await;
    api.freeze(&format!("{CONFIG_MAPS}/shop"), json!({"a": "normalised"}));
    rig.show_config_map("shop");
    api.writes();
    rig.reconcile("shop").await;
    assert_eq!(lines(&api.writes()), ["PATCH configmaps/shop"]);
    for _ in 0..3 {
        rig.reconcile("shop").await;
    }
    assert_eq!(lines(&api.writes()), [""; 0]);
    assert_eq!(rig.condition("shop", "Conflict").0, "False", "nobody is to blame");
}
