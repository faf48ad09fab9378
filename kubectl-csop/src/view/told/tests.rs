use super::*;
use crate::view::verdict::Verdict;
use serde_json::{Value, json};

fn judgement(reason: &str) -> Judgement {
    Judgement {
        verdict: Verdict::Degraded,
        reason: reason.to_owned(),
        message: "as the operator says".to_owned(),
    }
}

fn pod(state: Value, last: Value, started: bool) -> Pod {
    serde_json::from_value(json!({
        "metadata": {"name": "shop-1", "uid": "p", "labels": {"csop.dev/service": "shop"}},
        "status": {"containerStatuses": [{"name": "app", "image": "i", "imageID": "", "ready": false, "restartCount": 1,
            "started": started, "state": state, "lastState": last}]},
    }))
    .unwrap()
}

fn event(reason: &str, message: &str, time: &str) -> Event {
    serde_json::from_value(json!({
        "metadata": {}, "reason": reason, "message": message, "lastTimestamp": format!("2026-01-01T00:{time}Z"),
        "involvedObject": {"kind": "Pod", "name": "shop-1", "uid": "p", "fieldPath": "spec.containers{app}"},
    }))
    .unwrap()
}

fn told(reason: &str, pod: Pod, events: &[Event]) -> (String, String) {
    told_of(json!({}), reason, pod, events)
}

/// Of a service with these probes of its own.
fn told_of(probes: Value, reason: &str, pod: Pod, events: &[Event]) -> (String, String) {
    let children = Children { pods: vec![pod], pod_events: events.to_vec(), ..Children::default() };
    let spec = serde_json::from_value(json!({"image": "i", "autoscaling": {}, "probes": probes})).unwrap();
    let judgement = refined(judgement(reason), &spec, &children);
    (judgement.reason, judgement.message)
}

fn running() -> Value {
    json!({"running": {"startedAt": "2026-01-01T00:10:00Z"}})
}

fn killed() -> Value {
    json!({"terminated": {"exitCode": 137, "startedAt": "2026-01-01T00:05:00Z", "finishedAt": "2026-01-01T00:09:00Z"}})
}

const REFUSED: &str = "probe failed: Get \"http://10.0.0.9:8080/_liveness\": dial tcp 10.0.0.9:8080: connect: connection refused";
const STATUS: &str = "probe failed: HTTP probe failed with statuscode: 503";

#[test]
fn the_answer_of_a_failing_probe_is_told() {
    let events = [
        event("Unhealthy", &format!("Startup {REFUSED}"), "10:01"),
        event("Unhealthy", &format!("Readiness {STATUS}"), "10:02"),
    ];
    assert_eq!(
        told("Starting", pod(running(), json!({}), false), &events),
        (
            "StartupFailing".to_owned(),
            "pod shop-1: container app runs, but its startup probe fails: connection refused at :8080/_liveness; check \
             contract.healthPort and contract.livenessPath"
                .to_owned()
        )
    );
    // An autoscaler that cannot measure, or a pod that is missing, may only follow from it.
    for reason in ["AutoscalerInactive", "PodsMissing"] {
        assert_eq!(told(reason, pod(running(), json!({}), false), &events).0, "StartupFailing");
    }
    assert_eq!(
        told("ReadinessFailing", pod(running(), json!({}), true), &events),
        (
            "ReadinessFailing".to_owned(),
            "pod shop-1: container app runs, but its readiness probe fails: HTTP status 503; check contract.healthPort and \
             contract.readinessPath"
                .to_owned()
        )
    );
}

#[test]
fn a_probe_of_its_own_is_what_to_check() {
    let begin = "pod shop-1: container app runs, but its";
    let dial = "probe failed: dial tcp 10.0.0.9:9: connect: connection refused";
    let [tcp, exec] = [json!({"tcpSocket": {"port": 9}}), json!({"exec": {"command": ["/check"]}})];
    let readiness = told_of(
        json!({"readiness": tcp}),
        "ReadinessFailing",
        pod(running(), json!({}), true),
        &[event("Unhealthy", &format!("Readiness {dial}"), "10:02")],
    );
    let check = "readiness probe fails: connection refused at :9; check spec.probes.readiness";
    assert_eq!(readiness.1, format!("{begin} {check}"));
    let failing = [event("Unhealthy", "Startup probe failed: not yet", "10:02")];
    let startup = |probes| told_of(probes, "Starting", pod(running(), json!({}), false), &failing).1;
    let own = "startup probe fails: not yet; check spec.probes.startup";
    assert_eq!(startup(json!({"startup": exec})), format!("{begin} {own}"));
    // Another one of its own is not this one.
    let contract = "startup probe fails: not yet; check contract.healthPort and contract.livenessPath";
    assert_eq!(startup(json!({"liveness": exec})), format!("{begin} {contract}"));
    let killed = told_of(
        json!({"startup": exec}),
        "Error",
        pod(running(), killed(), false),
        &[event("Killing", "Container app failed startup probe, will be restarted", "09:00")],
    );
    assert!(killed.1.ends_with("its startup probe fails; check spec.probes.startup"), "{}", killed.1);
}

#[test]
fn an_end_by_the_kubelet_is_told_apart_from_one_of_its_own() {
    let words = "Container app failed liveness probe, will be restarted";
    let events =
        [event("Killing", words, "08:59"), event("Unhealthy", &format!("Liveness {STATUS}"), "02:00")];
    let back_off = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    for state in [running(), back_off.clone()] {
        let (reason, message) = told("CrashLoopBackOff", pod(state, killed(), false), &events);
        assert_eq!(reason, "LivenessFailing");
        assert_eq!(
            message,
            "pod shop-1: container app is restarted because its liveness probe fails: HTTP status 503; its logs say more: \
             kubectl csop logs shop --previous"
        );
    }
    let startup = [event("Killing", "Container app failed startup probe, will be restarted", "09:00")];
    let (reason, message) = told("Error", pod(running(), killed(), false), &startup);
    assert!(
        reason == "StartupFailing" && message.contains("is restarted because its startup probe fails; check")
    );
    // That was an earlier run, and this one ended by itself; unless it was killed, too.
    let earlier =
        [event("Killing", words, "04:59"), event("Unhealthy", &format!("Startup {REFUSED}"), "10:01")];
    let mut own = killed();
    own["terminated"]["exitCode"] = json!(3);
    assert_eq!(told("CrashLoopBackOff", pod(back_off.clone(), own, false), &earlier).0, "CrashLoopBackOff");
    assert_eq!(told("CrashLoopBackOff", pod(back_off, killed(), false), &earlier).0, "LivenessFailing");
}

#[test]
fn a_volume_that_cannot_be_mounted_is_told() {
    let waiting = json!({"waiting": {"reason": "ContainerCreating"}});
    let words = "MountVolume.SetUp failed for volume \"x\" : references non-existent secret key: password";
    let (reason, message) =
        told("RollingOut", pod(waiting, json!({}), false), &[event("FailedMount", words, "01:00")]);
    assert_eq!(reason, "FailedMount");
    assert_eq!(
        message,
        "pod shop-1: a volume cannot be mounted: \"x\": references non-existent secret key: password"
    );
}

#[test]
fn a_sandbox_that_cannot_be_made_is_told_until_there_is_one() {
    let killed = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to start sandbox \"5a9c\": failed to create \
                  containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start \
                  container process: container init was OOM-killed (memory limit too low?)";
    let network = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox \"5a9c\": \
                   plugin type=\"bridge\" failed (add): no addresses left";
    for (said, words) in [
        (killed, "container init was OOM-killed (memory limit too low?); raise spec.resources.limits.memory"),
        (network, "plugin type=\"bridge\" failed (add): no addresses left"),
        ("Failed to create pod sandbox: the node is ill", "the node is ill"),
    ] {
        let mut pod = pod(json!({"waiting": {"reason": "ContainerCreating"}}), json!({}), false);
        let volume = event("FailedMount", "not yet", "01:00");
        let events = [volume, event("FailedCreatePodSandBox", said, "02:00")];
        let (reason, message) = told("Starting", pod.clone(), &events);
        assert_eq!(reason, "FailedCreatePodSandBox");
        assert_eq!(message, format!("pod shop-1: the node cannot make its sandbox: {words}"));
        let ready = json!([{"type": "PodReadyToStartContainers", "status": "True"}]);
        pod.status.as_mut().unwrap().conditions = serde_json::from_value(ready).unwrap();
        assert_eq!(told("Starting", pod, &events[1..]).0, "Starting");
    }
}

#[test]
fn what_the_operator_knows_better_stays() {
    let events = [event("Unhealthy", &format!("Readiness {STATUS}"), "10:02")];
    let own = |reason: &str| (reason.to_owned(), "as the operator says".to_owned());
    assert_eq!(told("SecretMissing", pod(running(), json!({}), true), &events), own("SecretMissing"));
    assert_eq!(told("Starting", pod(running(), json!({}), false), &events), own("Starting"));
    // Of another pod, or of the container's run before.
    let mut other = events[0].clone();
    other.involved_object.uid = Some("q".to_owned());
    let old = event("Unhealthy", &format!("Readiness {STATUS}"), "09:59");
    assert_eq!(
        told("ReadinessFailing", pod(running(), json!({}), true), &[other, old]),
        own("ReadinessFailing")
    );
}

#[test]
fn words_are_those_of_an_owner() {
    for (said, told) in [
        ("HTTP probe failed with statuscode: 404", "HTTP status 404"),
        (
            "Get \"https://10.0.0.9:8443/up\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
            "no answer in time from :8443/up",
        ),
        ("Get \"http://[fd00::1]:80/\": EOF", "EOF at :80/"),
        ("dial tcp 10.200.0.49:9: connect: connection refused", "connection refused at :9"),
        ("dial tcp [fd00::1]:9: i/o timeout", "no answer in time from :9"),
        (
            "timeout: failed to connect service \"10.200.0.49:9\" within 1s: context deadline exceeded",
            "no answer in time from :9",
        ),
        (
            "error: health rpc probe failed: rpc error: code = Unavailable desc = connection error: desc = \"transport: Error \
             while dialing: dial tcp 10.200.0.49:9: connect: connection refused\"",
            "connection refused at :9",
        ),
        // What a command called is not the pod.
        (
            "no database: dial tcp 10.0.0.7:5432: i/o timeout",
            "no database: dial tcp 10.0.0.7:5432: i/o timeout",
        ),
        (
            "command timed out: \"/check\" timed out after 1s",
            "command timed out: \"/check\" timed out after 1s",
        ),
    ] {
        assert_eq!(words::of_probe(said), told);
    }
}
