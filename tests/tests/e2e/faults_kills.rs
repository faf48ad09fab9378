//! An operator that is killed again and again ends in the same state as one that is left alone.

use std::{
    collections::BTreeMap,
    io::Write as _,
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use csop_tests::{Process, binaries, wait};
use futures::future;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::{
    scene::{SOON, Scene, service},
    witness::{Objects, Witness, children},
};

const SERVICES: usize = 50;
const KILLS: u32 = 20;
/// The longest that a killed operator lives: to fill its caches takes a good part of it.
const LIFE: Duration = Duration::from_millis(1500);
const CHANGED: &str = "registry.example.com/shop:2";

/// What differs between two runs: hashes over generated content, and what the cluster gives or counts.
const GIVEN: [&str; 8] = [
    "csop.dev/intent",
    "csop.dev/revision",
    "csop.dev/secretsDigest",
    "clusterIP",
    "clusterIPs",
    "generation",
    "observedGeneration",
    "resourceVersion",
];

/// A small generator, so that a failure can be repeated by its seed.
struct Dice(u64);

impl Dice {
    fn seeded() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let given = std::env::var("CSOP_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or(now.subsec_nanos());
        // Past the capture of output, which shows it only after a failure.
        let _ = writeln!(std::io::stderr(), "to repeat the moments of the kills: CSOP_TEST_SEED={seed}");
        Self(u64::from(seed))
    }

    /// A duration below `limit` (splitmix64).
    fn below(&mut self, limit: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let share = u32::try_from((mixed ^ (mixed >> 31)) >> 32).expect("32 bits are left");
        limit.mul_f64(f64::from(share) / f64::from(u32::MAX))
    }
}

fn name(n: usize) -> String {
    format!("shop-{n:02}")
}

/// Services of several sorts, before and after the change.
fn services(changed: bool) -> String {
    let one = |n: usize| {
        let mut spec = json!({"config": {"data": {"N": n.to_string()}}});
        if n.is_multiple_of(3) {
            spec["secrets"] = json!([{"name": "db", "generate": {"key": {}, "other": {"length": 16}}}]);
        }
        if n.is_multiple_of(5) {
            spec["autoscaling"] = json!({"mode": "Fixed"});
        }
        if changed {
            spec["image"] = json!(CHANGED);
            spec["contract"] = json!({"port": 9443});
            spec["config"] = if n.is_multiple_of(2) { json!({"data": {"N": "changed"}}) } else { json!({}) };
        }
        service(&name(n), spec).to_string()
    };
    (0..SERVICES).map(one).collect::<Vec<_>>().join("\n---\n")
}

/// Starts the operator without waiting for anything.
fn start(scene: &Scene) -> Process {
    let program = binaries::up_to_date("csop-operator", "csop-operator").expect("the operator is built");
    let mut command = Command::new(program);
    command.env("KUBECONFIG", &scene.kubeconfig).arg("--listen=127.0.0.1:0");
    command.arg(format!("--namespace={}", &*scene.namespace));
    Process::start("csop-operator", &command)
}

/// Kills the operator at so many moments, and then leaves one alone.
async fn kill(scene: &mut Scene, dice: &mut Dice, times: u32) {
    for _ in 0..times {
        let mut operator = start(scene);
        tokio::time::sleep(dice.below(LIFE)).await;
        operator.signal(Signal::SIGKILL);
        operator.ended(SOON).await;
    }
    scene.operator = Some(start(scene));
}

/// Waits until all services are ready, with this image.
async fn settled(scene: &Scene, image: &str) {
    let what = format!("{SERVICES} services are ready with {image}");
    wait::until_ok(SOON * 2, &what, async || {
        let list = scene.kubectl(["get", "csvc", "--output", "json"]).await;
        let list: Value = serde_json::from_str(&list).map_err(|error| error.to_string())?;
        let done = |service: &&Value| {
            let (status, conditions) = (&service["status"], service["status"]["conditions"].as_array());
            status["observedGeneration"] == service["metadata"]["generation"]
                && status["image"] == image
                && conditions.into_iter().flatten().any(|c| c["type"] == "Ready" && c["reason"] == "Ready")
        };
        match list["items"].as_array().into_iter().flatten().filter(done).count() {
            SERVICES => Ok(()),
            count => Err(format!("{count} are")),
        }
    })
    .await;
}

/// What is the same in two namespaces when the same was done: all but identities, times, and generated content.
fn plain(objects: Objects, namespace: &str) -> BTreeMap<(String, String), Value> {
    let plain = |mut object: Value| {
        let meta = object["metadata"].as_object_mut().expect("an object has metadata");
        for key in ["uid", "resourceVersion", "creationTimestamp", "managedFields", "namespace", "generation"]
        {
            meta.remove(key);
        }
        for owner in meta.get_mut("ownerReferences").and_then(Value::as_array_mut).into_iter().flatten() {
            owner["uid"] = Value::Null;
        }
        if object["kind"] == "Secret" {
            for value in object["data"].as_object_mut().into_iter().flat_map(|data| data.values_mut()) {
                *value = json!(value.as_str().map(str::len));
            }
        }
        if object["kind"] == "CashService" {
            // The name of the revision is a hash over generated content too.
            object["status"]["revision"] = Value::Null;
        } else {
            // It is of the cluster's own controllers, and names pods and ReplicaSets.
            object["status"] = Value::Null;
        }
        scrub(&mut object, namespace);
        object
    };
    objects.into_iter().map(|(name, object)| (name, plain(object))).collect()
}

fn scrub(value: &mut Value, namespace: &str) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !GIVEN.contains(&key.as_str()) && !key.ends_with("Time"));
            map.values_mut().for_each(|value| scrub(value, namespace));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| scrub(value, namespace)),
        Value::String(text) => *text = text.replace(namespace, "NAMESPACE"),
        _ => {}
    }
}

async fn everything(scene: &Scene) -> BTreeMap<(String, String), Value> {
    let mut all = children(scene).await;
    let list = scene.kubectl(["get", "csvc", "--output", "json"]).await;
    let list: Value = serde_json::from_str(&list).expect("kubectl writes JSON");
    for service in list["items"].as_array().into_iter().flatten() {
        let name = service["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        all.insert(("CashService".to_owned(), name), service.clone());
    }
    plain(all, &scene.namespace)
}

#[tokio::test]
async fn an_operator_that_is_killed_at_any_moment_ends_in_the_same_state() {
    let mut dice = Dice::seeded();
    let (mut calm, mut killed) = future::join(Scene::new("calm"), Scene::without_operator("kills")).await;
    let witness = Witness::of(&killed).await;
    for (changed, image) in [(false, "registry.example.com/shop:1.4.2"), (true, CHANGED)] {
        drop(killed.operator.take());
        let all = services(changed);
        future::join(killed.apply(&all), calm.apply(&all)).await;
        kill(&mut killed, &mut dice, KILLS / 2).await;
        future::join(settled(&killed, image), settled(&calm, image)).await;
    }
    witness.saw_nothing_odd(&[2]);
    calm.stop_operator().await;
    let (undisturbed, disturbed) = (everything(&calm).await, everything(&killed).await);
    let names = |all: &BTreeMap<(String, String), Value>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&disturbed), names(&undisturbed));
    for (name, object) in undisturbed {
        assert_eq!(disturbed[&name], object, "{name:?}");
    }
}
