//! The manifests are what the chart renders, and the chart holds what `crds/` holds. `BLESS=1 cargo test` rewrites them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Once,
};

use csop_tests::programs;
use serde::Deserialize as _;
use serde_json::Value;

const CHART: &str = "manifests/charts/csop";
/// The oldest Kubernetes that is supported, which the chart demands.
const KUBERNETES: &str = "1.33.0";
/// Stands for the namespace in the manifest for a single one.
const PLACEHOLDER: &str = "my-namespace";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_default()
}

fn check(path: &str, wanted: &str) {
    if env::var_os("BLESS").is_some() {
        fs::write(repository().join(path), wanted).unwrap();
    }
    assert!(read(path) == wanted, "{path} is not up to date: run `make bless` and commit the result");
}

fn helm(arguments: &[&str]) -> Output {
    let helm = programs::helm().unwrap_or_else(|error| panic!("{error}"));
    Command::new(helm).args(arguments).current_dir(repository()).output().unwrap()
}

fn template(namespace: &str, values: &[&str]) -> String {
    copy_crds();
    let mut arguments =
        vec!["template", "csop", CHART, "--namespace", namespace, "--kube-version", KUBERNETES];
    arguments.extend(values.iter().flat_map(|value| ["--set-json", value]));
    let output = helm(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn cluster_wide() -> String {
    template("csop-system", &[])
}

fn one_namespace() -> String {
    let namespaces = format!("watchNamespaces=[\"{PLACEHOLDER}\"]");
    template(PLACEHOLDER, &[&namespaces, "crds.install=false", "aggregatedRoles.create=false"])
}

/// What was rendered, without what only helm needs.
fn plain(rendered: &str) -> String {
    let rendered = rendered.replace("  annotations:\n    helm.sh/resource-policy: keep\n", "");
    let helms = ["# Source: ", "helm.sh/chart: ", "app.kubernetes.io/managed-by: Helm"];
    let kept = rendered.lines().filter(|line| !helms.iter().any(|prefix| line.trim().starts_with(prefix)));
    kept.map(|line| format!("{line}\n")).collect()
}

fn objects(manifest: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(manifest);
    documents.map(|document| Value::deserialize(document).unwrap()).filter(Value::is_object).collect()
}

fn crd_files() -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(repository().join("crds"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// When blessing, the chart gets its copies before anything is rendered from it.
fn copy_crds() {
    static COPIED: Once = Once::new();
    COPIED.call_once(|| {
        for name in crd_files().iter().filter(|_| env::var_os("BLESS").is_some()) {
            let copy = repository().join(CHART).join("files/crds").join(name);
            fs::write(copy, read(&format!("crds/{name}"))).unwrap();
        }
    });
}

#[test]
fn the_chart_holds_the_generated_crds() {
    copy_crds();
    let folder = format!("{CHART}/files/crds");
    let copies = fs::read_dir(repository().join(&folder)).unwrap();
    let copies: BTreeSet<_> = copies.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(copies, crd_files().into_iter().collect(), "{folder} holds other files than crds");
    for name in copies {
        let (copy, original) = (read(&format!("{folder}/{name}")), read(&format!("crds/{name}")));
        assert!(
            copy == original,
            "{folder}/{name} is not up to date: run `make bless` and commit the result"
        );
    }
}

#[test]
fn the_rendered_manifests_are_up_to_date() {
    let header = |how: &str| format!("# Rendered from {CHART} by `make bless`: {how}\n");
    let text = header("a cluster-wide installation.");
    check(
        "manifests/install.yaml",
        &format!("{text}{}{}", read("manifests/namespace.yaml"), plain(&cluster_wide())),
    );
    let text = header(&format!("an installation for one namespace. Replace {PLACEHOLDER} by its name."));
    check("manifests/install-namespaced.yaml", &format!("{text}{}", plain(&one_namespace())));
}

#[test]
fn the_chart_passes_helms_own_checks() {
    let output = helm(&["lint", "--strict", CHART]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_mistyped_value_is_refused() {
    for (value, named) in [
        ("watchNamespace={shop}", "watchNamespace"),
        ("watchNamespaces=shop", "/watchNamespaces"),
        ("log.format=xml", "/log/format"),
        ("concurrency=0", "/concurrency"),
        ("replicas=-1", "/replicas"),
        ("image.digest=sha256:abc", "/image/digest"),
    ] {
        let output = helm(&["template", "csop", CHART, "--kube-version", KUBERNETES, "--set", value]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && message.contains(named), "{value}: {message}");
    }
}

#[test]
fn an_older_kubernetes_is_refused() {
    let output = helm(&["template", "csop", CHART, "--kube-version", "1.32.9"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && message.contains("1.33"), "{message}");
}

#[test]
fn one_namespace_needs_nothing_of_the_cluster() {
    let objects = objects(&one_namespace());
    assert!(!objects.is_empty());
    for object in &objects {
        assert_eq!(object["metadata"]["namespace"], PLACEHOLDER, "{} is not in it", object["kind"]);
    }
}

#[test]
fn the_operator_may_do_the_same_in_one_namespace_as_in_all() {
    let rules = |manifest: &str, kind: &str| {
        let all = objects(manifest);
        let role = all.iter().find(|o| o["kind"] == kind && o["metadata"]["name"] == "csop-operator");
        role.unwrap_or_else(|| panic!("there is no {kind}"))["rules"].clone()
    };
    assert_eq!(rules(&cluster_wide(), "ClusterRole"), rules(&one_namespace(), "Role"));
}

#[test]
fn each_watched_namespace_gets_a_role_and_the_operator_its_name() {
    let all = objects(&template("csop-system", &[r#"watchNamespaces=["pay","1234"]"#]));
    for kind in ["Role", "RoleBinding"] {
        let of = |name: &str| -> Vec<_> {
            let found = all.iter().filter(|o| o["kind"] == kind && o["metadata"]["name"] == name);
            found.map(|o| &o["metadata"]["namespace"]).collect()
        };
        assert_eq!(of("csop-operator"), ["pay", "1234"], "{kind}");
        assert_eq!(of("csop-operator-leader"), ["csop-system"], "{kind}: the lease is where the operator is");
    }
    let deployment = all.iter().find(|o| o["kind"] == "Deployment").unwrap();
    let env = &deployment["spec"]["template"]["spec"]["containers"][0]["env"][0];
    assert_eq!((&env["name"], &env["value"]), (&"WATCH_NAMESPACE".into(), &"pay,1234".into()));
    assert!(!all.iter().any(|o| o["kind"] == "ClusterRoleBinding"));
}

#[test]
fn replicas_elect_a_leader_and_a_single_one_does_not_block_drains() {
    let of = |values: &[&str], kind: &str| {
        objects(&template("csop-system", values)).into_iter().find(|object| object["kind"] == kind)
    };
    for (values, replicas) in [(&[][..], 2), (&["replicas=1"][..], 1)] {
        let deployment = of(values, "Deployment").unwrap();
        assert_eq!(deployment["spec"]["replicas"], replicas);
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let arguments = container["args"].as_array().unwrap();
        assert!(arguments.contains(&"--leader-elect".into()), "even one replica overlaps with its successor");
        assert!(arguments.contains(&"--lease-name=csop-operator".into()));
        assert_eq!(of(values, "PodDisruptionBudget").is_some(), replicas > 1);
    }
}
