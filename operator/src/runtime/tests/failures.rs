use std::time::Duration;

use serde_json::json;

use super::api::Api;
use super::widget::{DEPLOYMENTS, Rig, WIDGETS, lines};

const PATCH: &str = "PATCH /apis/apps/v1/namespaces/n/deployments";

#[tokio::test]
async fn a_missing_permission_is_shown_once_with_the_servers_words() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a"}));
    let words = r#"deployments.apps "shop" is forbidden: User "o" cannot patch resource "deployments""#;
    api.refuse(PATCH, 403, words);
    let requeue = rig.reconcile("shop").await.unwrap();
    assert!(requeue <= Duration::from_secs(2), "an API server that starts denies for a moment");
    assert_eq!(api.events(), ["PermissionDenied"]);
    let (status, reason, message) = rig.condition("shop", "Ready");
    assert_eq!((&*status, &*reason), ("False", "PermissionDenied"));
    assert_eq!(message, format!("cannot create Deployment n/shop: {words}"));
    api.writes();
    rig.reconcile("shop").await;
    assert!(api.events().is_empty());
    assert_eq!(lines(&api.writes()), ["PATCH deployments/shop"], "the status is not written again");

    api.relent();
    rig.reconcile("shop").await;
    assert_eq!(rig.condition("shop", "Ready").0, "True");
}

#[tokio::test]
async fn a_refused_child_holds_back_its_dependents_and_the_status_is_written() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a", "config": true}));
    api.refuse(PATCH, 403, "deployments.apps is forbidden: exceeded quota: small");
    let requeue = rig.reconcile("shop").await.unwrap();
    assert!(requeue >= Duration::from_secs(300));
    assert_eq!(lines(&api.writes()), ["PATCH deployments/shop", "PATCH widgets/shop/status"]);
    let (status, reason, message) = rig.condition("shop", "Ready");
    assert_eq!((&*status, &*reason), ("False", "Rejected"));
    assert!(message.contains("exceeded quota: small"), "{message}");
}

#[tokio::test]
async fn a_passing_failure_is_shown_after_the_third_and_tried_again_ever_later() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a"}));
    api.refuse(PATCH, 500, "etcd is unwell");
    let mut delays = vec![];
    for failures in 1..=3 {
        delays.push(rig.reconcile("shop").await.unwrap());
        assert_eq!(rig.condition("shop", "Ready").0.is_empty(), failures < 3);
    }
    assert!(delays[0] < Duration::from_millis(1100) && delays[2] >= Duration::from_secs(2), "{delays:?}");
    assert_eq!(rig.condition("shop", "Ready").1, "ApiServerUnavailable");
}

#[tokio::test]
async fn an_invalid_object_waits_for_its_author() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a", "invalid": true}));
    assert_eq!(rig.reconcile("shop").await, None);
    assert_eq!(rig.condition("shop", "Ready").1, "Invalid");
}

#[tokio::test]
async fn an_object_that_cannot_be_read_says_so_and_keeps_the_rest_of_its_status() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    api.put(&format!("{WIDGETS}/shop"), json!({"metadata": {}, "status": {"kept": 1}}));
    rig.widget("shop", json!({"image": 7}));
    rig.reconcile("shop").await;
    assert_eq!(api.events(), ["Undecodable"]);
    assert_eq!(lines(&api.writes()), ["PATCH widgets/shop/status"]);
    assert_eq!(rig.condition("shop", "Ready").1, "Undecodable");
    assert_eq!(api.get(&format!("{WIDGETS}/shop")).unwrap()["status"]["kept"], 1);
    rig.reconcile("shop").await;
    assert_eq!(lines(&api.writes()), [""; 0]);
    assert!(api.get(&format!("{DEPLOYMENTS}/shop")).is_none());
}
