//! To zero and back.

use csop_shared::api::GeneralScaler;
use csop_shared::api::general_scaler::Outcome;
use csop_tests::servers::external::{Peer, metric};
use csop_tests::servers::redis::{self, Redis};
use csop_tests::wait;
use serde_json::json;

use super::{SCALER, TARGET, decided, decisions, deployment, is, records, replicas, scaler, scene, size};
use crate::dial::Dial;
use crate::scene::SOON;

#[tokio::test]
async fn a_target_is_scaled_to_zero_and_woken_by_work() {
    let (scene, dial) = (scene("zero").await, Dial::start(0.0).await);
    let metric = json!({"type": "http", "name": "jobs", "mode": "PerReplica", "targetValue": 10,
        "config": {"url": dial.url(), "jsonPath": "$.value"}});
    scaler(&scene, json!({"minReplicas": 0, "idleSeconds": 2, "metrics": [metric]})).await;
    replicas(&scene, 0).await;
    decisions(&scene, 3).await;
    assert_eq!(size(&scene.deployment(TARGET).await), Some(0));
    dial.turn(35.0);
    replicas(&scene, 4).await;
    let woken = is(&scene, "Ready", "True", "Scaling").await;
    let causes: Vec<_> = woken.status.unwrap().operations.iter().map(|op| op.cause.to_string()).collect();
    assert!(
        causes == ["Idle", "Demand(jobs)"] || causes == ["Demand(jobs)", "Idle", "Demand(jobs)"],
        "{causes:?}"
    );
}

#[tokio::test]
async fn a_queue_in_redis_scales_from_zero_and_back_while_another_server_hangs() {
    let (scene, redis) = (scene("queue").await, Redis::start(redis::Settings::default()).await);
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = json!({"type": "http", "name": "dead", "mode": "PerReplica", "targetValue": 1,
        "config": {"url": format!("http://{}/", hanging.local_addr().unwrap()), "jsonPath": "$.value"}});
    let waits = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "GeneralScaler", "metadata": {"name": "waits"},
        "spec": {"targetDeployment": "elsewhere", "maxReplicas": 2, "intervalSeconds": 1, "metrics": [dead]}});
    scene.apply(&waits.to_string()).await;
    let queue = json!({"type": "redis", "name": "queue", "targetValue": 50,
        "config": {"address": redis.address(), "key": "jobs"}});
    scaler(&scene, json!({"minReplicas": 0, "idleSeconds": 1, "metrics": [queue]})).await;
    replicas(&scene, 0).await;
    let jobs: Vec<_> = (0..200).map(|n| n.to_string()).collect();
    redis.run(&format!("RPUSH jobs {}", jobs.join(" ")));
    replicas(&scene, 4).await;
    decisions(&scene, 5).await;
    assert_eq!(size(&scene.deployment(TARGET).await), Some(4), "a constant queue changes nothing");
    redis.run("DEL jobs");
    replicas(&scene, 0).await;
}

#[tokio::test]
async fn a_push_wakes_a_target_long_before_its_interval() {
    let (scene, peer) = (scene("push").await, Peer::start(None));
    peer.set(|state| {
        state.active = false;
        state.values.insert("queue".to_owned(), vec![metric("queue", 0, 0.0)]);
    });
    deployment(&scene, 0).await;
    let queue = json!({"type": "external", "name": "queue", "config": {"scalerAddress": peer.address()}});
    // Longer than any test: what happens is not the interval's doing.
    scaler(&scene, json!({"minReplicas": 0, "intervalSeconds": 600, "metrics": [queue]})).await;
    wait::until(SOON, "the stream is open", async || (peer.streams() == 1).then_some(())).await;
    decided(&scene, SCALER, "to stay at 0", |record| record.decision.result == 0).await;
    is(&scene, "Ready", "True", "Scaling").await;
    assert_eq!(size(&scene.deployment(TARGET).await), Some(0));

    peer.push(true);
    replicas(&scene, 1).await;
    let woken = |s: &GeneralScaler| {
        let operations = s.status.as_ref().map(|s| s.operations.as_slice()).unwrap_or_default();
        matches!(operations, [op] if (op.from, op.to, op.outcome) == (0, 1, Outcome::Applied)
            && op.cause.to_string() == "Activation")
    };
    scene.until(SCALER, "has settled that it woke the target", woken).await;
    let results: Vec<_> = records(&scene, SCALER).await.iter().map(|r| r.decision.result).collect();
    assert_eq!(results, [0, 1], "two decisions: the first one, and that of the push");
}
