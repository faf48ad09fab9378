//! Servers that are dead, slow or lie, beside good ones, under one operator.

use csop_shared::api::GeneralScaler;
use csop_tests::ports;
use csop_tests::servers::liar::Liar;
use csop_tests::servers::prometheus::{Prometheus, Settings};
use csop_tests::wait;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::{decided, message, named_manifest, named_scaler, records, scene, size};
use crate::dial::Dial;
use crate::scene::{SOON, Scene};
use crate::witness::{memory, memory_is_back};

/// What bad servers leave alone.
const HELD: i32 = 3;
/// How long the slow one is waited for, in seconds.
const PATIENCE: i64 = 20;
/// Longest time between two decisions of a scaler with an interval of a second: less than one that waits for the slow server.
const GAP: SignedDuration = SignedDuration::from_secs(PATIENCE - 2);
/// So many decisions are looked at.
const WINDOW: usize = 12;

/// A target of its own, with so many replicas, and its scaler; both have this name.
async fn pair(scene: &Scene, name: &str, replicas: i32, metric: Value) {
    let mut target = named_manifest(name, "1");
    target["spec"]["replicas"] = json!(replicas);
    scene.apply(&target.to_string()).await;
    named_scaler(scene, name, name, json!({"minReplicas": 1, "metrics": [metric]})).await;
}

fn at(address: &str) -> Value {
    json!({"type": "prometheus", "name": "jobs", "mode": "PerReplica", "targetValue": 1,
        "config": {"query": "up", "serverAddress": address, "timeoutSeconds": PATIENCE}})
}

/// Every decision of the window came in time.
async fn keeps_its_interval(scene: &Scene, name: &str, since: Timestamp) {
    let what = format!("{name} has decided {WINDOW} times");
    let times = wait::until_ok(SOON, &what, async || {
        let times: Vec<_> =
            records(scene, name).await.iter().map(|r| r.time).filter(|t| *t >= since).collect();
        if times.len() >= WINDOW { Ok(times) } else { Err(format!("{} times", times.len())) }
    })
    .await;
    let longest = times.windows(2).map(|two| two[1].duration_since(two[0])).max().unwrap();
    assert!(longest < GAP, "{name}: {longest:#} between two decisions");
}

#[tokio::test]
async fn bad_servers_hold_their_own_replicas_and_stall_nobody_else() {
    let (scene, liar) = (scene("liars").await, Liar::start().await);
    let (dial, server) = (Dial::start(40.0).await, Prometheus::start(Settings::default()).await);
    let dialled = json!({"type": "http", "name": "jobs", "mode": "PerReplica", "targetValue": 10,
        "config": {"url": dial.url(), "jsonPath": "$.value"}});
    pair(&scene, "dialled", 4, dialled).await;
    let mut asked = at(&server.address());
    asked["config"]["query"] = json!("vector(5)");
    pair(&scene, "asked", 5, asked).await;
    for name in ["dialled", "asked"] {
        decided(&scene, name, "on a fresh metric", |r| r.decision.inputs[0].proposal.is_some()).await;
    }
    let level = memory(scene.operator.as_ref().unwrap());

    let [closed] = ports::free().unwrap();
    let bad = [
        ("slow", liar.at("slow"), "did not answer within 20 s"),
        ("garbage", liar.at("html"), "answers with HTML instead of JSON"),
        ("types", liar.at("types"), "answers with JSON of another form than expected"),
        ("endless", liar.at("endless"), "answers with more than 1 MiB"),
        ("closed", format!("http://127.0.0.1:{closed}"), "cannot reach http://127.0.0.1:"),
        ("nan", liar.at("nan"), "the value is NaN or infinite"),
    ];
    for (name, address, _) in &bad {
        pair(&scene, name, HELD, at(address)).await;
    }
    pair(&scene, "enormous", HELD, at(&liar.at("enormous"))).await;
    for (name, _, words) in &bad {
        let told = |s: &GeneralScaler| {
            let told = message(s, "MetricsAvailable");
            told.starts_with("jobs: ") && told.contains(words)
        };
        scene.until(name, &format!("says {words:?}"), told).await;
    }

    let since = Timestamp::now();
    for name in ["dialled", "asked"] {
        keeps_its_interval(&scene, name, since).await;
    }
    dial.turn(70.0);
    scene.until("dialled", "follows its metric", |d: &Deployment| size(d) == Some(7)).await;
    // A number is a number, however large; the bounds are for that.
    scene.until("enormous", "is at its maximum", |d: &Deployment| size(d) == Some(10)).await;
    for (name, ..) in &bad {
        assert_eq!(size(&scene.deployment(name).await), Some(HELD), "{name}");
    }
    assert_eq!(size(&scene.deployment("asked").await), Some(5));
    memory_is_back(scene.operator.as_ref().unwrap(), level).await;
}
