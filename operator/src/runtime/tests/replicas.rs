use serde_json::{Value, json};

use super::api::Api;
use super::widget::{DEPLOYMENTS, Rig};

fn replicas(api: &Api) -> Value {
    api.get(&format!("{DEPLOYMENTS}/shop")).unwrap()["spec"]["replicas"].clone()
}

#[tokio::test]
async fn the_count_survives_the_apply_that_drops_it() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a"}));
    rig.reconcile("shop").await;
    assert_eq!(replicas(&api), 3);
    api.writes();
    rig.widget("shop", json!({"image": "b"}));
    rig.reconcile("shop").await;
    assert_eq!(replicas(&api), 3);
    let writes = api.writes();
    assert!(writes[0].query.contains("csop-operator%2Fscale"), "{writes:?}");
    assert_eq!(writes[0].body["spec"], json!({"replicas": 3}));
    assert!(writes[0].body["metadata"]["resourceVersion"].is_string());
    assert!(
        writes[1].query.contains("csop-operator%2Fwidget") && writes[1].body["spec"]["replicas"].is_null()
    );
    rig.widget("shop", json!({"image": "c"}));
    rig.reconcile("shop").await;
    assert_eq!(replicas(&api), 3);
    let scale_writes = api.writes().iter().filter(|w| w.query.contains("scale")).count();
    assert_eq!(scale_writes, 0, "the count is given away once");
}

#[tokio::test]
async fn a_count_that_somebody_changes_meanwhile_is_read_again() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a"}));
    rig.reconcile("shop").await;
    let path = format!("{DEPLOYMENTS}/shop");
    let mut scaled = api.get(&path).unwrap();
    scaled["spec"]["replicas"] = json!(7);
    api.put(&path, scaled);
    rig.widget("shop", json!({"image": "b"}));
    rig.reconcile("shop").await;
    assert_eq!(replicas(&api), 7);
}

#[tokio::test]
async fn a_wanted_count_is_written_by_the_scale_manager_when_it_differs() {
    let api = Api::default();
    let mut rig = Rig::start(&api).await;
    rig.widget("shop", json!({"image": "a", "replicas": 2}));
    rig.reconcile("shop").await;
    assert!(api.writes().iter().all(|w| !w.query.contains("scale")), "it is born with its size");
    rig.widget("shop", json!({"image": "a", "replicas": 5}));
    rig.reconcile("shop").await;
    assert_eq!(replicas(&api), 5);
    rig.widget("shop", json!({"image": "a"}));
    rig.reconcile("shop").await;
    rig.widget("shop", json!({"image": "b"}));
    rig.reconcile("shop").await;
    assert_eq!(replicas(&api), 5);
}
