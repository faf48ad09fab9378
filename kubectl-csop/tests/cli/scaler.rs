//! The commands of scalers, against an API server that gives fixed answers.

use crate::support::records::{records, spec};
use crate::support::server::{Answer, Server, failure, gone};
use crate::support::{Ran, run};
use serde_json::{Value, json};

const SCALERS: &str = "/apis/csop.dev/v1alpha1/namespaces/pay/generalscalers";
const SHOP: &str = "/apis/csop.dev/v1alpha1/namespaces/pay/generalscalers/shop";
const OPERATORS: &str = "/apis/apps/v1/deployments";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/csop-system/leases/csop-operator";
const RECORDS: &str = "/scalers/pay/shop/records";
const PROXY: &str = "/api/v1/namespaces/csop-system/pods/csop-operator-1:8080/proxy/scalers/pay/shop/records";

fn shop(ready: &str, annotations: Value) -> Value {
    json!({
        "apiVersion": "csop.dev/v1alpha1", "kind": "GeneralScaler",
        "metadata": {"name": "shop", "namespace": "pay", "uid": "u1", "generation": 1, "resourceVersion": "7", "annotations": annotations,
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "managedFields": [{"manager": "csop-operator/status", "operation": "Apply", "subresource": "status", "time": "2026-01-02T00:00:00Z"}]},
        "spec": spec(),
        "status": {
            "observedGeneration": 1, "target": "Deployment/shop", "currentReplicas": 10, "desiredReplicas": 10,
            "minReplicas": 3, "maxReplicas": 30, "cause": "Steady",
            "metrics": [{"name": "rps", "state": "Fresh", "value": 1850, "wants": 10}],
            "operations": [
                {"time": "2026-01-01T01:00:00.000000Z", "from": 9, "to": 8, "cause": "Demand(rps)", "startsCooldown": true, "outcome": "Applied", "detail": "rps 1510 / 200"},
                {"time": "2026-01-01T02:00:00.000000Z", "from": 8, "to": 10, "cause": "Demand(rps)", "startsCooldown": true, "outcome": "Pending", "detail": "rps 1930 / 200"},
            ],
            "conditions": [{"type": "Ready", "status": ready, "reason": if ready == "True" { "Ready" } else { "TargetMissing" },
                "message": "so it is", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        },
    })
}

fn list(items: Vec<Value>) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "7"}, "items": items})
}

fn operator() -> Vec<Answer> {
    let container = json!({"name": "operator", "ports": [{"name": "http", "containerPort": 8080}]});
    let deployment = json!({"metadata": {"name": "csop-operator", "namespace": "csop-system"},
        "spec": {"selector": {}, "template": {"spec": {"containers": [container]}}}});
    let lease = json!({"metadata": {"name": "csop-operator"}, "spec": {"holderIdentity": "csop-operator-1"}});
    vec![("GET", OPERATORS, 200, list(vec![deployment])), ("GET", LEASE, 200, lease)]
}

fn on(server: &Server, args: &[&str]) -> Ran {
    let flag = server.flag();
    run(&args.iter().copied().chain([flag.as_str()]).collect::<Vec<_>>())
}

fn json_of(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn the_live_decision_comes_through_the_proxy_to_the_leader() {
    let mut answers = operator();
    answers.extend([("GET", SHOP, 200, shop("True", json!({}))), ("GET", PROXY, 200, records())]);
    let server = Server::start(answers);
    let ran = on(&server, &["scaler", "status", "gs/shop"]);
    assert_eq!((ran.exit.code(), ran.err.as_str()), (0, ""), "{ran:?}");
    let lines: Vec<_> = ran.out.lines().collect();
    assert_eq!(lines[0], "Scaler: pay/shop  Deployment/shop   now 10  ready 9  min 3  max 30   mode Auto");
    assert_eq!(lines[2], "rps      prometheus   PerReplica   1850.5   200      4s    Fresh   10");
    assert!(
        lines[3].starts_with("Decision:  stay 10 (within tolerance 0.1)         last change 8 -> 10, "),
        "{ran:?}"
    );
    assert_eq!(lines[4], "Next:      up when rps > 2200; down when rps < 1800 for 300s");
    let json = json_of(&on(&server, &["scaler", "status", "shop", "-o", "json"]));
    assert_eq!(
        (&json["schemaVersion"], &json["source"], &json["replicas"]["ready"]),
        (&json!(1), &json!("Operator"), &json!(9))
    );
    assert_eq!(json["record"]["seq"], 2);
    assert!(server.requests("POST").is_empty() && server.requests("PATCH").is_empty());
}

#[test]
fn an_operator_outside_the_cluster_is_asked_at_its_address() {
    let server =
        Server::start(vec![("GET", SHOP, 200, shop("True", json!({}))), ("GET", RECORDS, 200, records())]);
    let url = format!("--operator-url={}", server.address());
    let ran = on(&server, &["scaler", "status", "shop", "--explain", &url]);
    assert_eq!((ran.exit.code(), ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(ran.out.contains("\nHow it was decided, 4s ago (decision 2)\n  Observe     "), "{ran:?}");
}

#[test]
fn without_the_operator_the_status_is_shown_with_its_age() {
    let refusal = r#"pods "csop-operator-1" is forbidden: User "jane" cannot get resource "pods/proxy" in API group "" in the namespace "csop-system""#;
    let outside = json!({"metadata": {"name": "csop-operator"}, "spec": {"holderIdentity": "laptop_4711"}});
    let mut refused = operator();
    refused.push(("GET", PROXY, 403, failure(403, "Forbidden", refusal)));
    let mut silent = operator();
    silent.push(("GET", PROXY, 404, gone("scalers", "shop")));
    let mut broken = operator();
    broken.push(("GET", PROXY, 200, json!({"hello": 1})));
    for (mut answers, reason) in [
        (
            vec![],
            "no operator was found, nor its lease csop-operator in namespace csop-system; --operator-url names one",
        ),
        (refused, "you may not get pods/proxy \"csop-operator-1\" in namespace \"csop-system\""),
        (silent, "the operator has no records of it"),
        (broken, "the operator's answer makes no sense"),
        (
            vec![("GET", LEASE, 200, outside)],
            "the operator laptop_4711 runs outside the cluster: --operator-url says where",
        ),
    ] {
        answers.push(("GET", SHOP, 200, shop("True", json!({}))));
        let ran = on(&Server::start(answers), &["scaler", "status", "shop"]);
        assert_eq!(ran.exit.code(), 0, "{ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
        assert!(
            ran.err.contains("shown from the status, which may be older: ") && ran.err.contains(reason),
            "{ran:?}"
        );
        assert!(ran.out.contains("From:      the status, as of "), "{ran:?}");
    }
}

#[test]
fn the_exit_code_is_the_verdict() {
    for (ready, annotations, code) in
        [("True", json!({}), 0), ("False", json!({}), 3), ("True", json!({"csop.dev/paused": "true"}), 5)]
    {
        let server = Server::start(vec![("GET", SHOP, 200, shop(ready, annotations))]);
        assert_eq!(on(&server, &["scaler", "status", "shop", "-q"]).exit.code(), code);
    }
    let none = on(
        &Server::start(vec![("GET", SHOP, 404, gone("generalscalers", "shop"))]),
        &["scaler", "status", "shop"],
    );
    assert_eq!(none.exit.code(), 1);
    assert!(none.err.contains("generalscalers.csop.dev \"shop\" in namespace \"pay\" not found"), "{none:?}");
    assert!(none.err.contains("`kubectl csop scaler status -A`"), "{none:?}");
}

#[test]
fn all_scalers_are_a_table() {
    let server = Server::start(vec![("GET", SCALERS, 200, list(vec![shop("True", json!({}))]))]);
    let ran = on(&server, &["scaler", "status"]);
    assert!(
        ran.out.starts_with("NAME   TARGET            CURRENT   WANTED   MIN   MAX   CAUSE    AGE\n"),
        "{ran:?}"
    );
    assert_eq!(on(&server, &["scaler", "status", "-o", "name"]).out, "generalscaler.csop.dev/shop\n");
    let empty = Server::start(vec![("GET", SCALERS, 200, list(vec![]))]);
    let ran = on(&empty, &["scaler", "status"]);
    assert_eq!(
        (ran.exit.code(), ran.out.as_str(), ran.err.as_str()),
        (0, "", "no scalers found in namespace pay\n")
    );
}

#[test]
fn history_lists_the_newest_change_first() {
    let server = Server::start(vec![("GET", SHOP, 200, shop("True", json!({})))]);
    let ran = on(&server, &["scaler", "history", "shop"]);
    let lines: Vec<_> = ran.out.lines().collect();
    assert!(lines[0].starts_with("TIME"), "{ran:?}");
    assert!(lines[1].ends_with("8 -> 10      Demand   rps 1930 / 200, not confirmed yet"), "{ran:?}");
    assert!(lines[2].ends_with("9 -> 8       Demand   rps 1510 / 200"), "{ran:?}");
    let json = json_of(&on(&server, &["scaler", "history", "shop", "-o", "json"]));
    assert_eq!(
        (&json["operations"][0]["to"], &json["operations"][0]["cause"]),
        (&json!(10), &json!("Demand(rps)"))
    );
}

#[test]
fn a_scaler_is_paused_by_its_kind() {
    let server = Server::start(vec![
        ("GET", SHOP, 200, shop("True", json!({}))),
        ("PATCH", SHOP, 200, shop("True", json!({"csop.dev/paused": "true"}))),
    ]);
    let ran = on(&server, &["pause", "gs/shop", "-y"]);
    assert_eq!((ran.exit.code(), ran.out.as_str()), (0, "generalscaler.csop.dev/shop paused\n"), "{ran:?}");
    assert_eq!(ran.err, "generalscaler/shop in namespace pay: csop.dev/paused none -> true\n");
    assert_eq!(server.requests("PATCH")[0].1["metadata"]["annotations"], json!({"csop.dev/paused": "true"}));
    let not = on(&server, &["resume", "generalscaler/shop", "-y"]);
    assert_eq!(
        (not.exit.code(), not.err.as_str()),
        (0, "generalscaler/shop is not paused; nothing is changed\n")
    );
}

#[test]
fn an_export_is_a_trace_that_replay_reads() {
    let mut answers = operator();
    answers.extend([("GET", SHOP, 200, shop("True", json!({}))), ("GET", PROXY, 200, records())]);
    let ran = on(&Server::start(answers), &["scaler", "export", "shop"]);
    assert_eq!(
        ran.out,
        "time,rps,replicas,ready\n2026-01-02T00:00:00Z,1840,10,9\n2026-01-02T00:00:15Z,1850.5,10,9\n",
        "{ran:?}"
    );
    let away =
        on(&Server::start(vec![("GET", SHOP, 200, shop("True", json!({})))]), &["scaler", "export", "shop"]);
    assert_eq!(away.exit.code(), 6);
    assert!(
        away.err.contains("records cannot be had: no operator was found")
            && away.err.contains("hint: --prometheus"),
        "{away:?}"
    );
}

#[test]
fn an_export_from_prometheus_asks_for_the_scalers_queries() {
    let values = json!([[1_767_312_000, "1840"], [1_767_312_015, "1850.5"]]);
    let matrix = json!({"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}});
    let server = Server::start(vec![
        ("GET", SHOP, 200, shop("True", json!({}))),
        ("GET", "/api/v1/query_range", 200, matrix),
    ]);
    let url = format!("--prometheus={}", server.address());
    let args = ["scaler", "export", "shop", &url, "--from=2026-01-02T00:00:00Z", "--to=2026-01-02T00:00:15Z"];
    let ran = on(&server, &args);
    assert_eq!(
        ran.out,
        "time,rps,replicas,ready\n2026-01-02T00:00:00Z,1840,1840,1840\n2026-01-02T00:00:15Z,1850.5,1850.5,1850.5\n",
        "{ran:?}"
    );
    let asked: Vec<_> = server.requests("GET").into_iter().map(|(target, _)| target).collect();
    assert!(
        asked
            .iter()
            .any(|target| target.contains("query=sum%28x%29&start=1767312000&end=1767312015&step=15")),
        "{asked:?}"
    );
    let refused = Server::start(vec![
        ("GET", SHOP, 200, shop("True", json!({}))),
        ("GET", "/api/v1/query_range", 400, json!({"status": "error", "error": "parse error"})),
    ]);
    let url = format!("--prometheus={}", refused.address());
    let ran = on(&refused, &["scaler", "export", "shop", &url, "--from", "1h"]);
    assert_eq!(ran.exit.code(), 1, "{ran:?}");
    assert!(ran.err.contains("cannot read metric rps from ") && ran.err.contains("parse error"), "{ran:?}");
}
