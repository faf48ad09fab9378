//! The manifests and the chart against a real API server: what is admitted, upgraded and left behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{collections::BTreeSet, path::PathBuf, process::Command, time::Duration};

use csop_tests::{Cluster, Process, binaries, definitions, programs, wait};
use k8s_openapi::{
    api::{
        apps::v1::Deployment,
        core::v1::Pod,
        policy::v1::PodDisruptionBudget,
        rbac::v1::{ClusterRole, ClusterRoleBinding},
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::json;

const SOON: Duration = Duration::from_secs(60);
const CRD: &str = "cashservices.csop.dev";

fn file(path: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path).display().to_string()
}

/// They install things that a cluster has once, so each test has a control plane of its own.
fn cluster() -> Cluster {
    Cluster::with(&["--without-metrics"])
}

fn helm(cluster: &Cluster, arguments: &[&str]) -> String {
    let helm = programs::helm().unwrap_or_else(|error| panic!("{error}"));
    let mut command = Command::new(helm);
    command.args(arguments).args(["--namespace", "csop-system", "--kubeconfig"]).arg(cluster.kubeconfig());
    let output = command.output().unwrap();
    assert!(output.status.success(), "helm {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn operator_pod(cluster: &Cluster, namespace: &str) -> Pod {
    let pods: Api<Pod> = Api::namespaced(cluster.client().await, namespace);
    let params = ListParams::default().labels("app.kubernetes.io/name=csop-operator");
    wait::until(SOON, "the operator has a pod", async || pods.list(&params).await.ok()?.items.pop()).await
}

#[tokio::test]
async fn install_yaml_is_admitted_whole_and_its_pod_by_the_restricted_profile() {
    let cluster = cluster();
    cluster.kubectl(["apply", "--filename", &file("manifests/install.yaml")]).await.ok();
    operator_pod(&cluster, "csop-system").await;
    let again = cluster.kubectl(["apply", "--filename", &file("manifests/install.yaml")]).await.ok();
    // kubectl always replaces the selector of a PodDisruptionBudget as a whole, and calls that a change.
    let same = |line: &&str| line.ends_with(" unchanged") || line.starts_with("poddisruptionbudget.policy/");
    let changed: Vec<_> = again.lines().filter(|line| !same(line)).collect();
    assert!(changed.is_empty(), "applied twice, it changes {changed:?}");

    let client = cluster.client().await;
    let budgets: Api<PodDisruptionBudget> = Api::namespaced(client.clone(), "csop-system");
    assert_eq!(budgets.get("csop-operator").await.unwrap().metadata.generation, Some(1));
    for role in ["view", "edit", "admin"] {
        let roles: Api<ClusterRole> = Api::all(client.clone());
        wait::until(SOON, &format!("{role} has learnt to read services"), async || {
            let rules = roles.get(role).await.ok()?.rules?;
            let named =
                |list: &Option<Vec<String>>, name: &str| list.iter().flatten().any(|item| item == name);
            rules
                .iter()
                .any(|r| named(&r.api_groups, "csop.dev") && named(&r.resources, "cashservices"))
                .then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn one_namespace_is_installed_without_anything_of_the_cluster() {
    let cluster = cluster();
    let namespace = cluster.restricted_namespace("alone").await;
    let manifest = std::fs::read_to_string(file("manifests/install-namespaced.yaml")).unwrap();
    cluster.apply(&namespace, &manifest.replace("my-namespace", &namespace)).await.ok();
    let pod = operator_pod(&cluster, &namespace).await;
    let env = pod.spec.unwrap().containers[0].env.clone().unwrap_or_default();
    assert_eq!(env[0].value.as_deref(), Some(&*namespace));
    let bindings: Api<ClusterRoleBinding> = Api::all(cluster.client().await);
    assert!(bindings.get_opt("csop-operator").await.unwrap().is_none());
}

#[tokio::test]
async fn the_chart_upgrades_crds_and_leaves_them_with_their_objects_behind() {
    let cluster = cluster();
    cluster.kubectl(["create", "--filename", &file("manifests/namespace.yaml")]).await.ok();
    let chart = file("manifests/charts/csop");
    helm(&cluster, &["install", "csop", &chart]);
    operator_pod(&cluster, "csop-system").await;

    let client = cluster.client().await;
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    let old = json!({"spec": {"names": {"shortNames": ["old"]}}});
    crds.patch(CRD, &PatchParams::default(), &Patch::Merge(&old)).await.unwrap();
    helm(&cluster, &["upgrade", "csop", &chart, "--set", "log.level=debug"]);
    let names = crds.get(CRD).await.unwrap().spec.names.short_names;
    assert_eq!(names, Some(vec!["csvc".to_owned()]));
    let deployments: Api<Deployment> = Api::namespaced(client, "csop-system");
    let deployment = deployments.get("csop-operator").await.unwrap();
    let arguments = deployment.spec.unwrap().template.spec.unwrap().containers[0].args.clone();
    assert!(arguments.unwrap_or_default().contains(&"--log-level=debug".to_owned()));

    let service = "apiVersion: csop.dev/v1alpha1\nkind: CashService\nmetadata: {name: shop}\n\
                   spec: {image: i:1, autoscaling: {maxReplicas: 3}}\n";
    cluster.apply("default", service).await.ok();
    helm(&cluster, &["uninstall", "csop"]);
    assert!(deployments.get_opt("csop-operator").await.unwrap().is_none());
    let left =
        cluster.kubectl(["get", "cashservices", "--namespace", "default", "--output", "name"]).await.ok();
    assert_eq!(left.trim(), "cashservice.csop.dev/shop");
}

#[tokio::test]
async fn every_example_is_accepted_as_it_is() {
    let cluster = cluster();
    cluster.kubectl(["apply", "--filename", &file("crds/")]).await.ok();
    definitions::established(&cluster.client().await, CRD).await.unwrap();
    let namespace = cluster.namespace("examples").await;
    let strictly = ["apply", "--dry-run=server", "--validate=strict", "--filename"];
    let mut examples = 0;
    let apps =
        ["http-app", "pubsub-worker", "redis-worker", "shop"].map(|app| format!("examples/apps/{app}/"));
    let folders =
        ["examples/", "examples/scalers/", "examples/schedules/"].map(str::to_owned).into_iter().chain(apps);
    for entry in folders.flat_map(|folder| std::fs::read_dir(file(&folder)).unwrap()) {
        let path = entry.unwrap().path();
        // What is for other programs lies in folders of its own.
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let path = path.display().to_string();
        let arguments = strictly.into_iter().chain([&*path, "--namespace", &namespace]);
        cluster.kubectl(arguments).await.ok();
        examples += 1;
    }
    assert!(examples > 0);
}

/// Everything in the cluster that somebody declared, by kind and name.
async fn everything(cluster: &Cluster) -> BTreeSet<String> {
    let kinds = cluster.kubectl(["api-resources", "--verbs=list", "--output=name"]).await.ok();
    // These come and go by themselves.
    let passing = ["events", "events.events.k8s.io", "leases.coordination.k8s.io", "componentstatuses"];
    let kinds: Vec<_> = kinds.lines().filter(|kind| !passing.contains(kind)).collect();
    let columns = "custom-columns=:.kind,:.metadata.namespace,:.metadata.name";
    let get = ["get", &kinds.join(","), "--all-namespaces", "--no-headers", "--output", columns];
    let list = cluster.kubectl(get).await.ok();
    list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The commands of docs/install.md below this marker.
fn documented(marker: &str) -> Vec<String> {
    let page = std::fs::read_to_string(file("docs/install.md")).unwrap();
    let block = page.split(&format!("<!-- {marker} -->\n```\n")).nth(1).unwrap().split("```").next().unwrap();
    block.lines().map(str::to_owned).collect()
}

/// Starts the operator with the rights that it is installed with.
async fn operator(cluster: &Cluster) -> Process {
    let kubeconfig = cluster.kubeconfig_for_service_account("csop-system", "csop-operator").await;
    let program = binaries::up_to_date("csop-operator", "csop-operator").unwrap();
    let mut command = Command::new(program);
    command.env("KUBECONFIG", kubeconfig).args(["--listen=127.0.0.1:0"]);
    let mut operator = Process::start("csop-operator", &command);
    operator.wrote(SOON, "caches are filled").await;
    operator
}

/// Makes a service with everything, and takes csop away with the commands of the page.
async fn comes_and_goes(cluster: &Cluster, marker: &str) {
    let operator = operator(cluster).await;
    let service = "apiVersion: csop.dev/v1alpha1\nkind: CashService\nmetadata: {name: shop}\n\
                   spec: {image: i:1, autoscaling: {maxReplicas: 3}, secrets: [{name: db, generate: {key: {}}}]}\n";
    cluster.apply("default", service).await.ok();
    wait::until(SOON, "the service is Ready", async || {
        let ready = [
            "get",
            "csvc",
            "shop",
            "-n",
            "default",
            "-o",
            "jsonpath={.status.conditions[?(@.type=='Ready')].status}",
        ];
        (cluster.kubectl(ready).await.stdout == "True").then_some(())
    })
    .await;
    for line in documented(marker) {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[0] {
            "helm" => drop(helm(cluster, &words[1..3])),
            _ => {
                let words = words[1..].iter().map(|word| word.replace("manifests/", &file("manifests/")));
                cluster.kubectl(words.collect::<Vec<_>>()).await.ok();
            }
        }
    }
    drop(operator);
}

#[tokio::test]
async fn the_documented_uninstall_leaves_nothing() {
    let cluster = cluster();
    let before = everything(&cluster).await;
    cluster.kubectl(["apply", "--filename", &file("manifests/install.yaml")]).await.ok();
    comes_and_goes(&cluster, "uninstall with kubectl").await;
    nothing_more(&cluster, &before).await;

    cluster.kubectl(["create", "--filename", &file("manifests/namespace.yaml")]).await.ok();
    helm(&cluster, &["install", "csop", &file("manifests/charts/csop")]);
    comes_and_goes(&cluster, "uninstall with helm").await;
    nothing_more(&cluster, &before).await;
}

async fn nothing_more(cluster: &Cluster, before: &BTreeSet<String>) {
    wait::until_ok(SOON, "nothing is left", async || {
        let left: Vec<_> = everything(cluster).await.difference(before).cloned().collect();
        if left.is_empty() { Ok(()) } else { Err(left.join(", ")) }
    })
    .await;
}
