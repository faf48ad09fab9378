//! A rolling update under a scaler: for a while there are more pods than the target asks for.

use csop_tests::servers::prometheus::{Prometheus, Settings};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::{SCALER, TARGET, decided, decisions, manifest, prometheus, replicas, scaler, scene, size};
use crate::{dial::Dial, scene::Scene, witness::Witness};

/// A version whose rollout makes a second set of pods before it takes the first one away, which it does `after` so many seconds.
fn surging(version: &str, after: i32) -> Value {
    let mut object = manifest(version);
    object["spec"]["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 0}});
    object["spec"]["minReadySeconds"] = json!(after);
    object["spec"]["progressDeadlineSeconds"] = json!(after + 600);
    object
}

/// Waits until the target has so many pods, all of them ready.
async fn pods(scene: &Scene, wanted: i32) {
    let all_ready = |d: &Deployment| {
        let status = d.status.clone().unwrap_or_default();
        (status.replicas, status.ready_replicas) == (Some(wanted), Some(wanted))
    };
    scene.until(TARGET, &format!("has {wanted} ready pods"), all_ready).await;
}

/// Turns what each of so many pods feels, and waits until it was decided on that.
async fn each_feels(scene: &Scene, dial: &Dial, value: f64, pods: usize) {
    dial.turn_all(vec![value; pods]);
    let ready = i32::try_from(pods).unwrap();
    let known = move |record: &csop_shared::scale::Record| {
        let raw = record.decision.inputs[0].raw.as_ref();
        record.observation.ready == ready && raw.is_some_and(|raw| raw.values() == vec![value; pods])
    };
    decided(scene, SCALER, &format!("on {pods} ready pods with {value} each"), known).await;
}

#[tokio::test]
async fn a_rollout_with_surge_is_not_taken_for_more_replicas() {
    let (scene, dial) = (scene("surge").await, Dial::start(0.0).await);
    let server =
        Prometheus::start(Settings { targets: vec![dial.listens_on()], ..Settings::default() }).await;
    scene.apply(&surging("1", 0).to_string()).await;
    scene.kubectl(["scale", "deployment", TARGET, "--replicas=4"]).await;
    pods(&scene, 4).await;
    let witness = Witness::of(&scene).await;
    dial.turn_all(vec![105.0; 4]);
    let mut level = prometheus(&server, "dial", 100);
    level["mode"] = json!("Ratio");
    let safety = json!({"cooldownSeconds": 300, "stabilizationWindowSeconds": {"down": 0}});
    scaler(&scene, json!({"maxReplicas": 40, "safety": safety, "metrics": [level]})).await;
    each_feels(&scene, &dial, 105.0, 4).await;

    scene.apply(&surging("2", 3600).to_string()).await;
    pods(&scene, 8).await;
    each_feels(&scene, &dial, 105.0, 8).await;
    decisions(&scene, 3).await;
    assert_eq!(size(&scene.deployment(TARGET).await), Some(4), "what each pod feels is as it was");

    // What they feel counts for the four that are asked for, not for the eight that there are.
    dial.turn_all(vec![150.0; 8]);
    replicas(&scene, 6).await;
    dial.turn_all(vec![105.0; 12]);
    scene.patch::<Deployment>(TARGET, json!({"spec": {"minReadySeconds": 0}})).await;
    pods(&scene, 6).await;
    each_feels(&scene, &dial, 105.0, 6).await;
    decisions(&scene, 3).await;
    witness.saw_nothing_odd(&[4, 6]);
}
