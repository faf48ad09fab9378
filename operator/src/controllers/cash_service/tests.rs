//! Decisions about a service, without a cluster.

use super::{
    desired::{changes_revision, desired},
    observe::Observed,
    status::status,
};
use crate::runtime::{
    children::{Child, ChildId, ChildKind, Policy},
    desired::{Applied, Desired},
};
use csop_shared::{
    api::CashService,
    conditions::{find, types},
    health::reasons as health,
    names::annotations,
    reasons::service as reasons,
    render::{History, Recorded},
};
use jiff::Timestamp;
use k8s_openapi::{
    ByteString,
    api::{
        apps::v1::{ControllerRevision, Deployment},
        autoscaling::v2::HorizontalPodAutoscaler,
        core::v1::{ConfigMap, Secret},
    },
};
use serde_json::{Value, json};
use std::time::Duration;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn service(spec: Value) -> CashService {
    let mut all = json!({"image": "i:1", "autoscaling": {"maxReplicas": 10}});
    for (key, value) in spec.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    let meta = json!({"name": "shop", "namespace": "pay", "uid": "u", "generation": 3});
    serde_json::from_value(json!({"metadata": meta, "spec": all})).unwrap()
}

fn random() -> Observed {
    Observed {
        entropy: (0..4096_u32).map(|n| u8::try_from(n % 251).unwrap()).collect(),
        ..Observed::default()
    }
}

fn child<'a>(desired: &'a Desired, kind: &str, name: &str) -> Option<&'a Child> {
    desired.children.iter().find(|c| c.kind.kind == kind && c.name == name)
}

/// The Deployment as it is after the desired one was applied.
fn live(obj: &CashService, observed: &Observed) -> Deployment {
    let wanted = desired(obj, observed, at(0)).unwrap();
    let mut body = child(&wanted, "Deployment", "shop").unwrap().intent.clone();
    body["spec"]["replicas"] = json!(2);
    serde_json::from_value(body).unwrap()
}

#[test]
fn the_deployment_is_born_with_its_size_and_its_intent_never_names_one() {
    let wanted = desired(&service(json!({"replicas": 5})), &random(), at(0)).unwrap();
    let deployment = child(&wanted, "Deployment", "shop").unwrap();
    assert_eq!(deployment.at_birth, Some(json!({"spec": {"replicas": 5}})));
    assert_eq!(deployment.intent["spec"].get("replicas"), None);
    assert_eq!(wanted.scale, None);
}

#[test]
fn a_deployment_that_was_deleted_comes_back_with_its_last_size_within_the_bounds() {
    for (wanted, born) in [(json!(6), 6), (json!(99), 10), (json!(1), 2), (json!(0), 2), (json!(null), 2)] {
        let mut obj = service(json!({}));
        obj.status = serde_json::from_value(json!({ "wantedReplicas": wanted })).unwrap();
        let all = desired(&obj, &random(), at(0)).unwrap();
        let at_birth = child(&all, "Deployment", "shop").unwrap().at_birth.clone().unwrap();
        assert_eq!(at_birth["spec"]["replicas"], born, "{wanted}");
    }
}

#[test]
fn only_mode_fixed_writes_the_size_and_only_mode_hpa_has_an_autoscaler() {
    for (mode, fixed, autoscaler) in
        [("HPA", false, true), ("Fixed", true, false), ("External", false, false)]
    {
        let obj = service(json!({"replicas": 4, "autoscaling": {"mode": mode, "maxReplicas": 9}}));
        let wanted = desired(&obj, &random(), at(0)).unwrap();
        assert_eq!(wanted.scale.map(|s| s.replicas), fixed.then_some(4), "{mode}");
        let found = wanted.children.iter().any(|c| c.kind == ChildKind::of::<HorizontalPodAutoscaler>());
        assert_eq!(found, autoscaler, "{mode}");
    }
}

#[test]
fn a_live_secret_is_left_alone_and_gains_only_what_it_lacks() {
    let obj = service(json!({"secrets": [{"name": "db", "generate": {"a": {}, "b": {}}}]}));
    let first = desired(&obj, &random(), at(0)).unwrap();
    let born: Secret =
        serde_json::from_value(child(&first, "Secret", "shop-db").unwrap().intent.clone()).unwrap();
    assert_eq!(child(&first, "Secret", "shop-db").unwrap().policy, Policy::CreateOnce);

    let mut observed = random();
    observed.owned_secrets.insert("shop-db".to_owned(), born.clone());
    let second = desired(&obj, &observed, at(0)).unwrap();
    assert_eq!(child(&second, "Secret", "shop-db").unwrap().policy, Policy::CreateOnce);

    let mut partial = born;
    partial.metadata.resource_version = Some("7".to_owned());
    partial.data.as_mut().unwrap().remove("b");
    partial.data.as_mut().unwrap().insert("a".to_owned(), ByteString(b"by hand".to_vec()));
    observed.owned_secrets.insert("shop-db".to_owned(), partial);
    let third = desired(&obj, &observed, at(0)).unwrap();
    let mended = child(&third, "Secret", "shop-db").unwrap();
    let content: Secret = serde_json::from_value(mended.intent.clone()).unwrap();
    assert_eq!(content.data.as_ref().unwrap()["a"].0, b"by hand");
    assert_eq!(content.data.as_ref().unwrap()["b"].0.len(), 32);
    assert_eq!((mended.policy, content.metadata.resource_version.as_deref()), (Policy::Apply, Some("7")));
}

#[test]
fn a_vanished_secret_of_others_does_not_roll_the_pods() {
    let obj = service(json!({"secrets": [{"name": "db", "fromSecret": "db"}]}));
    let mut observed = random();
    let key = desired(&obj, &observed, at(0)).unwrap();
    let key: Secret =
        serde_json::from_value(child(&key, "Secret", "shop-csop").unwrap().intent.clone()).unwrap();
    observed.owned_secrets.insert("shop-csop".to_owned(), key);
    let content = |fingerprint: &str| Some(fingerprint.to_owned());
    observed.foreign_secrets.insert("db".to_owned(), content("one"));
    observed.deployment = Some(live(&obj, &observed));
    assert!(!changes_revision(&obj, &observed).unwrap());
    observed.foreign_secrets.insert("db".to_owned(), None);
    assert!(!changes_revision(&obj, &observed).unwrap());
    observed.foreign_secrets.insert("db".to_owned(), content("two"));
    assert!(changes_revision(&obj, &observed).unwrap());
}

#[test]
fn a_burst_of_edits_waits_two_seconds_from_its_first() {
    let obj = service(json!({}));
    let hold = |since, now| {
        let observed = Observed { pending_since: since, ..random() };
        desired(&obj, &observed, now).unwrap().hold
    };
    assert_eq!(hold(None, at(10)), None);
    assert_eq!(hold(Some(at(10)), at(10)), Some(Duration::from_secs(2)));
    assert_eq!(hold(Some(at(10)), at(11)), Some(Duration::from_secs(1)));
    assert_eq!(hold(Some(at(10)), at(12)), None);
    assert_eq!(hold(Some(at(10)), at(99)), None);
    assert!(
        hold(Some(at(10)), at(5)).is_some_and(|rest| rest <= Duration::from_secs(7)),
        "a clock that went back delays, and no more"
    );
}

#[test]
fn what_kept_revisions_and_the_live_template_name_is_kept() {
    let obj = service(json!({"config": {"data": {"A": "now"}}}));
    let old = Recorded {
        name: "shop-r1".to_owned(),
        number: 1,
        hash: "x".to_owned(),
        config_maps: vec!["shop-config-old".to_owned()],
    };
    let mut observed = Observed { history: History::new(vec![old]), ..random() };
    let before = service(json!({"config": {"data": {"A": "before"}}}));
    observed.deployment = Some(live(&before, &random()));
    let keep = desired(&obj, &observed, at(0)).unwrap().keep;
    assert!(keep.contains(&ChildId::of::<ControllerRevision>("shop-r1")));
    assert!(keep.contains(&ChildId::of::<ConfigMap>("shop-config-old")));
    assert_eq!(keep.iter().filter(|k| k.kind == ChildKind::of::<ConfigMap>()).count(), 2, "{keep:?}");
}

#[test]
fn a_generated_secret_is_kept_for_as_long_as_the_service_lives() {
    let mut observed = random();
    observed.owned_secrets.insert("shop-db".to_owned(), Secret::default());
    let keep = desired(&service(json!({})), &observed, at(0)).unwrap().keep;
    assert!(keep.contains(&ChildId::of::<Secret>("shop-db")));
}

#[test]
fn mode_hpa_leaves_zero_where_its_autoscaler_would_stay() {
    let obj = service(json!({"autoscaling": {"minReplicas": 3, "maxReplicas": 9}}));
    let mut observed = random();
    let mut deployment = live(&obj, &observed);
    deployment.spec.as_mut().unwrap().replicas = Some(0);
    observed.deployment = Some(deployment);
    assert_eq!(desired(&obj, &observed, at(0)).unwrap().scale.map(|s| s.replicas), Some(3));
    assert_eq!(verdict(&obj, 0, json!({"observedGeneration": 2})).0, "False");
}

#[test]
fn nothing_runs_without_its_network_policy() {
    let wanted = desired(&service(json!({})), &random(), at(0)).unwrap();
    let place = |kind: &str| wanted.children.iter().position(|c| c.kind.kind == kind).unwrap();
    assert!(
        place("NetworkPolicy") < place("Deployment") && wanted.children[place("NetworkPolicy")].essential
    );
}

#[test]
fn claims_are_exactly_the_named_children() {
    let obj =
        service(json!({"config": {"data": {"A": "1"}}, "secrets": [{"name": "db", "generate": {"a": {}}}]}));
    let wanted = desired(&obj, &random(), at(0)).unwrap();
    let mut applied: Vec<_> = wanted
        .children
        .iter()
        .map(Child::id)
        .filter(|c| c.kind != ChildKind::of::<ControllerRevision>())
        .collect();
    let mut claimed = super::desired::claims(&obj);
    applied.sort();
    claimed.sort();
    assert_eq!(claimed, applied);
}

/// A Deployment's status and the verdict over it.
fn verdict(obj: &CashService, replicas: i32, state: Value) -> (String, String) {
    verdict_beside(obj, replicas, state, Applied::default())
}

/// The same with further live children.
fn verdict_beside(obj: &CashService, replicas: i32, state: Value, beside: Applied) -> (String, String) {
    let mut deployment = serde_json::to_value(live(obj, &random())).unwrap();
    deployment["metadata"]["generation"] = json!(2);
    deployment["spec"]["replicas"] = json!(replicas);
    deployment["status"] = state;
    let applied = beside.with(ChildKind::of::<Deployment>(), deployment);
    let status = status(obj, &Observed::default(), &applied, at(50)).status.unwrap();
    let ready = find(&status.conditions, types::READY).unwrap();
    (ready.status.clone(), ready.reason.clone())
}

#[test]
fn ready_means_the_wanted_revision_at_its_wanted_size() {
    let of = |status: &str, reason: &str| (status.to_owned(), reason.to_owned());
    let hpa = service(json!({"autoscaling": {"minReplicas": 2, "maxReplicas": 10}}));
    let full = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2});
    assert_eq!(verdict(&hpa, 2, full.clone()), of("True", reasons::READY));
    assert_eq!(verdict(&hpa, 10, full.clone()), of("True", reasons::READY), "growth by the autoscaler");
    let stale = json!({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2});
    assert_eq!(verdict(&hpa, 2, stale), of("False", reasons::STARTING));
    let surge = json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1, "readyReplicas": 2});
    assert_eq!(verdict(&hpa, 2, surge), of("False", reasons::STARTING));
    let fixed = service(json!({"replicas": 3, "autoscaling": {"mode": "Fixed"}}));
    assert_eq!(verdict(&fixed, 3, full).0, "False");
    let none = service(json!({"replicas": 0, "autoscaling": {"mode": "Fixed"}}));
    assert_eq!(verdict(&none, 0, json!({"observedGeneration": 2})), of("True", reasons::READY));
}

#[test]
fn after_the_first_rollout_a_new_one_is_named_as_such() {
    let mut obj = service(json!({}));
    let ready = json!({"type": "Ready", "status": "True", "reason": "Ready", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    obj.status = serde_json::from_value(json!({"conditions": [ready]})).unwrap();
    let surge = json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1, "readyReplicas": 2});
    assert_eq!(verdict(&obj, 2, surge).1, reasons::ROLLING_OUT);
    let gone = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 1});
    assert_eq!(verdict(&obj, 2, gone).1, reasons::PODS_MISSING);
}

#[test]
fn an_autoscaler_without_metrics_is_no_cause_while_its_pods_are_not_ready() {
    let blind = json!({"metadata": {"name": "shop"}, "spec": {"maxReplicas": 10, "scaleTargetRef": {"kind": "Deployment", "name": "shop"}},
        "status": {"desiredReplicas": 0, "conditions": [{"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric",
            "message": "did not receive metrics for targeted pods (pods might be unready)"}]}});
    let before = |status: &str, reason: &str| {
        let mut obj = service(json!({"autoscaling": {"minReplicas": 3, "maxReplicas": 10}}));
        obj.status = serde_json::from_value(
            json!({"conditions": [{"type": "Ready", "status": status, "reason": reason,
            "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}),
        )
        .unwrap();
        obj
    };
    for (obj, pods, ready, reason) in [
        (before("False", reasons::STARTING), 3, 0, reasons::STARTING),
        // It was for a moment without its Secret, say; its first pods have yet to answer.
        (before("False", reasons::SECRET_MISSING), 3, 0, reasons::PODS_MISSING),
        (before("False", health::AUTOSCALER), 3, 0, reasons::PODS_MISSING),
        // It served once, and what replaces a pod does not answer its startup probe.
        (before("True", reasons::READY), 3, 2, reasons::PODS_MISSING),
        (before("True", reasons::READY), 3, 0, reasons::PODS_MISSING),
        (before("True", reasons::READY), 0, 0, reasons::PODS_MISSING),
        // All that there are serve, and more are not asked for.
        (before("True", reasons::READY), 2, 2, health::AUTOSCALER),
    ] {
        let beside = Applied::default().with(ChildKind::of::<HorizontalPodAutoscaler>(), blind.clone());
        let state = json!({"observedGeneration": 2, "replicas": pods, "updatedReplicas": pods, "readyReplicas": ready});
        let told = verdict_beside(&obj, pods, state, beside);
        assert_eq!(told, ("False".to_owned(), reason.to_owned()), "{ready} of {pods} ready");
    }
}

#[test]
fn a_second_verdict_over_the_same_state_changes_nothing_and_tells_nothing() {
    let mut obj = service(json!({}));
    let state = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2});
    let mut deployment = serde_json::to_value(live(&obj, &random())).unwrap();
    deployment["status"] = state;
    let applied = Applied::default().with(ChildKind::of::<Deployment>(), deployment);
    let first = status(&obj, &Observed::default(), &applied, at(50));
    assert_eq!(first.events.len(), 1);
    obj.status.clone_from(&first.status);
    let second = status(&obj, &Observed::default(), &applied, at(90));
    assert_eq!(second.status, first.status);
    assert_eq!(second.events, vec![]);
}

#[test]
fn a_restart_reaches_the_template() {
    let mut obj = service(json!({}));
    let mut observed = random();
    observed.deployment = Some(live(&obj, &observed));
    assert!(!changes_revision(&obj, &observed).unwrap());
    obj.metadata.annotations =
        Some([(annotations::RESTARTED_AT.to_owned(), "2026-11-21T10:00:00Z".to_owned())].into());
    assert!(changes_revision(&obj, &observed).unwrap());
}

#[test]
fn an_end_is_looked_at_again_when_it_may_have_become_history() {
    let obj = service(json!({"autoscaling": {"mode": "Fixed"}}));
    let mut observed = random();
    let deployment = serde_json::to_value(live(&obj, &observed)).unwrap();
    let applied = Applied::default().with(ChildKind::of::<Deployment>(), deployment);
    observed.pods = vec![
        serde_json::from_value(json!({"metadata": {"name": "shop-1"}, "status": {"containerStatuses": [{
            "name": "app", "image": "i", "imageID": "", "ready": false, "restartCount": 1,
            "state": {"running": {"startedAt": at(1000)}}, "lastState": {"terminated": {"exitCode": 3}}}]}}))
        .unwrap(),
    ];
    assert_eq!(status(&obj, &observed, &applied, at(1001)).alarm, Some(at(1600)));
    assert_eq!(status(&obj, &observed, &applied, at(1600)).alarm, None);
}
