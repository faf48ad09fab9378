//! Every rule of the CRDs refuses what it should, with its message.

use std::collections::BTreeSet;

use csop_shared::api::all_crds;
use csop_tests::Cluster;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::scene::{install_crds, service};

const TABLE: &str = include_str!("refusals.yaml");
const ACCEPTED: &str = include_str!("accepted.yaml");

#[derive(Deserialize)]
struct Refusal {
    /// Part of the message.
    says: String,
    /// The name of the service, if that is what is wrong.
    name: Option<String>,
    /// The kind, if it is no CashService.
    kind: Option<String>,
    /// What is merged over the smallest spec.
    spec: Value,
}

/// A scaler with what is merged over the smallest spec.
fn scaler(name: &str, spec: Value) -> Value {
    merged("GeneralScaler", name, json!({"targetDeployment": "shop", "maxReplicas": 10}), spec)
}

/// A schedule with what is merged over the smallest spec.
fn schedule(name: &str, spec: Value) -> Value {
    let smallest = json!({
        "serviceRef": {"name": "shop"}, "at": "2026-11-27 06:00", "duration": "4h", "minReplicas": 10,
    });
    merged("CashServiceScheduledScale", name, smallest, spec)
}

/// A manifest with what is merged over the smallest spec; null takes a field out.
fn merged(kind: &str, name: &str, smallest: Value, spec: Value) -> Value {
    let mut all = smallest;
    for (key, value) in spec.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    json!({"apiVersion": "csop.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": all})
}

fn table() -> Vec<Refusal> {
    serde_yaml::from_str(TABLE).unwrap()
}

#[tokio::test]
async fn harmless_input_is_accepted() {
    let cluster = Cluster::shared();
    install_crds(cluster).await;
    for spec in serde_yaml::from_str::<Vec<Value>>(ACCEPTED).unwrap() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), service("shop", spec.clone()).to_string()).unwrap();
        let path = file.path().display().to_string();
        let done =
            cluster.kubectl(["apply", "--dry-run=server", "--namespace=default", "--filename", &path]).await;
        assert!(done.ok().contains("created"), "{spec} should be accepted");
    }
}

#[tokio::test]
async fn bad_input_is_refused_with_a_message_that_helps() {
    let cluster = Cluster::shared();
    install_crds(cluster).await;
    for row in table() {
        let name = row.name.as_deref().unwrap_or("shop");
        let manifest = match row.kind.as_deref() {
            Some("GeneralScaler") => scaler(name, row.spec.clone()),
            Some("CashServiceScheduledScale") => schedule(name, row.spec.clone()),
            Some(other) => panic!("no smallest spec of kind {other}"),
            None => service(name, row.spec.clone()),
        };
        let manifest = manifest.to_string();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &manifest).unwrap();
        let path = file.path().display().to_string();
        let said = cluster
            .kubectl(["apply", "--dry-run=server", "--namespace=default", "--filename", &path])
            .await
            .error();
        assert!(
            said.contains(&row.says),
            "{}\nshould be refused with: {}\nand was with: {said}",
            row.spec,
            row.says
        );
    }
}

#[test]
fn every_rule_has_a_row() {
    let mut rules = BTreeSet::new();
    for crd in all_crds() {
        messages(&serde_json::to_value(&crd).unwrap(), &mut rules);
    }
    assert!(rules.len() > 20);
    let rows: Vec<_> = table().into_iter().map(|row| row.says).collect();
    let bare: Vec<_> =
        rules.iter().filter(|rule| !rows.iter().any(|says| rule.contains(says.as_str()))).collect();
    assert!(bare.is_empty(), "rules without a row in refusals.yaml: {bare:#?}");
}

fn messages(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for rule in map.get("x-kubernetes-validations").and_then(Value::as_array).into_iter().flatten() {
                into.insert(rule["message"].as_str().expect("every rule has a message").to_owned());
            }
            map.values().for_each(|v| messages(v, into));
        }
        Value::Array(items) => items.iter().for_each(|v| messages(v, into)),
        _ => {}
    }
}

/// A manifest of the predecessor with only its API version changed, and one of all that a schema cannot type.
#[tokio::test]
async fn scalers_that_are_right_are_accepted() {
    let cluster = Cluster::shared();
    install_crds(cluster).await;
    let metric = |tolerance: Value| json!({"type": "prometheus", "config": {"query": "rate(http_requests_total[5m])"}, "targetValue": 100, "tolerance": tolerance});
    let mut predecessor = metric(Value::Null);
    predecessor.as_object_mut().unwrap().remove("tolerance");
    let specs = [
        json!({
            "targetDeployment": "http-app", "minReplicas": 2, "maxReplicas": 10, "metrics": [predecessor],
            "policy": {"type": "slo"},
            "safety": {"cooldownSeconds": 300, "maxScaleUpRate": 3, "maxScaleDownRate": 1},
        }),
        json!({"metrics": [metric(json!(0.05))]}),
        json!({"metrics": [metric(json!({"up": 0.05, "down": 1}))]}),
        json!({"metrics": [{"type": "external", "config": {"scalerAddress": "scaler:9000"}}], "minReplicas": 0}),
        json!({"policies": [{"type": "slo"}, {"type": "cost", "config": {"maxCostPerHour": 5, "costPerPod": 0.75}}, {"type": "cel", "config": {"expression": "desired"}}]}),
    ];
    for spec in specs {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), scaler("shop", spec).to_string()).unwrap();
        let path = file.path().display().to_string();
        cluster.kubectl(["apply", "--dry-run=server", "--namespace=default", "--filename", &path]).await.ok();
    }
}
