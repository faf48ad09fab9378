//! What goes wrong is one clear line with the documented exit code.

use std::path::PathBuf;

use csop_tests::{Cluster, pki::Subject, ports};
use serde_json::{Value, json};

use crate::{
    plugin::Shell,
    scene::{SHOP, Scene},
};

const SERVICE: &str = "cashservices.csop.dev \"shop\"";

/// The arguments of an `init` that asks nothing.
fn init<'a>(ns: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let image = "registry.example.com/shop:1.4.2";
    [&["init", SHOP, "-n", ns, "--image", image, "--max", "4", "--yes"], more].concat()
}

#[tokio::test]
async fn without_a_cluster_it_says_where_it_looked() {
    let shell = Shell::new(&PathBuf::new());
    let looked = format!("there is no kubeconfig at {}/.kube/config", shell.home().display());
    let needing = [&["status"][..], &["status", SHOP, "-w"], &["render", SHOP], &init("pay", &[])];
    for words in needing {
        let told = shell.csop(words).await;
        assert!(told.fails(1, &looked).contains("hint: set KUBECONFIG or give --kubeconfig FILE"), "{told}");
        assert_eq!(told.out, "", "{told}");
    }
    let version = shell.csop(&["version"]).await;
    version.fails(1, &looked);
    assert!(version.out.starts_with("Client Version:"), "{version}");
    assert!(shell.csop(&["check"]).await.ends(1).contains(&looked));
    assert_eq!(shell.csop(&["__complete", "status", ""]).await.ok(), ":4\n");

    let [closed] = ports::free().unwrap();
    let server = format!("http://127.0.0.1:{closed}");
    let file = shell.home().join("closed");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "c", "user": {}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
    });
    std::fs::write(&file, config.to_string()).unwrap();
    let refused = format!("cannot reach the cluster at {server}: connection refused");
    for words in needing {
        let words = [words, &["--kubeconfig", "closed"]].concat();
        shell.csop(&words).await.fails(1, &refused);
    }
}

#[tokio::test]
async fn a_backtrace_that_is_asked_for_changes_nothing() {
    let shell = Shell::new(&PathBuf::from("/nowhere/kubeconfig"));
    for words in [&["status"][..], &["init", "Shop", "--image", "shop:1", "--max", "4"], &["frobnicate"]] {
        let mut command = shell.command("kubectl-csop", words);
        let with = command.env("RUST_BACKTRACE", "1").output().await.unwrap();
        let without = command.env_remove("RUST_BACKTRACE").output().await.unwrap();
        assert_eq!(with, without);
        assert!(!with.status.success());
    }
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_named() {
    let scene = Scene::without_operator("expired").await;
    let user = Subject { name: "jane", expired: true, ..Subject::default() };
    let shell = Shell::new(&scene.cluster.kubeconfig_for_user(&user).await);
    for words in [&["status"][..], &["status", SHOP, "-w"], &init(&scene.namespace, &[]), &["version"]] {
        let told = shell.csop(words).await;
        assert!(told.fails(1, "your client certificate expired on 2021-01-01").contains("hint: "), "{told}");
    }
    assert!(shell.csop(&["check"]).await.ends(1).contains("expired on 2021-01-01"));
}

#[tokio::test]
async fn without_the_definitions_it_says_what_to_install() {
    let bare = Cluster::with(&["--without-metrics", "--nodes=0"]);
    let shell = Shell::new(bare.kubeconfig());
    let missing = "the CustomResourceDefinitions of csop are not installed";
    for words in [
        &["status"][..],
        &["status", "-A"],
        &["status", "-w"],
        &["status", SHOP],
        &["render", SHOP],
        &init("default", &[]),
        &init("default", &["--dry-run=server"]),
    ] {
        let told = shell.csop(words).await;
        assert!(told.fails(1, missing).contains("hint: `kubectl csop check`"), "{told}");
    }
    let check = shell.csop(&["check"]).await;
    let text = check.ends(1);
    assert!(text.contains("cashservices.csop.dev is not installed"), "{check}");
    assert!(text.contains("metrics.k8s.io is not served"), "{check}");
    assert!(shell.csop(&["check", "--pre"]).await.ok().contains("you may install csop"));
    assert_eq!(shell.csop(&["__complete", "status", ""]).await.ok(), ":4\n");
}

#[tokio::test]
async fn without_rights_it_names_verb_and_resource() {
    let scene = Scene::new("rights").await;
    scene.service(SHOP, json!({})).await;
    scene.ready(SHOP).await;
    let ns = &*scene.namespace;
    let nobody = Subject { name: "nobody", ..Subject::default() };
    let shell = Shell::new(&scene.cluster.kubeconfig_for_user(&nobody).await);
    let place = format!("in namespace {ns:?}");
    for (words, denied) in [
        (vec!["status", "-n", ns], format!("list cashservices.csop.dev {place}")),
        (vec!["status", "-A"], "list cashservices.csop.dev".to_owned()),
        (vec!["status", SHOP, "-n", ns], format!("get {SERVICE} {place}")),
        (vec!["status", SHOP, "-w", "-n", ns], format!("get {SERVICE} {place}")),
        (vec!["render", SHOP, "-n", ns], format!("get {SERVICE} {place}")),
        (init(ns, &[]), format!("get {SERVICE} {place}")),
    ] {
        let told = shell.csop(&words).await;
        assert!(told.fails(7, &format!("forbidden: you may not {denied}")).contains("hint: ask for a role"));
    }
    let check = shell.csop(&["check", "-n", ns]).await;
    assert!(check.ends(1).contains("you may not get, list, watch cashservices"), "{check}");

    let reader = Subject { name: "reader", ..Subject::default() };
    let shell = Shell::new(&scene.cluster.kubeconfig_for_user(&reader).await);
    scene.apply(&role("reader").to_string()).await;
    shell.csop(&init(ns, &["--dry-run=server"])).await.fails(6, "already exists");
    let another = ["init", "cart", "-n", ns, "--image", "registry.example.com/cart:1", "--max", "2", "--yes"];
    shell.csop(&another).await.fails(7, "forbidden: you may not create cashservices.csop.dev \"cart\"");
    let part = shell.csop(&["status", SHOP, "-n", ns]).await;
    assert!(part.ends(0).contains("Deployment/shop"), "{part}");
    let denied = ["secrets", "cashservicescheduledscales.csop.dev"];
    let warned =
        denied.map(|of| format!("warning: incomplete: forbidden: you may not list {of} {place}\n")).concat();
    assert_eq!(part.err, warned);
    let json = shell.csop(&["status", SHOP, "-n", ns, "-o", "json"]).await;
    let view: Value = serde_json::from_str(json.ends(0)).unwrap();
    let missing: Vec<_> = view["missing"].as_array().unwrap().iter().map(|m| &m["resource"]).collect();
    assert_eq!(missing, denied);
}

/// Leave to read services and what they consist of, but no Secrets.
fn role(user: &str) -> Value {
    let rule = |group: &str, resources: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"]});
    json!({"apiVersion": "v1", "kind": "List", "items": [
        {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": user},
            "rules": [
                rule("csop.dev", &["cashservices"]),
                rule("", &["pods", "services", "serviceaccounts", "configmaps"]),
                rule("apps", &["deployments", "replicasets", "controllerrevisions"]),
                rule("autoscaling", &["horizontalpodautoscalers"]),
                rule("networking.k8s.io", &["networkpolicies"]),
                rule("policy", &["poddisruptionbudgets"]),
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": user},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": user},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        },
    ]})
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anything_is_written() {
    let scene = Scene::without_operator("impossible").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    let good = ["--image", "registry.example.com/shop:1", "--max", "4", "--yes", "-n", ns];
    for (words, which, why) in [
        (vec!["init", "Shop"], "NAME", "has an upper-case letter"),
        (vec!["init", "sh_op"], "NAME", "has '_' in it"),
        (vec!["init", SHOP, "--image", "sh op"], "--image", "has a space in it"),
        (vec!["init", SHOP, "--port", "70000"], "--port", "must be between 1 and 65535"),
        (vec!["init", SHOP, "--port", "-1"], "--port", "must be between 1 and 65535"),
        (vec!["init", SHOP, "--min", "5"], "--max", "must not be below --min (4 < 5)"),
    ] {
        let rest: &[&str] = if words.contains(&"--image") { &good[2..] } else { &good };
        let told = shell.csop(&[words.as_slice(), rest].concat()).await;
        assert!(told.fails(2, &format!("invalid input: {which}: ")).contains(why), "{told}");
    }
    let silent = shell.csop(&["init", SHOP, "-n", ns]).await;
    silent.fails(2, "there is no terminal to ask at, and these are missing: --image, --max");
    let unasked = init(ns, &[]).into_iter().filter(|word| *word != "--yes").collect::<Vec<_>>();
    shell
        .csop(&unasked)
        .await
        .fails(2, "there is no terminal to ask at, so nothing is created without --yes");
    assert_eq!(scene.kubectl(["get", "csvc", "-o", "name"]).await, "");

    shell.csop(&init("no-such-place", &[])).await.fails(1, "namespace \"no-such-place\" not found");
    scene.apply(r#"{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"count/cashservices.csop.dev": "0"}}}"#).await;
    let known = ["wait", "resourcequota", "none", "--for=jsonpath={.status.hard}", "--timeout=30s"];
    scene.kubectl(known).await;
    shell.csop(&init(ns, &[])).await.fails(7, "quota: none");
    assert_eq!(scene.kubectl(["get", "csvc", "-o", "name"]).await, "");
}

#[tokio::test]
async fn a_service_that_nobody_serves_and_one_that_is_there_already() {
    let scene = Scene::without_operator("nobody").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    let late = shell.csop(&init(ns, &["--timeout", "1s"])).await;
    let told = late.fails(4, "timed out after 1s waiting for cashservice/shop to become Ready");
    assert!(told.contains("hint: it goes on without you"), "{late}");
    assert_eq!(late.out, "cashservice.csop.dev/shop created\n");

    let version = ["get", "csvc", SHOP, "-o", "jsonpath={.metadata.resourceVersion}"];
    let before = scene.kubectl(version).await;
    for more in [&[][..], &["--dry-run=server"]] {
        let told = shell.csop(&init(ns, more)).await;
        told.fails(6, &format!("{SERVICE} in namespace {ns:?} already exists"));
        assert_eq!(told.out, "", "{told}");
    }
    assert_eq!(scene.kubectl(version).await, before);
    let pending = shell.csop(&["status", SHOP, "-n", ns]).await;
    assert!(pending.ends(3).contains("no operator has reported on it yet"), "{pending}");
}
