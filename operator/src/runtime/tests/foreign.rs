use serde_json::json;

use super::api::Api;
use super::widget::{DEPLOYMENTS, Rig, lines};

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
