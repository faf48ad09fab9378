use std::time::Duration;

use serde_json::{Value, json};

use super::api::Api;
use super::widget::{DEPLOYMENTS, Rig, lines};

fn owned_by(kind: &str, name: &str, uid: &str) -> Value {
    let reference =
        json!({"apiVersion": "test.csop.dev/v1", "kind": kind, "name": name, "uid": uid, "controller": true});
    json!({"metadata": {"ownerReferences": [reference], "labels": {"app.kubernetes.io/managed-by": "csop"}}})
}

#[tokio::test]
async fn an_object_of_somebody_else_is_not_touched() {
    let api = Api::default();
    let path = format!("{DEPLOYMENTS}/shop");
    let theirs = api.put(&path, json!({"spec": {"replicas": 1}}));
    let mut rig = Rig::start(&Api::clone(&api)).await;
    rig.widget("shop", json!({"image": "a", "config": true}));
    let requeue = rig.reconcile("shop").await;
    assert_eq!(api.get(&path), Some(theirs));
    assert_eq!(lines(&api.writes()), ["PATCH widgets/shop/status"], "the Deployment is essential");
    let (status, reason, message) = rig.condition("shop", "Conflict");
    assert_eq!((&*status, &*reason), ("True", "NameTaken"));
    assert_eq!(message, "Deployment shop was made by somebody else");
    assert_eq!(rig.condition("shop", "Ready").0, "False");
    assert!(requeue.unwrap() >= Duration::from_secs(60));
}

#[tokio::test]
async fn all_objects_of_somebody_else_are_named_at_once() {
    let api = Api::default();
    let deployment = format!("{DEPLOYMENTS}/shop");
    let config = "/api/v1/namespaces/n/configmaps/shop";
    let theirs = [api.put(&deployment, json!({})), api.put(config, json!({"data": {"x": "y"}}))];
    let mut rig = Rig::start(&Api::clone(&api)).await;
    rig.widget("shop", json!({"image": "a", "config": true}));
    rig.reconcile("shop").await;
    assert_eq!(
        rig.condition("shop", "Conflict").2,
        "Deployment shop was made by somebody else; ConfigMap shop was made by somebody else"
    );
    assert_eq!(rig.condition("shop", "Ready").2, "Deployment shop was made by somebody else");
    let now = [&*deployment, config].map(|path| api.get(path).expect("it is still there"));
    assert_eq!(now, theirs);
}

#[tokio::test]
async fn an_object_that_the_cache_does_not_show_is_not_taken_over() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    let path = format!("{DEPLOYMENTS}/shop");
    let theirs = api.put(&path, json!({"spec": {"replicas": 1}}));
    rig.widget("shop", json!({"image": "a"}));
    rig.reconcile("shop").await;
    assert_eq!(api.get(&path), Some(theirs.clone()));
    let writes = api.writes();
    assert_eq!(lines(&writes), ["PATCH deployments/shop", "PATCH widgets/shop/status"]);
    assert_eq!(writes[0].body["metadata"]["resourceVersion"], "1", "it can only make, and not change");
    assert_eq!(rig.condition("shop", "Conflict").2, "Deployment shop was made by somebody else");
    // Known by now, it is looked at before anything is tried.
    rig.reconcile("shop").await;
    assert_eq!((lines(&api.writes()), api.get(&path)), (vec![], Some(theirs)));
    api.remove(&path);
    rig.reconcile("shop").await;
    assert_eq!(rig.condition("shop", "Conflict").0, "False");
    assert_eq!(api.get(&path).unwrap()["metadata"]["ownerReferences"][0]["name"], "shop");
}

#[tokio::test]
async fn a_name_that_was_taken_for_a_moment_only_is_had() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a"}));
    api.refuse_once("PATCH /apis/apps/v1/namespaces/n/deployments", 409, "the object has been modified");
    rig.reconcile("shop").await;
    let written = ["PATCH deployments/shop", "PATCH deployments/shop", "PATCH widgets/shop/status"];
    assert_eq!(lines(&api.writes()), written);
    assert!(api.get(&format!("{DEPLOYMENTS}/shop")).is_some());
}

#[tokio::test]
async fn a_new_child_takes_one_request() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a", "config": true}));
    api.writes();
    rig.reconcile("shop").await;
    assert_eq!(api.requests().iter().filter(|seen| seen.path.contains("/shop")).count(), 3);
}

#[tokio::test]
async fn an_object_of_another_controller_is_named() {
    let api = Api::default();
    api.put(&format!("{DEPLOYMENTS}/shop"), owned_by("Widget", "other", "x"));
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a"}));
    rig.reconcile("shop").await;
    assert_eq!(rig.condition("shop", "Conflict").2, "Deployment shop is controlled by Widget other");
}

#[tokio::test]
async fn children_of_a_predecessor_are_waited_for() {
    let api = Api::default();
    api.put(&format!("{DEPLOYMENTS}/shop"), owned_by("Widget", "shop", "an-earlier-one"));
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a"}));
    let requeue = rig.reconcile("shop").await;
    assert_eq!(lines(&api.writes()), ["PATCH widgets/shop/status"]);
    assert_eq!(rig.condition("shop", "Conflict").0, "False");
    assert_eq!(rig.condition("shop", "Ready").1, "Waiting");
    assert!(requeue.unwrap() < Duration::from_secs(60));
}

#[tokio::test]
async fn the_older_of_two_claimants_has_the_child() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a", "canary": true}));
    rig.widget("shop-canary", json!({"image": "b"}));
    rig.reconcile("shop-canary").await;
    let conflict = rig.condition("shop-canary", "Conflict");
    assert_eq!(conflict.2, "Deployment shop-canary is claimed by Widget shop, which is older");
    assert!(api.get(&format!("{DEPLOYMENTS}/shop-canary")).is_none());
    rig.reconcile("shop").await;
    assert_eq!(rig.condition("shop", "Conflict").0, "False");
    let owner = api.get(&format!("{DEPLOYMENTS}/shop-canary")).unwrap();
    assert_eq!(owner["metadata"]["ownerReferences"][0]["name"], "shop");
}

#[tokio::test]
async fn a_child_that_has_lost_its_label_is_found_and_restored() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a"}));
    rig.reconcile("shop").await;
    let path = format!("{DEPLOYMENTS}/shop");
    let mut edited = api.get(&path).unwrap();
    edited["metadata"]["labels"] = json!({});
    drop(rig);
    // The server's watch no longer shows it: the caches are filled without it.
    let hidden = Api::default();
    let mut rig = Rig::start(&hidden).await;
    hidden.put(&path, edited);
    hidden.put(
        &format!("{}/shop", super::widget::WIDGETS),
        api.get(&format!("{}/shop", super::widget::WIDGETS)).unwrap(),
    );
    rig.see("shop");
    rig.reconcile("shop").await;
    assert_eq!(hidden.get(&path).unwrap()["metadata"]["labels"]["app.kubernetes.io/managed-by"], "csop");
}
