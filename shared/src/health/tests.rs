use super::*;
use serde_json::{Value, json};

fn now() -> Timestamp {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

fn pod(status: Value) -> Pod {
    serde_json::from_value(json!({"metadata": {"name": "shop-1"}, "status": status})).unwrap()
}

fn container(state: Value, last: Value) -> Pod {
    pod(
        json!({"containerStatuses": [{"name": "app", "image": "i:1", "imageID": "", "ready": false, "restartCount": 3, "started": false, "state": state, "lastState": last}]}),
    )
}

/// Of a service with these probes of its own.
fn spec(probes: Value) -> CashServiceSpec {
    serde_json::from_value(json!({"image": "i:1", "autoscaling": {}, "probes": probes})).unwrap()
}

fn reason_of(pod: Pod) -> Option<(String, String)> {
    pods_cause(&spec(json!({})), &[pod], now()).map(|c| (c.reason, c.message))
}

#[test]
fn a_pull_failure_names_image_and_pod() {
    let (reason, message) = reason_of(container(
        json!({"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}),
        json!({}),
    ))
    .unwrap();
    assert_eq!(reason, "ImagePullBackOff");
    assert!(
        message.contains("shop-1") && message.contains("i:1") && message.contains("not found"),
        "{message}"
    );
}

#[test]
fn a_crash_loop_names_the_last_exit_code() {
    let (reason, message) = reason_of(container(
        json!({"waiting": {"reason": "CrashLoopBackOff"}}),
        json!({"terminated": {"exitCode": 7}}),
    ))
    .unwrap();
    assert_eq!(reason, "CrashLoopBackOff");
    assert!(message.contains("exit code 7"), "{message}");
}

#[test]
fn an_image_that_wants_root_gets_a_hint() {
    let words = "container has runAsNonRoot and image will run as root";
    let (_, message) = reason_of(container(
        json!({"waiting": {"reason": "CreateContainerConfigError", "message": words}}),
        json!({}),
    ))
    .unwrap();
    assert!(message.contains("spec.security.runAsUser"), "{message}");
}

#[test]
fn memory_is_named_even_in_a_crash_loop() {
    let pod = container(
        json!({"waiting": {"reason": "CrashLoopBackOff"}}),
        json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
    );
    assert_eq!(reason_of(pod).unwrap().0, "OOMKilled");
}

#[test]
fn the_scheduler_speaks_for_itself() {
    let unscheduled = pod(
        json!({"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}]}),
    );
    assert!(reason_of(unscheduled).unwrap().1.contains("0/3 nodes"));
}

#[test]
fn a_pod_that_only_starts_is_no_cause() {
    assert_eq!(reason_of(container(json!({"waiting": {"reason": "ContainerCreating"}}), json!({}))), None);
    let started = pod(
        json!({"containerStatuses": [{"name": "app", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "started": true, "state": {"running": {}}}]}),
    );
    let told = |probes| pods_cause(&spec(probes), std::slice::from_ref(&started), now()).unwrap();
    let cause = told(json!({"liveness": {"tcpSocket": {"port": 9}}}));
    assert_eq!(cause.reason, "ReadinessFailing");
    assert!(cause.message.ends_with("; check contract.healthPort and contract.readinessPath"), "{cause:?}");
    let cause = told(json!({"readiness": {"tcpSocket": {"port": 9}}}));
    assert!(cause.message.ends_with("fails; check spec.probes.readiness"), "{cause:?}");
}

#[test]
fn a_quota_comes_first() {
    let deployment = serde_json::from_value(json!({"metadata": {}, "status": {"conditions": [
        {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"}]}}))
    .unwrap();
    let cause = first_cause(
        &spec(json!({})),
        &deployment,
        &[container(json!({"waiting": {"reason": "ImagePullBackOff"}}), json!({}))],
        now(),
    )
    .unwrap();
    assert_eq!(cause.reason, "ReplicaFailure");
    assert!(cause.message.contains("exceeded quota: small"));
}

/// A container in this state, after so many restarts, whose run before ended so.
fn again(state: Value, restarts: i32, last: Value) -> Pod {
    let mut pod = container(state, last);
    pod.metadata.labels = Some([(crate::names::labels::SERVICE.to_owned(), "shop".to_owned())].into());
    pod.status.as_mut().unwrap().container_statuses.as_mut().unwrap()[0].restart_count = restarts;
    pod
}

/// What a kubelet reports, one after the other, of a container that ends like this at once.
fn rounds(end: &Value) -> [Pod; 8] {
    let back_off = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container=app"}});
    let running = json!({"running": {"startedAt": "2026-01-01T11:59:58Z"}});
    [
        again(end.clone(), 0, json!({})),
        again(running.clone(), 1, end.clone()),
        again(end.clone(), 1, end.clone()),
        again(back_off.clone(), 1, end.clone()),
        again(running.clone(), 2, end.clone()),
        again(end.clone(), 2, end.clone()),
        again(back_off, 2, end.clone()),
        again(running, 3, end.clone()),
    ]
}

#[test]
fn a_container_that_ends_again_and_again_has_one_cause() {
    let start = json!({"terminated": {"exitCode": 128, "reason": "StartError", "message": "unable to start container process: exec: \"/x\": no"}});
    for (end, first, then, message) in [
        (
            json!({"terminated": {"exitCode": 3, "reason": "Error"}}),
            "Error",
            "CrashLoopBackOff",
            "container app ended with exit code 3; its logs say more: kubectl csop logs shop --previous",
        ),
        (
            json!({"terminated": {"exitCode": 0, "reason": "Completed"}}),
            "Error",
            "CrashLoopBackOff",
            "container app ended with exit code 0; its logs say more: kubectl csop logs shop --previous",
        ),
        (
            json!({"terminated": {"exitCode": 137, "reason": "Error"}}),
            "Error",
            "CrashLoopBackOff",
            "container app was killed (exit code 137), as the kubelet does when its liveness or startup probe fails; its logs say more: \
             kubectl csop logs shop --previous",
        ),
        (
            json!({"terminated": {"exitCode": 1, "reason": "Error", "message": "no\n database"}}),
            "Error",
            "CrashLoopBackOff",
            "container app ended with exit code 1: no database; its logs say more: kubectl csop logs shop --previous",
        ),
        (
            json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
            "OOMKilled",
            "OOMKilled",
            "container app ran out of memory: it took more than its limit; raise spec.resources.limits.memory",
        ),
        (start, "RunContainerError", "RunContainerError", "container app cannot start: exec: \"/x\": no"),
    ] {
        let told = rounds(&end).map(|pod| reason_of(pod).unwrap());
        let want = |reason: &str| (reason.to_owned(), format!("pod shop-1: {message}"));
        for (at, cause) in told.into_iter().enumerate() {
            assert_eq!(cause, want(if at < 3 { first } else { then }), "state {at} of {end}");
        }
    }
}

#[test]
fn the_limit_of_memory_is_the_one_in_force() {
    let mut pod =
        again(json!({"running": {}}), 1, json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}));
    pod.status.as_mut().unwrap().container_statuses.as_mut().unwrap()[0].resources =
        serde_json::from_value(json!({"limits": {"memory": "32Mi"}})).unwrap();
    assert!(reason_of(pod).unwrap().1.contains("more than its limit of 32Mi;"));
}

#[test]
fn a_pull_has_one_reason_while_it_fails_and_while_it_waits() {
    let told = |reason: &str, said: &str| {
        reason_of(container(json!({"waiting": {"reason": reason, "message": said}}), json!({}))).unwrap()
    };
    let fails = told(
        "ErrImagePull",
        "failed to pull and unpack image \"i:1\": failed to resolve image: i:1: not found",
    );
    let waits = told(
        "ImagePullBackOff",
        "Back-off pulling image \"i:1\": ErrImagePull: failed to pull and unpack image \"i:1\": failed to resolve image: i:1: not found",
    );
    assert_eq!(fails, waits);
    assert_eq!(fails.0, "ImagePullBackOff");
    assert_eq!(
        fails.1,
        "pod shop-1: image i:1 cannot be pulled: not found (check the image's name and tag, and spec.imagePullSecrets)"
    );
}

#[test]
fn a_name_that_no_image_can_have_is_told_with_the_rule() {
    let parse = "Failed to apply default image tag \"i:1\": couldn't parse image name \"i:1\": invalid reference format";
    let upper = format!("{parse}: repository name (Shop) must be lowercase");
    for (said, why) in [
        (upper.as_str(), ": repository name (Shop) must be lowercase"),
        (parse, ": invalid reference format"),
        ("it has no name", ": it has no name"),
        ("", ""),
    ] {
        let state = json!({"waiting": {"reason": "InvalidImageName", "message": said}});
        let message = format!("pod shop-1: i:1 is not a valid name of an image{why}");
        assert_eq!(reason_of(container(state, json!({}))), Some(("InvalidImageName".to_owned(), message)));
    }
}

#[test]
fn an_end_is_history_once_the_container_has_run_for_ten_minutes() {
    let end = json!({"terminated": {"exitCode": 1}});
    let since = |start: &str| again(json!({"running": {"startedAt": start}}), 4, end.clone());
    let recent = since("2026-01-01T11:50:01Z");
    assert_eq!(next_look(std::slice::from_ref(&recent), now()), "2026-01-01T12:00:01Z".parse().ok());
    assert_eq!(reason_of(recent).unwrap().0, "CrashLoopBackOff");
    let mut old = since("2026-01-01T11:50:00Z");
    assert_eq!((next_look(std::slice::from_ref(&old), now()), reason_of(old.clone())), (None, None));
    let status = &mut old.status.as_mut().unwrap().container_statuses.as_mut().unwrap()[0];
    status.started = Some(true);
    assert_eq!(reason_of(old.clone()).unwrap().0, "ReadinessFailing");
    old.status.as_mut().unwrap().container_statuses.as_mut().unwrap()[0].ready = true;
    assert_eq!(reason_of(old), None);
}

#[test]
fn a_container_of_the_beginning_may_end() {
    let ended = |code: i32| {
        pod(
            json!({"initContainerStatuses": [{"name": "setup", "image": "i", "imageID": "", "ready": true, "restartCount": 0,
            "state": {"terminated": {"exitCode": code, "reason": "Completed"}}}]}),
        )
    };
    assert_eq!(reason_of(ended(0)), None);
    assert_eq!(reason_of(ended(2)).unwrap().0, "Error");
}

#[test]
fn a_container_has_ten_seconds_to_be_ready_before_it_is_told_that_it_is_not() {
    let since = |start: &str| {
        let mut pod = container(json!({"running": {"startedAt": start}}), json!({}));
        pod.status.as_mut().unwrap().container_statuses.as_mut().unwrap()[0].started = Some(true);
        pod
    };
    let young = since("2026-01-01T11:59:51Z");
    assert_eq!(next_look(std::slice::from_ref(&young), now()), "2026-01-01T12:00:01Z".parse().ok());
    assert_eq!(reason_of(young), None);
    let late = since("2026-01-01T11:59:50Z");
    assert_eq!(next_look(std::slice::from_ref(&late), now()), None);
    assert_eq!(reason_of(late).unwrap().0, "ReadinessFailing");
}
