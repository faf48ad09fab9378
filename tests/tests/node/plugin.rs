//! Logs and events of real containers.

use std::collections::BTreeSet;

use csop_tests::{Process, wait};
use kube::{ResourceExt, api::DeleteParams};
use serde_json::{Value, json};

use crate::{real::SOON, site::Site};

/// What the program says when it starts.
const START: [&str; 2] = ["listening on 8443", "listening on 8080"];

/// The names of a service's pods as they stand before their lines.
async fn prefixes(site: &Site, service: &str) -> BTreeSet<String> {
    let pods = site.pods(service).await;
    pods.iter().map(|pod| pod.name_any()[service.len() + 1..].to_owned()).collect()
}

fn lines(of: &BTreeSet<String>, said: &[&str]) -> BTreeSet<String> {
    of.iter().flat_map(|pod| said.iter().map(move |line| format!("{pod} | {line}"))).collect()
}

fn set(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn logs_are_those_of_all_pods_also_of_ended_containers() {
    let Some(site) = Site::new("logs").await else { return };
    site.service("shop", &json!({"replicas": 2})).await;
    site.service("crash", &json!({"replicas": 2, "args": ["exit=3"]})).await;
    site.service("large", &json!({"resources": {"requests": {"cpu": "100"}}})).await;
    site.ready("shop").await;
    let pods = prefixes(&site, "shop").await;
    assert_eq!(pods.len(), 2);
    assert_eq!(set(&site.csop(&["logs", "shop"]).await.ok()), lines(&pods, &START));
    let plain = site.csop(&["logs", "shop", "--no-prefix", "--tail", "1"]).await.ok();
    assert_eq!(plain, "listening on 8080\nlistening on 8080\n");
    let ran = site.csop(&["logs", "shop", "--previous"]).await;
    let error = ran.stderr.lines().last().unwrap_or_default();
    assert_eq!((ran.status.code(), error), (Some(6), "hint: kubectl csop logs shop"), "{ran:?}");
    assert!(ran.stderr.contains("was not restarted, so it has no previous log"), "{ran:?}");

    site.restarted("crash", 1).await;
    let said = lines(&prefixes(&site, "crash").await, &[START[0], START[1], "ending with 3"]);
    // While a container is started again its newest log is still empty.
    wait::until_ok(SOON, "the log of ended containers is told", async || {
        let ran = site.csop(&["logs", "crash"]).await;
        if set(&ran.stdout) == said { Ok(()) } else { Err(format!("{ran:?}")) }
    })
    .await;
    wait::until_ok(SOON, "their previous log is told", async || {
        let ran = site.csop(&["logs", "crash", "--previous"]).await;
        if ran.status.success() && set(&ran.stdout) == said { Ok(()) } else { Err(format!("{ran:?}")) }
    })
    .await;

    let ran = site.csop(&["logs", "large"]).await;
    let told: Vec<_> = ran.stderr.lines().collect();
    assert_eq!((ran.status.code(), ran.stdout.as_str(), told.len()), (Some(6), "", 2), "{ran:?}");
    assert!(told[0].starts_with("error: container app of pod large-"), "{ran:?}");
    assert!(told[0].ends_with(" has not started, so it has no log"), "{ran:?}");
    assert_eq!(told[1], "hint: kubectl csop status large");
}

#[tokio::test]
async fn followed_logs_go_on_through_a_restart_to_the_end_of_the_service() {
    let Some(site) = Site::new("follow").await else { return };
    site.service("shop", &json!({"replicas": 2})).await;
    site.ready("shop").await;
    let mut said = lines(&prefixes(&site, "shop").await, &START);
    let mut logs = Process::start("kubectl csop logs", &site.command(&["logs", "shop", "--follow"]));
    let tells = async |logs: &Process, said: &BTreeSet<String>| {
        wait::until_ok(SOON, "the log is followed", async || {
            let log = logs.log();
            // Not what it tells its user, such as that it tries again.
            let followed: BTreeSet<_> = set(&log).into_iter().filter(|line| line.contains(" | ")).collect();
            if followed == *said { Ok(()) } else { Err(log) }
        })
        .await;
    };
    tells(&logs, &said).await;
    site.csop(&["restart", "shop", "--yes"]).await.ok();
    wait::until_ok(SOON, "two pods are left", async || match prefixes(&site, "shop").await {
        left if left.len() == 2 => Ok(()),
        left => Err(format!("{left:?}")),
    })
    .await;
    said.append(&mut lines(&prefixes(&site, "shop").await, &START));
    assert_eq!(said.len(), 8);
    tells(&logs, &said).await;
    site.services().await.delete("shop", &DeleteParams::default()).await.unwrap();
    assert!(logs.ended(SOON).await.success());
    tells(&logs, &said).await;
    assert!(logs.log().lines().any(|line| line == "cashservice/shop was deleted"), "{}", logs.log());
}

#[tokio::test]
async fn events_of_containers_are_among_those_of_their_service() {
    let Some(site) = Site::new("events").await else { return };
    site.service("crash", &json!({"args": ["exit=3"]})).await;
    site.restarted("crash", 2).await;
    let seen = async || -> BTreeSet<(String, String)> {
        let view: Value =
            serde_json::from_str(&site.csop(&["events", "crash", "-o", "json"]).await.ok()).unwrap();
        let text = |event: &Value, field: &str| event[field].as_str().unwrap().to_owned();
        let kind = |event: &Value| text(event, "object").split('/').next().unwrap().to_owned();
        view["events"].as_array().unwrap().iter().map(|event| (kind(event), text(event, "reason"))).collect()
    };
    let wanted = [("Pod", "Started"), ("Pod", "BackOff"), ("CashService", "CrashLoopBackOff")];
    wait::until_ok(SOON, "events of pods and service are listed", async || {
        let seen = seen().await;
        let there =
            |(kind, reason): &(&str, &str)| seen.contains(&((*kind).to_owned(), (*reason).to_owned()));
        if wanted.iter().all(there) { Ok(()) } else { Err(format!("{seen:?}")) }
    })
    .await;
    let table = site.csop(&["events", "crash"]).await.ok();
    assert!(table.starts_with("SEEN ") && table.contains("  Pod/crash-"), "{table}");
}
