//! An operator that is killed.

use std::time::Duration;

use csop_shared::api::GeneralScaler;
use csop_shared::api::general_scaler::{Operation, Outcome};
use csop_tests::servers::prometheus::{Prometheus, Settings};
use jiff::{SignedDuration, Timestamp};
use nix::sys::signal::Signal;
use serde_json::json;

use super::{SCALER, TARGET, decisions, deployment, is, prometheus, replicas, scaler, scene, size, start};
use crate::barrier::{Barrier, refuses};
use crate::scene::{SOON, Scene};
use crate::witness::Witness;

const COOLDOWN: SignedDuration = SignedDuration::from_secs(30);
/// How long nobody is there after a kill: a cooldown that began anew would end so much later.
const AWAY: Duration = Duration::from_secs(10);

/// Whose status shows whether the API server refuses what it is told to.
const PROBE: &str = "probe";

#[tokio::test]
async fn a_killed_operator_keeps_to_the_cooldown() {
    let (mut scene, server) = (scene("killed").await, Prometheus::start(Settings::default()).await);
    let safety = json!({"cooldownSeconds": 180, "maxScaleUpRate": 2});
    scaler(&scene, json!({"safety": safety, "metrics": [prometheus(&server, "vector(1000)", 100)]})).await;
    // As soon as the target has changed, whatever of the status is written by then.
    replicas(&scene, 4).await;
    for _ in 0..3 {
        let mut killed = scene.operator.take().unwrap();
        killed.signal(Signal::SIGKILL);
        killed.ended(SOON).await;
        start(&mut scene).await;
        decisions(&scene, 4).await;
        assert_eq!(size(&scene.deployment(TARGET).await), Some(4));
    }
    let scaler = is(&scene, "Ready", "True", "Scaling").await;
    let operations = scaler.status.unwrap().operations;
    let [operation] = &operations[..] else { panic!("{operations:?}") };
    assert_eq!((operation.from, operation.to, operation.outcome), (2, 4, Outcome::Applied));
}

/// No status of a scaler after the one that announces a change: what becomes of the change is not told.
const SETTLING: Barrier = Barrier {
    name: "settling",
    group: "csop.dev",
    resource: "generalscalers/status",
    unless: "!has(oldObject.status) || !has(oldObject.status.operations) || \
             oldObject.status.operations.all(o, o.outcome != 'Pending')",
};

/// No change of a target.
const SCALING: Barrier =
    Barrier { name: "scaling", group: "apps", resource: "deployments/scale", unless: "false" };

/// Has the API server refuse to settle changes, and waits until it does.
async fn begin_refusing_to_settle(scene: &Scene) {
    let probe = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "GeneralScaler", "metadata": {"name": PROBE},
        "spec": {"targetDeployment": "nothing", "maxReplicas": 2, "mode": "Off"}});
    scene.apply(&probe.to_string()).await;
    let pending = json!({"status": {"conditions": [], "operations": [{"time": "2026-01-01T00:00:00.000000Z",
        "from": 1, "to": 2, "cause": "Bounds", "outcome": "Pending"}]}});
    let patch = format!("--patch={pending}");
    scene.kubectl(["patch", "gs", PROBE, "--subresource=status", "--type=merge", &patch]).await;
    SETTLING.begin(scene).await;
    refuses(scene, touch(PROBE), true).await;
    scene.kubectl(["delete", "gs", PROBE]).await;
}

/// A change of a scaler's status.
fn touch(scaler: &str) -> [&str; 6] {
    let patch = r#"--patch={"status":{"target":"x"}}"#;
    ["patch", "gs", scaler, "--subresource=status", "--type=merge", patch]
}

fn operations(scaler: &GeneralScaler) -> &[Operation] {
    scaler.status.as_ref().map(|status| status.operations.as_slice()).unwrap_or_default()
}

fn steps(scaler: &GeneralScaler) -> Vec<(i32, i32, Outcome)> {
    operations(scaler).iter().map(|op| (op.from, op.to, op.outcome)).collect()
}

async fn until_steps(scene: &Scene, wanted: &[(i32, i32, Outcome)]) -> Vec<Operation> {
    let what = format!("remembers {wanted:?}");
    let scaler = scene.until(SCALER, &what, |s: &GeneralScaler| steps(s) == wanted).await;
    operations(&scaler).to_vec()
}

/// Kills the operator; what it had announced is still there, and nothing else.
async fn kill(scene: &mut Scene, announced: &[Operation]) {
    let mut killed = scene.operator.take().unwrap();
    killed.signal(Signal::SIGKILL);
    killed.ended(SOON).await;
    let scaler: GeneralScaler = scene.get(SCALER).await.unwrap();
    assert_eq!(operations(&scaler), announced);
}

/// Steps of two, with a cooldown after each.
async fn wants_ten(scene: &Scene, server: &Prometheus) {
    let safety = json!({"cooldownSeconds": COOLDOWN.as_secs(), "maxScaleUpRate": 2});
    scaler(scene, json!({"safety": safety, "metrics": [prometheus(server, "vector(1000)", 100)]})).await;
}

const FIRST: (i32, i32, Outcome) = (2, 4, Outcome::Applied);
const SECOND: (i32, i32, Outcome) = (4, 6, Outcome::Applied);

#[tokio::test]
async fn a_change_is_made_once_when_the_operator_dies_before_it_can_tell() {
    let mut scene = Scene::without_operator("between").await;
    let server = Prometheus::start(Settings::default()).await;
    deployment(&scene, 2).await;
    let witness = Witness::of(&scene).await;
    begin_refusing_to_settle(&scene).await;
    start(&mut scene).await;
    wants_ten(&scene, &server).await;
    replicas(&scene, 4).await;
    let announced = until_steps(&scene, &[(2, 4, Outcome::Pending)]).await;
    kill(&mut scene, &announced).await;
    SETTLING.end(&scene).await;
    refuses(&scene, touch(SCALER), false).await;
    tokio::time::sleep(AWAY).await;

    let back = Timestamp::now();
    start(&mut scene).await;
    let settled = until_steps(&scene, &[FIRST]).await;
    assert_eq!(settled[0].time, announced[0].time);
    let then = until_steps(&scene, &[FIRST, SECOND]).await;
    assert_eq!(then[0], settled[0]);
    let (first, second) = (then[0].time.0, then[1].time.0);
    assert!(second.duration_since(first) >= COOLDOWN, "{first} and {second}");
    assert!(second < back + COOLDOWN, "{first} and {second}: the cooldown began anew at {back}");
    witness.saw_nothing_odd(&[2, 4, 6]);
}

#[tokio::test]
async fn a_change_that_was_only_announced_is_made_by_the_next_operator() {
    let mut scene = Scene::without_operator("announced").await;
    let server = Prometheus::start(Settings::default()).await;
    deployment(&scene, 2).await;
    let witness = Witness::of(&scene).await;
    begin_refusing_to_settle(&scene).await;
    SCALING.begin(&scene).await;
    let scale = ["scale", "deployment", TARGET, "--replicas=3"];
    refuses(&scene, scale, true).await;
    start(&mut scene).await;
    wants_ten(&scene, &server).await;
    let announced = until_steps(&scene, &[(2, 4, Outcome::Pending)]).await;
    kill(&mut scene, &announced).await;
    SETTLING.end(&scene).await;
    SCALING.end(&scene).await;
    refuses(&scene, touch(SCALER), false).await;
    refuses(&scene, scale, false).await;
    assert_eq!(size(&scene.deployment(TARGET).await), Some(2));

    let back = Timestamp::now();
    start(&mut scene).await;
    let made = until_steps(&scene, &[FIRST]).await;
    assert!(made[0].time.0 > back, "nothing was made at {:?}, so no cooldown began", announced[0].time);
    assert_eq!(size(&scene.deployment(TARGET).await), Some(4));
    witness.saw_nothing_odd(&[2, 4]);
}
