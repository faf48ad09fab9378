use serde_json::json;

use super::api::Api;
use super::widget::{CONFIG_MAPS, DEPLOYMENTS, Rig, WIDGETS, lines};

#[tokio::test]
async fn the_first_pass_creates_and_the_second_is_silent_with_a_cache_that_lags() {
    let mut rig = Rig::start(&Api::default()).await;
    rig.widget("shop", json!({"image": "a", "config": true}));
    rig.reconcile("shop").await;
    assert_eq!(rig.api.events(), ["Flipped"]);
    let writes = rig.api.writes();
    assert_eq!(
        lines(&writes),
        ["PATCH deployments/shop", "PATCH configmaps/shop", "PATCH widgets/shop/status"]
    );
    assert!(!writes[0].query.contains("force=true") && writes[0].query.contains("csop-operator%2Fwidget"));
    let body = &writes[0].body;
    assert_eq!(body["spec"]["replicas"], 3);
    assert_eq!(body["metadata"]["ownerReferences"][0]["controller"], true);
    assert_eq!(rig.condition("shop", "Ready").0, "True");
    assert_eq!(rig.condition("shop", "Paused").0, "False");
    assert_eq!(rig.condition("shop", "Conflict").0, "False");
    // Neither the watch of children nor that of widgets has shown anything yet.
    assert_eq!(rig.reconcile("shop").await, None);
    assert_eq!(lines(&rig.api.writes()), [""; 0]);
}

#[tokio::test]
async fn a_restart_sends_no_write() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a", "config": true}));
    rig.reconcile("shop").await;
    drop(rig);
    let mut rig = Rig::start(&api).await;
    rig.see("shop");
    rig.reconcile("shop").await;
    assert_eq!(lines(&api.writes()), [""; 0]);
}

#[tokio::test]
async fn a_changed_intent_and_a_changed_object_are_applied_by_force() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a"}));
    rig.reconcile("shop").await;
    api.writes();
    rig.widget("shop", json!({"image": "b"}));
    rig.reconcile("shop").await;
    let path = format!("{DEPLOYMENTS}/shop");
    let image =
        |api: &Api| api.get(&path).unwrap()["spec"]["template"]["spec"]["containers"][0]["image"].clone();
    assert_eq!(image(&api), "b");
    assert!(
        api.writes().iter().any(|w| w.query.contains("force=true") && w.body["metadata"]["uid"].is_string())
    );

    let mut edited = api.get(&path).unwrap();
    edited["spec"]["template"]["spec"]["containers"][0]["image"] = json!("edited");
    api.put(&path, edited);
    drop(rig);
    let mut rig = Rig::start(&api).await;
    rig.see("shop");
    rig.reconcile("shop").await;
    assert_eq!(image(&api), "b");
}

#[tokio::test]
async fn what_is_no_longer_wanted_is_deleted_by_uid() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a", "config": true}));
    rig.reconcile("shop").await;
    let path = format!("{CONFIG_MAPS}/shop");
    let uid = api.get(&path).unwrap()["metadata"]["uid"].clone();
    api.put(
        &format!("{CONFIG_MAPS}/other"),
        json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "csop"}}}),
    );
    api.writes();
    rig.widget("shop", json!({"image": "a"}));
    rig.reconcile("shop").await;
    let writes = api.writes();
    assert_eq!(lines(&writes), ["DELETE configmaps/shop"]);
    assert_eq!(writes[0].body["preconditions"]["uid"], uid);
    assert!(api.get(&path).is_none() && api.get(&format!("{CONFIG_MAPS}/other")).is_some());
    rig.reconcile("shop").await;
    assert_eq!(lines(&api.writes()), [""; 0], "the deletion is remembered");
}

#[tokio::test]
async fn a_paused_object_is_not_written_but_for_the_condition() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    let path = format!("{WIDGETS}/shop");
    let paused = json!({"metadata": {"annotations": {"csop.dev/paused": "true"}}});
    api.put(&path, paused);
    rig.widget("shop", json!({"image": "a"}));
    rig.reconcile("shop").await;
    assert_eq!(lines(&api.writes()), ["PATCH widgets/shop/status"]);
    assert_eq!(rig.condition("shop", "Paused").0, "True");
    rig.reconcile("shop").await;
    assert_eq!(lines(&api.writes()), [""; 0]);

    let mut resumed = api.get(&path).unwrap();
    resumed["metadata"]["annotations"] = json!({});
    api.put(&path, resumed);
    rig.see("shop");
    rig.reconcile("shop").await;
    assert_eq!(rig.condition("shop", "Paused").0, "False");
    assert!(api.get(&format!("{DEPLOYMENTS}/shop")).is_some());
}

#[tokio::test]
async fn an_object_that_is_being_deleted_is_left_alone() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    api.put(&format!("{WIDGETS}/shop"), json!({"metadata": {"deletionTimestamp": "2024-01-01T00:00:00Z"}}));
    rig.widget("shop", json!({"image": "a"}));
    rig.reconcile("shop").await;
    assert_eq!(lines(&api.writes()), [""; 0]);
}

#[tokio::test]
async fn a_paused_object_goes_on_to_tell_how_it_is_for_what_was_applied_last() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a"}));
    rig.reconcile("shop").await;
    let path = format!("{WIDGETS}/shop");
    let mut paused = api.get(&path).unwrap();
    paused["metadata"]["annotations"] = json!({"csop.dev/paused": "true"});
    paused["metadata"]["generation"] = json!(7);
    paused["status"]["observedGeneration"] = json!(6);
    api.put(&path, paused);
    rig.see("shop");
    api.writes();
    rig.reconcile("shop").await;
    assert_eq!(lines(&api.writes()), ["PATCH widgets/shop/status"]);
    assert_eq!(rig.condition("shop", "Paused").0, "True");
    assert_eq!(rig.condition("shop", "Ready").0, "True");
    assert_eq!(api.get(&path).unwrap()["status"]["observedGeneration"], 6);
    rig.see("shop");
    rig.reconcile("shop").await;
    assert_eq!(lines(&api.writes()), [""; 0]);
}
