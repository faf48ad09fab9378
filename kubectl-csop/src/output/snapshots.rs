//! Snapshots of what people see, from objects as a cluster holds them.

use super::paint::Paint;
use super::{service, services};
use crate::view::children::{Children, Missing, SecretKeys};
use crate::view::service::ServiceView;
use crate::view::services::ServicesView;
use crate::view::verdict::Verdict;
use csop_shared::api::CashService;
use jiff::Timestamp;
use kube::core::DeserializeGuard;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const READY: &str = include_str!("../../tests/fixtures/ready.yaml");
const IMAGE_PULL: &str = include_str!("../../tests/fixtures/image-pull.yaml");
const PAUSED: &str = include_str!("../../tests/fixtures/paused.yaml");
const CONFLICT: &str = include_str!("../../tests/fixtures/conflict.yaml");
const PENDING: &str = include_str!("../../tests/fixtures/pending.yaml");

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn as_kind<T: DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).unwrap()
}

fn objects(text: &str) -> (CashService, Children) {
    let mut service = None;
    let mut children = Children::default();
    for document in serde_yaml::Deserializer::from_str(text) {
        let object = Value::deserialize(document).unwrap();
        match object["kind"].as_str().unwrap() {
            "CashService" => service = Some(as_kind(object)),
            "Deployment" => children.deployments.push(as_kind(object)),
            "ReplicaSet" => children.replica_sets.push(as_kind(object)),
            "Pod" => children.pods.push(as_kind(object)),
            "Service" => children.services.push(as_kind(object)),
            "HorizontalPodAutoscaler" => children.autoscalers.push(as_kind(object)),
            "NetworkPolicy" => children.network_policies.push(as_kind(object)),
            "PodDisruptionBudget" => children.budgets.push(as_kind(object)),
            "ServiceAccount" => children.accounts.push(as_kind(object)),
            "Secret" => {
                children
                    .secrets
                    .push(SecretKeys::from(as_kind::<k8s_openapi::api::core::v1::Secret>(object)));
            }
            "ConfigMap" => children.config_maps.push(as_kind(object)),
            "ControllerRevision" => children.revisions.push(as_kind(object)),
            other => panic!("no fixture of kind {other}"),
        }
    }
    (service.unwrap(), children)
}

fn view(text: &str) -> ServiceView {
    let (service, children) = objects(text);
    crate::view::service::view(&service, &children)
}

fn all(texts: &[&str]) -> ServicesView {
    crate::view::services::view(texts.iter().map(|text| DeserializeGuard(Ok(objects(text).0))))
}

const PLAIN: service::Style =
    service::Style { wide: false, width: None, unicode: true, paint: Paint::new(false) };

#[test]
fn a_ready_service() {
    insta::assert_snapshot!(service::text(&view(READY), PLAIN, now()));
}

#[test]
fn a_tree_with_conditions() {
    insta::assert_snapshot!(service::rooted(&view(IMAGE_PULL), PLAIN, now()));
}

#[test]
fn a_ready_service_wide_in_ascii() {
    let style = service::Style { wide: true, unicode: false, ..PLAIN };
    insta::assert_snapshot!(service::text(&view(READY), style, now()));
}

#[test]
fn a_ready_service_as_json() {
    let text = super::json(&view(READY));
    assert!(!text.contains("aHVudGVyMg"), "no value of a Secret is ever shown");
    insta::assert_snapshot!(text);
}

#[test]
fn an_image_that_cannot_be_pulled() {
    insta::assert_snapshot!(service::text(&view(IMAGE_PULL), PLAIN, now()));
}

#[test]
fn an_image_that_cannot_be_pulled_on_a_narrow_terminal() {
    let style = service::Style { width: Some(40), ..PLAIN };
    insta::assert_snapshot!(service::text(&view(IMAGE_PULL), style, now()));
}

#[test]
fn colours_on_a_terminal() {
    let style = service::Style { paint: Paint::new(true), ..PLAIN };
    insta::assert_snapshot!(service::text(&view(IMAGE_PULL), style, now()));
}

#[test]
fn a_paused_service() {
    insta::assert_snapshot!(service::text(&view(PAUSED), PLAIN, now()));
}

#[test]
fn a_service_whose_name_is_taken() {
    insta::assert_snapshot!(service::text(&view(CONFLICT), PLAIN, now()));
}

#[test]
fn a_service_without_an_operator() {
    insta::assert_snapshot!(service::text(&view(PENDING), PLAIN, now()));
}

#[test]
fn a_table() {
    insta::assert_snapshot!(services::text(&all(&[READY]), services::Style::default(), now()));
}

#[test]
fn a_table_of_all_namespaces() {
    let style = services::Style { namespaces: true, ..services::Style::default() };
    insta::assert_snapshot!(services::text(&all(&[READY, PAUSED, CONFLICT, PENDING]), style, now()));
}

#[test]
fn a_wide_table() {
    let style = services::Style { wide: true, width: Some(40), ..services::Style::default() };
    insta::assert_snapshot!(services::text(&all(&[READY, PAUSED]), style, now()));
}

#[test]
fn a_table_on_a_narrow_terminal() {
    let style = services::Style { width: Some(40), ..services::Style::default() };
    insta::assert_snapshot!(services::text(&all(&[IMAGE_PULL, PAUSED, PENDING]), style, now()));
}

#[test]
fn the_machine_formats_of_a_table() {
    let view = all(&[READY, CONFLICT]);
    insta::assert_snapshot!("services_json", super::json(&view));
    insta::assert_snapshot!("services_yaml", super::yaml(&view));
    assert_eq!(services::names(&view), "cashservice.csop.dev/shop\ncashservice.csop.dev/cart\n");
}

#[test]
fn a_broken_service_does_not_hide_the_others() {
    let broken = r#"{"metadata": {"name": "bad", "namespace": "pay"}, "spec": {"image": 7}}"#;
    let guarded: DeserializeGuard<CashService> = serde_json::from_str(broken).unwrap();
    let view = crate::view::services::view([guarded, DeserializeGuard(Ok(objects(READY).0))]);
    assert_eq!((view.items[0].status.as_str(), view.items[1].status.as_str()), ("Undecodable", "Ready"));
}

#[test]
fn exit_codes_follow_the_verdict() {
    for (text, verdict, code) in [
        (READY, Verdict::Ready, 0),
        (IMAGE_PULL, Verdict::Degraded, 3),
        (PAUSED, Verdict::Paused, 5),
        (CONFLICT, Verdict::Degraded, 3),
        (PENDING, Verdict::Pending, 3),
    ] {
        let view = view(text);
        assert_eq!((view.verdict, view.verdict.exit().code()), (verdict, code));
    }
}

#[test]
fn a_status_of_an_older_generation_is_not_believed() {
    let (mut service, _) = objects(READY);
    service.metadata.generation = Some(4);
    let judged = crate::view::verdict::judge(&service);
    assert_eq!((judged.verdict, judged.reason.as_str()), (Verdict::Progressing, "Outdated"));
}

#[test]
fn what_could_not_be_read_is_in_the_view() {
    let (service, mut children) = objects(READY);
    children.missing.push(Missing { resource: "secrets".into(), reason: "forbidden".into() });
    let view = serde_json::to_value(crate::view::service::view(&service, &children)).unwrap();
    assert_eq!(view["missing"][0]["resource"], "secrets");
}
