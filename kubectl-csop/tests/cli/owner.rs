//! The commands of a service's owner, against an API server that gives fixed answers.

use crate::support::server::{Answer, Server, failure, gone};
use crate::support::{Ran, run, run_on};
use kubectl_csop::terminal::Terminal;
use serde_json::{Value, json};

const SHOP: &str = "/apis/csop.dev/v1alpha1/namespaces/pay/cashservices/shop";
const REVISIONS: &str = "/apis/apps/v1/namespaces/pay/controllerrevisions";
const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/pay/deployments/shop";
const PODS: &str = "/api/v1/namespaces/pay/pods";

fn shop(image: &str, annotations: Value) -> Value {
    json!({
        "apiVersion": "csop.dev/v1alpha1", "kind": "CashService",
        "metadata": {"name": "shop", "namespace": "pay", "uid": "u1", "generation": 2, "resourceVersion": "7", "annotations": annotations},
        "spec": {"image": image, "replicas": 2, "env": [{"name": "LEVEL", "value": image}], "autoscaling": {"maxReplicas": 4}},
        "status": {
            "observedGeneration": 2, "ready": "2/2", "replicas": 2, "revision": "bbbb",
            "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": "so it is", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        },
    })
}

fn revision(number: i64, hash: &str, image: &str, cause: &str) -> Value {
    json!({
        "metadata": {"name": format!("shop-r{number}"), "namespace": "pay", "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": {"csop.dev/revision": hash, "kubernetes.io/change-cause": cause},
            "ownerReferences": [{"apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "name": "shop", "uid": "u1"}]},
        "revision": number, "data": {"spec": {"image": image, "env": [{"name": "LEVEL", "value": image}]}},
    })
}

fn list(items: Vec<Value>) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "7"}, "items": items})
}

fn two_revisions() -> Vec<Answer> {
    vec![
        ("GET", SHOP, 200, shop("shop:2", json!({}))),
        (
            "GET",
            REVISIONS,
            200,
            list(vec![revision(2, "bbbb", "shop:2", "new"), revision(1, "aaaa", "shop:1", "old")]),
        ),
        ("GET", DEPLOYMENT, 404, gone("deployments", "shop")),
        ("PATCH", SHOP, 200, shop("shop:1", json!({}))),
    ]
}

fn on(server: &Server, args: &[&str]) -> Ran {
    let flag = server.flag();
    run(&args.iter().copied().chain([flag.as_str()]).collect::<Vec<_>>())
}

fn code(ran: &Ran) -> u8 {
    ran.exit.code()
}

#[test]
fn history_lists_revisions_with_their_causes() {
    let server = Server::start(two_revisions());
    let ran = on(&server, &["history", "csvc/shop"]);
    let rows: Vec<Vec<_>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["REVISION", "CURRENT", "HASH", "IMAGE", "AGE", "CHANGE-CAUSE"]);
    assert_eq!((rows[1][0], rows[1][1], rows[1][3], rows[1][5]), ("1", "-", "shop:1", "old"));
    assert_eq!((rows[2][0], rows[2][1], rows[2][3], rows[2][5]), ("2", "yes", "shop:2", "new"));
    let json: Value = serde_json::from_str(&on(&server, &["history", "shop", "-o", "json"]).out).unwrap();
    assert_eq!(
        (&json["kind"], &json["revisions"][0]["spec"]["image"]),
        (&json!("History"), &json!("shop:1"))
    );
}

#[test]
fn undo_shows_the_way_back_and_patches_what_was_shown() {
    let server = Server::start(two_revisions());
    let ran = on(&server, &["undo", "shop", "--yes", "--no-wait"]);
    assert_eq!((code(&ran), ran.out.as_str()), (0, "cashservice.csop.dev/shop undone\n"), "{ran:?}");
    assert!(ran.err.contains("--- current\n+++ revision 1\n"), "{ran:?}");
    assert!(ran.err.contains("-  image: shop:2\n+    value: shop:1\n+  image: shop:1\n"), "{ran:?}");
    let (target, body) = server.requests("PATCH").remove(0);
    assert!(target.contains("fieldManager=kubectl-csop"), "{target}");
    assert_eq!(body["metadata"]["resourceVersion"], "7");
    assert_eq!(
        body["metadata"]["annotations"]["kubernetes.io/change-cause"],
        "kubectl csop undo --to 1, from 2"
    );
    assert_eq!(body["spec"], json!({"image": "shop:1", "env": [{"name": "LEVEL", "value": "shop:1"}]}));
}

#[test]
fn a_dry_run_of_undo_is_no_change() {
    let server = Server::start(two_revisions());
    let ran = on(&server, &["undo", "shop", "--to", "1", "--dry-run=client"]);
    assert_eq!(
        (code(&ran), ran.out.as_str()),
        (0, "cashservice.csop.dev/shop undone (dry run)\n"),
        "{ran:?}"
    );
    assert!(server.requests("PATCH").is_empty());
    let ran = on(&server, &["undo", "shop", "--to", "1", "--dry-run=server"]);
    assert_eq!(ran.out, "cashservice.csop.dev/shop undone (server dry run)\n");
    assert!(server.requests("PATCH").iter().all(|(target, _)| target.contains("dryRun=All")));
    let none = on(&server, &["undo", "shop", "--to", "9", "--yes"]);
    assert_eq!(code(&none), 6);
    assert!(
        none.err.contains("has no revision 9, there is 1 to 2\nhint: `kubectl csop history shop`"),
        "{none:?}"
    );
    let same = on(&server, &["undo", "shop", "--to", "2", "--yes"]);
    assert_eq!((code(&same), same.out.as_str()), (0, ""), "{same:?}");
}

#[test]
fn a_change_is_refused_when_the_object_moved_meanwhile() {
    let mut answers = two_revisions();
    answers.retain(|answer| answer.0 != "PATCH");
    let moved = failure(409, "Conflict", "the object has been modified");
    answers.push(("PATCH", SHOP, 409, moved));
    let server = Server::start(answers);
    let ran = on(&server, &["restart", "shop", "--yes", "-q"]);
    assert_eq!(code(&ran), 6, "{ran:?}");
    assert!(ran.err.contains("was changed by somebody else meanwhile, so nothing was changed"), "{ran:?}");
    assert!(!server.requests("PATCH").is_empty());
}

#[test]
fn nothing_is_changed_without_a_yes() {
    let server = Server::start(two_revisions());
    for command in ["restart", "undo", "pause", "resume"] {
        let ran = on(&server, &[command, "shop"]);
        assert_eq!(code(&ran), 2, "{ran:?}");
        assert!(ran.err.contains("nothing is changed without --yes"), "{ran:?}");
    }
    let terminal = Terminal { stdin: true, stderr: true, plain: true, ..Terminal::none() };
    let flag = server.flag();
    let ran = run_on(&["pause", "shop", &flag], terminal, "n\n");
    assert_eq!(code(&ran), 1, "{ran:?}");
    assert!(
        ran.err
            .starts_with("cashservice/shop in namespace pay: csop.dev/paused none -> true\nPause it? [y/N]"),
        "{ran:?}"
    );
    assert!(ran.err.contains("error: nothing was changed"), "{ran:?}");
    assert!(server.requests("PATCH").is_empty() && server.requests("GET").len() == 1);
}

#[test]
fn pause_and_resume_set_and_remove_one_annotation() {
    let server = Server::start(vec![
        ("GET", SHOP, 200, shop("shop:1", json!({}))),
        ("PATCH", SHOP, 200, shop("shop:1", json!({}))),
    ]);
    let ran = on(&server, &["pause", "csvc/shop", "-y"]);
    assert_eq!((code(&ran), ran.out.as_str()), (0, "cashservice.csop.dev/shop paused\n"), "{ran:?}");
    assert_eq!(server.requests("PATCH")[0].1["metadata"]["annotations"], json!({"csop.dev/paused": "true"}));
    let not = on(&server, &["resume", "shop", "-y"]);
    assert_eq!((code(&not), not.err.as_str()), (0, "cashservice/shop is not paused; nothing is changed\n"));
    let paused = Server::start(vec![
        ("GET", SHOP, 200, shop("shop:1", json!({"csop.dev/paused": "true"}))),
        ("PATCH", SHOP, 200, shop("shop:1", json!({}))),
    ]);
    let ran = on(&paused, &["resume", "shop", "-y"]);
    assert_eq!(ran.err, "cashservice/shop in namespace pay: csop.dev/paused true -> none\n");
    assert_eq!(paused.requests("PATCH")[0].1["metadata"]["annotations"], json!({"csop.dev/paused": null}));
}

#[test]
fn a_gitops_tool_that_would_undo_it_is_named() {
    let mut object =
        shop("shop:2", json!({"argocd.argoproj.io/tracking-id": "web:csop.dev/CashService:pay/shop"}));
    let mut answers = two_revisions();
    answers[0].3 = object.clone();
    let ran = on(&Server::start(answers), &["undo", "shop", "--dry-run=client"]);
    assert!(ran.err.contains("warning: the object is managed by Argo CD (application web)"), "{ran:?}");
    object["metadata"]["annotations"] = json!({});
    object["metadata"]["labels"] = json!({"kustomize.toolkit.fluxcd.io/name": "apps"});
    let server = Server::start(vec![("GET", SHOP, 200, object)]);
    let ran = on(&server, &["restart", "shop", "--dry-run=client"]);
    assert!(ran.err.contains("managed by Flux (Kustomization apps)"), "{ran:?}");
}

#[test]
fn a_restart_of_a_paused_service_is_said_to_wait() {
    let paused = shop("shop:1", json!({"csop.dev/paused": "true"}));
    let server = Server::start(vec![("GET", SHOP, 200, paused.clone()), ("PATCH", SHOP, 200, paused)]);
    let ran = on(&server, &["restart", "shop", "--yes"]);
    assert_eq!(code(&ran), 5, "{ran:?}");
    assert!(
        ran.err.contains("restartedAt none -> 20") && ran.err.contains("is paused: nothing happens"),
        "{ran:?}"
    );
}

#[test]
fn wait_tells_its_ends_apart() {
    let missing = Server::start(vec![("GET", SHOP, 404, gone("cashservices", "shop"))]);
    assert_eq!(
        on(&missing, &["wait", "shop", "--for", "deleted"]).out,
        "cashservice.csop.dev/shop is deleted\n"
    );
    assert_eq!(code(&on(&missing, &["wait", "shop"])), 1);
    let services = "/apis/csop.dev/v1alpha1/namespaces/pay/cashservices";
    let mut answers = two_revisions();
    answers.push(("GET", services, 200, list(vec![shop("shop:2", json!({}))])));
    let ready = on(&Server::start(answers.clone()), &["wait", "shop"]);
    assert_eq!(
        (code(&ready), ready.out.as_str()),
        (0, "cashservice.csop.dev/shop is Ready: 2/2\n"),
        "{ready:?}"
    );
    // The operator has not acted on the newest image.
    answers[0].3 = shop("shop:3", json!({}));
    answers[4].3 = list(vec![shop("shop:3", json!({}))]);
    let late = on(&Server::start(answers.clone()), &["wait", "shop", "--timeout", "300ms"]);
    assert_eq!(code(&late), 4, "{late:?}");
    assert!(late.err.contains("(now: the operator is about to act on the newest change)"), "{late:?}");
    let late = on(&Server::start(answers), &["wait", "shop", "--for", "deleted", "--timeout", "300ms"]);
    assert_eq!(code(&late), 4, "{late:?}");
}

#[test]
fn who_may_not_read_revisions_gets_what_the_status_says() {
    let services = "/apis/csop.dev/v1alpha1/namespaces/pay/cashservices";
    let refusal = r#"controllerrevisions.apps is forbidden: User "jane" cannot list resource "controllerrevisions" in API group "apps""#;
    let server = Server::start(vec![
        ("GET", SHOP, 200, shop("shop:2", json!({}))),
        ("GET", services, 200, list(vec![shop("shop:2", json!({}))])),
        ("GET", DEPLOYMENT, 404, gone("deployments", "shop")),
        ("GET", REVISIONS, 403, failure(403, "Forbidden", refusal)),
    ]);
    let ran = on(&server, &["wait", "shop"]);
    assert_eq!(
        (code(&ran), ran.err.as_str()),
        (0, "incomplete: forbidden: you may not list controllerrevisions.apps in namespace \"pay\"\n"),
        "{ran:?}"
    );
    assert_eq!(code(&on(&server, &["history", "shop"])), 7);
}

#[test]
fn an_error_of_diff_is_no_difference() {
    let missing = Server::start(vec![("GET", SHOP, 404, gone("cashservices", "shop"))]);
    let ran = on(&missing, &["diff", "shop"]);
    assert_eq!(code(&ran), 2, "{ran:?}");
    assert!(
        ran.err.starts_with("error: cashservices.csop.dev \"shop\" in namespace \"pay\" not found\nhint: "),
        "{ran:?}"
    );
    assert_eq!(code(&run(&["diff", "shop", "--kubeconfig=/nowhere"])), 2);
    assert_eq!(code(&run(&["diff", "-f", "/nowhere.yaml"])), 2);
}

fn pod(name: &str, created: &str, state: Value) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "pay", "creationTimestamp": created},
        "spec": {"containers": [{"name": "app"}]},
        "status": {"containerStatuses": [{"name": "app", "image": "i", "imageID": "", "ready": true, "restartCount": 0, "state": state}]},
    })
}

#[test]
fn logs_are_shown_pod_by_pod_and_one_without_a_log_is_named() {
    let running = || json!({"running": {}});
    let waiting = json!({"waiting": {"reason": "ContainerCreating"}});
    let pods = list(vec![
        pod("shop-1a-new", "2026-01-02T00:00:00Z", running()),
        pod("shop-1a-old", "2026-01-01T00:00:00Z", running()),
        pod("shop-1a-zzz", "2026-01-03T00:00:00Z", waiting),
    ]);
    let server = Server::with(move |_, _, target| match target.split('?').next().unwrap_or_default() {
        SHOP => (200, shop("shop:2", json!({})).to_string()),
        PODS => (200, pods.to_string()),
        // Of the two outputs of a program; each line has the time of its own output.
        "/api/v1/namespaces/pay/pods/shop-1a-old/log" => {
            (200, "2026-01-01T00:00:02Z one\n2026-01-01T00:00:01Z other\n".to_owned())
        }
        "/api/v1/namespaces/pay/pods/shop-1a-new/log" => (200, "2026-01-02T00:00:01Z two".to_owned()),
        _ => (404, "404 page not found".to_owned()),
    });
    let ran = on(&server, &["logs", "shop", "--tail", "5"]);
    assert_eq!(
        (code(&ran), ran.out.as_str()),
        (0, "1a-old | one\n1a-old | other\n1a-new | two\n"),
        "{ran:?}"
    );
    assert_eq!(ran.err, "warning: container app of pod shop-1a-zzz has not started, so it has no log\n");
    let asked = server.requests("GET");
    assert!(
        asked.iter().any(|(target, _)| target.contains("/log?") && target.contains("tailLines=5")),
        "{asked:?}"
    );
    let other = on(&server, &["logs", "shop", "-c", "mesh"]);
    assert_eq!(code(&other), 6);
    assert!(other.err.contains("pod shop-1a-old has no container mesh, it has app"), "{other:?}");
}

#[test]
fn no_permission_for_logs_ends_at_the_first_pod() {
    let refusal =
        r#"pods "shop-1a-b" is forbidden: User "jane" cannot get resource "pods/log" in API group """#;
    let server = Server::start(vec![
        ("GET", SHOP, 200, shop("shop:2", json!({}))),
        ("GET", PODS, 200, list(vec![pod("shop-1a-b", "2026-01-02T00:00:00Z", json!({"running": {}}))])),
        ("GET", "/api/v1/namespaces/pay/pods/shop-1a-b/log", 403, failure(403, "Forbidden", refusal)),
    ]);
    let ran = on(&server, &["logs", "shop"]);
    assert_eq!(code(&ran), 7, "{ran:?}");
    assert!(
        ran.err
            .starts_with("error: forbidden: you may not get pods/log \"shop-1a-b\" in namespace \"pay\"\n"),
        "{ran:?}"
    );
}

#[test]
fn revisions_are_completed() {
    let server = Server::start(two_revisions());
    let flag = server.flag();
    assert_eq!(run(&["__complete", &flag, "undo", "shop", "--to", ""]).out, "2\n1\n:4\n");
    assert_eq!(run(&["__complete", &flag, "undo", "csvc/shop", "--to=1"]).out, "--to=1\n:4\n");
}
