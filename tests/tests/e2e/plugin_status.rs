//! What `status` and `render` tell of services that fare differently.

use std::process::Stdio;

use serde_json::json;
use tokio::time::timeout;

use crate::{
    plugin::{Shell, finish},
    scene::{SHOP, SOON, Scene},
};

const UNPULLABLE: &str = "test.csop.dev/image-pull-backoff:1";

#[tokio::test]
async fn a_failing_service_is_told_with_its_first_cause() {
    let scene = Scene::new("cause").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    let init = ["init", SHOP, "-n", ns, "--image", UNPULLABLE, "--max", "3", "--yes", "--timeout", "5m"];
    let cause = format!("image {UNPULLABLE} cannot be pulled");
    let told = shell.csop(&init).await;
    assert!(told.fails(3, "cashservice/shop is not Ready: ImagePullBackOff: ").contains(&cause), "{told}");
    assert!(told.out.ends_with("shop created\n"), "{told}");

    let status = shell.csop(&["status", SHOP, "-n", ns]).await;
    let text = status.ends(3);
    assert!(text.contains("Status:       Degraded (ImagePullBackOff)"), "{text}");
    let first = text.lines().find(|line| line.starts_with("Cause:")).expect("there is a cause");
    assert!(first.contains("pod shop-") && first.contains(&cause), "{text}");

    scene.service("site", json!({})).await;
    scene.ready("site").await;
    scene.service("held", json!({})).await;
    scene.ready("held").await;
    scene.kubectl(["annotate", "csvc", "held", "csop.dev/paused=true"]).await;
    scene.condition("held", "Paused", "True", "PausedByAnnotation").await;
    assert!(shell.csop(&["status", "held", "-n", ns]).await.ends(5).contains("Status:       Paused"));
    let table = shell.csop(&["status", "-n", ns]).await.ok().to_owned();
    let rows: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().take(3).collect()).collect();
    let want = [
        ["NAME", "STATUS", "READY"],
        ["held", "Paused", "2/2"],
        ["shop", "ImagePullBackOff", "0/2"],
        ["site", "Ready", "2/2"],
    ];
    assert_eq!(rows, want, "{table}");
    let everywhere = shell.csop(&["status", "-A"]).await.ok().to_owned();
    assert!(everywhere.lines().any(|line| line.starts_with(ns) && line.contains("site")), "{everywhere}");
}

#[tokio::test]
async fn render_shows_the_same_from_the_cluster_and_from_a_file() {
    let scene = Scene::new("render").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    let text = "all work and no play\n".repeat(10_000);
    let spec = json!({
        "secrets": [{"name": "db", "generate": {"password": {}}}],
        "config": {"data": {"LOG_LEVEL": "debug"}, "files": {"play.txt": text}},
    });
    scene.service(SHOP, spec).await;
    scene.ready(SHOP).await;
    let live = shell.csop(&["render", SHOP, "-n", ns]).await;
    let file = shell.home().join("shop.yaml");
    // As whoever looked at it would keep it: with its status and the API server's own fields.
    std::fs::write(&file, scene.kubectl(["get", "csvc", SHOP, "-o", "yaml", "--show-managed-fields"]).await)
        .unwrap();
    let offline = shell.csop(&["render", "-f", "shop.yaml", "--kubeconfig", "/nowhere"]).await;
    assert!(live.ok() == offline.ok(), "both are the same");

    // All that is rendered is there, under the same names.
    std::fs::write(&file, live.ok()).unwrap();
    let there = shell.kubectl(&["get", "-n", ns, "-o", "name", "-f", "shop.yaml"]).await;
    assert!(there.ok().lines().count() >= 9, "{there}");

    a_reader_that_has_seen_enough(&shell, ns).await;
}

async fn a_reader_that_has_seen_enough(shell: &Shell, ns: &str) {
    // The output is longer than a pipe holds, so that the writer meets the closed end.
    for program in ["kubectl csop", "kubectl-csop"] {
        let line =
            format!("{{ {program} render {SHOP} -n {ns} -o json; echo ended with $? >&2; }} | head -1");
        shell.install("pipe", &format!("#!/bin/sh\n{line}\n"));
        let ran = finish(shell.command("pipe", &[])).await;
        assert_eq!((ran.ends(0), ran.err.as_str()), ("{\n", "ended with 0\n"), "{line}");
    }
    // Nobody reads at all.
    for words in [&["status", SHOP, "-o", "json"][..], &["status", "-w"], &["check"], &["version"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = shell.command("kubectl-csop", &[words, &["-n", ns]].concat());
        command.stdout(writer).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let ended = timeout(SOON, child.wait_with_output()).await.expect("it ends").unwrap();
        assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]), "{words:?}");
    }
}
