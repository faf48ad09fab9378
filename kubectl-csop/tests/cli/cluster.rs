//! Commands against an API server that gives fixed answers.

use crate::support::server::{Answer, Server, failure, flag_of, gone, kubeconfig};
use crate::support::{Ran, run, run_on};
use serde_json::{Value, json};
use std::io::Read;

const SERVICES: &str = "/apis/csop.dev/v1alpha1/namespaces/pay/cashservices";
const SHOP: &str = "/apis/csop.dev/v1alpha1/namespaces/pay/cashservices/shop";
const INIT: [&str; 7] = ["init", "shop", "--image", "registry.example.com/shop:1", "--max", "4", "--yes"];

fn shop(reason: &str) -> Value {
    let ready = if reason == "Ready" { "True" } else { "False" };
    json!({
        "apiVersion": "csop.dev/v1alpha1", "kind": "CashService",
        "metadata": {"name": "shop", "namespace": "pay", "uid": "u1", "generation": 1, "resourceVersion": "7"},
        "spec": {"image": "registry.example.com/shop:1", "autoscaling": {"maxReplicas": 4}},
        "status": {
            "observedGeneration": 1, "ready": "2/2", "url": "https://shop.pay.svc",
            "conditions": [{"type": "Ready", "status": ready, "reason": reason, "message": "so it is", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        },
    })
}

fn list(items: Vec<Value>) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "7"}, "items": items})
}

/// Empty lists of every kind of child.
fn no_children() -> Vec<Answer> {
    [
        "/apis/apps/v1/namespaces/pay/deployments",
        "/apis/apps/v1/namespaces/pay/replicasets",
        "/api/v1/namespaces/pay/pods",
        "/api/v1/namespaces/pay/services",
        "/apis/autoscaling/v2/namespaces/pay/horizontalpodautoscalers",
        "/apis/networking.k8s.io/v1/namespaces/pay/networkpolicies",
        "/apis/policy/v1/namespaces/pay/poddisruptionbudgets",
        "/api/v1/namespaces/pay/serviceaccounts",
        "/api/v1/namespaces/pay/secrets",
        "/api/v1/namespaces/pay/configmaps",
        "/apis/apps/v1/namespaces/pay/controllerrevisions",
    ]
    .map(|path| ("GET", path, 200, list(vec![])))
    .into()
}

fn on(server: &Server, args: &[&str]) -> Ran {
    let flag = server.flag();
    run(&args.iter().copied().chain([flag.as_str()]).collect::<Vec<_>>())
}

#[track_caller]
fn assert_line(ran: &Ran, code: u8, error: &str) {
    assert_eq!(ran.exit.code(), code, "{ran:?}");
    let lines: Vec<_> = ran.err.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(lines.len(), 1, "{ran:?}");
    assert!(lines[0].contains(error), "{ran:?}");
    assert!(
        ran.err.lines().all(|line| ["error: ", "hint: ", "warning: ", "cashservice/"]
            .iter()
            .any(|p| line.starts_with(p))),
        "{ran:?}"
    );
}

#[test]
fn an_empty_list_is_a_line_on_standard_error() {
    let server = Server::start(vec![("GET", SERVICES, 200, list(vec![]))]);
    let ran = on(&server, &["status"]);
    assert_eq!((ran.exit.code(), ran.out.as_str()), (0, ""));
    assert_eq!(ran.err, "no services found in namespace pay; create one with `kubectl csop init`\n");
    let json = on(&server, &["status", "-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&json.out).unwrap()["items"], json!([]));
    assert_eq!(on(&server, &["status", "-q"]).err, "");
}

#[test]
fn a_table_and_its_names() {
    let server = Server::start(vec![("GET", SERVICES, 200, list(vec![shop("Ready")]))]);
    let table = on(&server, &["status"]);
    assert!(table.out.starts_with("NAME   STATUS   READY   MIN   MAX   IMAGE"), "{table:?}");
    assert!(!table.out.contains('\u{1b}'), "{table:?}");
    assert_eq!(on(&server, &["status", "-o", "name"]).out, "cashservice.csop.dev/shop\n");
}

#[test]
fn the_exit_code_of_status_is_the_verdict() {
    for (reason, code) in [("Ready", 0), ("CrashLoopBackOff", 3)] {
        let mut answers = vec![("GET", SHOP, 200, shop(reason))];
        answers.extend(no_children());
        let ran = on(&Server::start(answers), &["status", "shop"]);
        assert_eq!((ran.exit.code(), ran.err.as_str()), (code, ""), "{ran:?}");
    }
}

#[test]
fn children_that_may_not_be_read_are_named() {
    let refusal = r#"secrets is forbidden: User "jane" cannot list resource "secrets" in API group "" in the namespace "pay""#;
    let mut answers = vec![
        ("GET", SHOP, 200, shop("Ready")),
        ("GET", "/api/v1/namespaces/pay/secrets", 403, failure(403, "Forbidden", refusal)),
    ];
    answers.extend(no_children());
    let server = Server::start(answers);
    let ran = on(&server, &["status", "shop"]);
    assert_eq!(ran.exit.code(), 0);
    assert_eq!(ran.err, "warning: incomplete: forbidden: you may not list secrets in namespace \"pay\"\n");
    let json: Value = serde_json::from_str(&on(&server, &["status", "shop", "-o", "json"]).out).unwrap();
    assert_eq!(json["missing"][0]["resource"], "secrets");
}

#[test]
fn init_creates_what_was_chosen_and_follows_it() {
    let server = Server::start(vec![
        ("GET", SHOP, 404, gone("cashservices", "shop")),
        ("POST", SERVICES, 201, shop("Pending")),
        ("GET", SERVICES, 200, list(vec![shop("Ready")])),
    ]);
    let ran = on(&server, &INIT);
    assert_eq!(ran.exit.code(), 0, "{ran:?}");
    assert_eq!(
        ran.out,
        "cashservice.csop.dev/shop created\ncashservice.csop.dev/shop is Ready: 2/2 at https://shop.pay.svc\n"
    );
    assert_eq!(
        ran.err,
        "cashservice/shop in namespace pay: new, with image registry.example.com/shop:1, 2 to 4 replicas\n"
    );
    let (target, body) = server.requests("POST").remove(0);
    assert!(target.contains("fieldManager=kubectl-csop"), "{target}");
    assert_eq!(
        body["spec"],
        json!({"image": "registry.example.com/shop:1", "autoscaling": {"maxReplicas": 4}})
    );
}

#[test]
fn init_without_definitions_or_namespace_says_so() {
    let bare = Server::start(vec![]);
    assert_line(&on(&bare, &INIT), 1, "the CustomResourceDefinitions of csop are not installed");
    let mut nowhere = gone("namespaces", "pay");
    nowhere["details"] = json!({"name": "pay", "kind": "namespaces"});
    let server = Server::start(vec![
        ("GET", SHOP, 404, gone("cashservices", "shop")),
        ("POST", SERVICES, 404, nowhere),
    ]);
    assert_line(&on(&server, &INIT), 1, "namespace \"pay\" not found");
    let missing = Server::start(vec![("GET", SHOP, 404, gone("cashservices", "shop"))]);
    assert_line(
        &on(&missing, &["status", "shop"]),
        1,
        "cashservices.csop.dev \"shop\" in namespace \"pay\" not found",
    );
}

#[test]
fn init_does_not_touch_what_exists() {
    let server = Server::start(vec![("GET", SHOP, 200, shop("Ready"))]);
    let ran = on(&server, &INIT);
    assert_line(&ran, 6, "cashservices.csop.dev \"shop\" in namespace \"pay\" already exists");
    assert!(server.requests("POST").is_empty());
}

#[test]
fn a_dry_run_is_no_creation() {
    let server = Server::start(vec![
        ("GET", SHOP, 404, gone("cashservices", "shop")),
        ("POST", SERVICES, 201, shop("Pending")),
    ]);
    let args: Vec<_> = INIT.into_iter().chain(["--dry-run=server"]).collect();
    let ran = on(&server, &args);
    assert_eq!(ran.out, "cashservice.csop.dev/shop created (server dry run)\n");
    assert!(server.requests("POST").iter().all(|(target, _)| target.contains("dryRun=All")));
    let offline =
        run(&INIT.into_iter().chain(["--dry-run=client", "--kubeconfig=/nowhere"]).collect::<Vec<_>>());
    assert_eq!(
        (offline.exit.code(), offline.out.as_str()),
        (0, "cashservice.csop.dev/shop created (dry run)\n")
    );
}

#[test]
fn a_service_that_does_not_become_ready_in_time() {
    let server = Server::start(vec![
        ("GET", SHOP, 404, gone("cashservices", "shop")),
        ("POST", SERVICES, 201, shop("Pending")),
        ("GET", SERVICES, 200, list(vec![shop("RollingOut")])),
    ]);
    let args: Vec<_> = INIT.into_iter().chain(["--timeout=300ms", "-q"]).collect();
    let ran = on(&server, &args);
    assert_line(
        &ran,
        4,
        "waiting for cashservice/shop to become Ready (now: 2/2 ready, RollingOut: so it is)",
    );
}

#[test]
fn nothing_is_written_without_a_yes() {
    let server = Server::start(vec![
        ("GET", SHOP, 404, gone("cashservices", "shop")),
        ("POST", SERVICES, 201, shop("Pending")),
    ]);
    assert_line(&on(&server, &INIT[..6]), 2, "nothing is created without --yes");
    let terminal = kubectl_csop::terminal::Terminal {
        stdin: true,
        stderr: true,
        plain: true,
        ..kubectl_csop::terminal::Terminal::none()
    };
    let flag = server.flag();
    let args: Vec<_> = INIT[..6].iter().copied().chain([flag.as_str()]).collect();
    let ran = run_on(&args, terminal, "n\n");
    assert_eq!(ran.exit.code(), 1);
    assert!(
        ran.err.contains("new, with image") && ran.err.contains("  image: registry.example.com/shop:1\n"),
        "{ran:?}"
    );
    assert!(server.requests("POST").is_empty());
}

#[test]
fn errors_are_one_line_with_a_code() {
    let denied = r#"cashservices.csop.dev is forbidden: User "jane" cannot list resource "cashservices" in API group "csop.dev" in the namespace "pay""#;
    for (status, body, code, text) in [
        (401, failure(401, "Unauthorized", "Unauthorized"), 1, "does not accept your credentials"),
        (
            403,
            failure(403, "Forbidden", denied),
            7,
            "you may not list cashservices.csop.dev in namespace \"pay\"",
        ),
        (404, json!("404 page not found"), 1, "the CustomResourceDefinitions of csop are not installed"),
        (500, failure(500, "InternalError", "etcd is gone"), 1, "etcd is gone"),
        (200, json!("hello"), 1, "makes no sense"),
    ] {
        let server = Server::start(vec![("GET", SERVICES, status, body)]);
        assert_line(&on(&server, &["status"]), code, text);
    }
}

#[test]
fn a_cluster_that_is_not_there() {
    let missing = run(&["status", "--kubeconfig=/nowhere/kubeconfig"]);
    assert_line(&missing, 1, "there is no kubeconfig at /nowhere/kubeconfig");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    let flag = format!("--kubeconfig={}", file.display());
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    std::fs::write(&file, kubeconfig(&format!("http://{address}"))).unwrap();
    assert_line(&run(&["status", &flag]), 1, "connection refused");
    assert_line(&run(&["status", &flag, "--context=other"]), 1, "it has no context \"other\"");
    std::fs::write(&file, "clusters: 7\n").unwrap();
    assert_line(&run(&["status", &flag]), 1, "cannot use the kubeconfig");
}

#[test]
fn a_connection_that_is_cut_before_tls_is_agreed_is_no_trouble_with_certificates() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (_folder, flag) = flag_of("https", &listener);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // All of the hello is read, so that the end is orderly and no reset.
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    let ran = run(&["status", &flag]);
    assert_line(&ran, 1, "it closed the connection");
    assert!(ran.err.starts_with("error: cannot reach the cluster at https://127.0.0.1:"), "{ran:?}");
}

#[test]
fn a_cluster_that_does_not_answer() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (_folder, flag) = flag_of("http", &listener);
    let ran = run(&["status", &flag, "--request-timeout=200ms"]);
    assert_line(&ran, 4, "timed out after");
}

#[test]
fn check_reports_what_is_missing() {
    let server = Server::start(vec![
        (
            "GET",
            "/version",
            200,
            json!({"major": "1", "minor": "32", "gitVersion": "v1.32.0", "gitCommit": "", "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}),
        ),
        ("GET", "/apis/apps/v1/deployments", 200, list(vec![])),
        (
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            201,
            json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "metadata": {}, "spec": {}, "status": {"allowed": true}}),
        ),
    ]);
    let ran = on(&server, &["check"]);
    assert_eq!((ran.exit.code(), ran.err.as_str()), (1, ""), "{ran:?}");
    insta::assert_snapshot!(ran.out.replace(server.address(), "http://api"));
    let json: Value = serde_json::from_str(&on(&server, &["check", "-o", "json"]).out).unwrap();
    assert_eq!(json["outcome"], "Failed");
    let before = on(&server, &["check", "--pre"]);
    assert!(before.out.contains("you may install csop"), "{before:?}");
}

#[test]
fn versions_of_all_three() {
    let operator = json!({
        "metadata": {"name": "csop-operator", "namespace": "csop-system"},
        "spec": {"replicas": 1, "selector": {}, "template": {"spec": {"containers": [{"name": "operator", "image": "registry.example.com/csop-operator:0.1.0"}]}}},
        "status": {"readyReplicas": 1},
    });
    let server = Server::start(vec![
        (
            "GET",
            "/version",
            200,
            json!({"major": "1", "minor": "36", "gitVersion": "v1.36.1", "gitCommit": "", "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}),
        ),
        ("GET", "/apis/apps/v1/deployments", 200, list(vec![operator])),
    ]);
    let ran = on(&server, &["version"]);
    let client = env!("CARGO_PKG_VERSION");
    assert_eq!(
        ran.out,
        format!(
            "Client Version:   v{client}\nOperator Version: 0.1.0 (csop-system/csop-operator, image registry.example.com/csop-operator:0.1.0)\nServer Version:   v1.36.1\n"
        )
    );
}

#[test]
fn names_are_completed_from_the_cluster() {
    let item = json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": {"name": "shop"}});
    let mut answer = list(vec![item]);
    answer["kind"] = "PartialObjectMetadataList".into();
    let server = Server::start(vec![("GET", SERVICES, 200, answer)]);
    let flag = server.flag();
    assert_eq!(run(&["__complete", &flag, "status", "s"]).out, "shop\n:4\n");
    assert_eq!(run(&["__complete", &flag, "status", "x"]).out, ":4\n");
    assert_eq!(run(&["__complete", "--kubeconfig=/nowhere", "status", ""]).out, ":4\n");
}
