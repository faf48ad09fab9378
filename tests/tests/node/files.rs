//! Configuration and secrets are where a container looks for them, and change with one rollout each.

use std::collections::BTreeSet;

use csop_tests::wait;
use k8s_openapi::api::{apps::v1::ReplicaSet, core::v1::Secret};
use kube::{
    Api, ResourceExt as _,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::json;

use crate::{real::SOON, site::Site};

const NAME: &str = "shop";
const CONFIGURATION: &str = "/etc/config/service/limits/orders.yaml";
const GENERATED: &str = "/etc/secrets/service/signing/key";
const MOUNTED: &str = "/etc/secrets/database/password";

/// The names of all revisions' ReplicaSets.
async fn revisions(site: &Site) -> BTreeSet<String> {
    let sets: Api<ReplicaSet> = Api::namespaced(site.cluster.client().await, &site.namespace);
    let labelled = ListParams::default().labels(&format!("csop.dev/service={NAME}"));
    sets.list(&labelled).await.unwrap().iter().map(|set| set.name_any()).collect()
}

/// Waits until the only pod says all this of its files, and returns all that it says.
async fn reads(site: &Site, configuration: &str, password: &str) -> String {
    let lines = [
        format!("{CONFIGURATION}: {configuration}"),
        format!("{GENERATED}: "),
        format!("{MOUNTED}: {password}"),
    ];
    wait::until_ok(SOON, &lines.join(", "), async || {
        let pods = site.pods(NAME).await;
        let [pod] = &pods[..] else { return Err(format!("{} pods", pods.len())) };
        let logs = ["logs", &pod.name_any(), "--namespace", &*site.namespace];
        let log = site.cluster.kubectl(logs).await.stdout;
        if lines.iter().all(|line| log.contains(line)) { Ok(log) } else { Err(log) }
    })
    .await
}

async fn set_password(site: &Site, value: &str) {
    let secrets: Api<Secret> = Api::namespaced(site.cluster.client().await, &site.namespace);
    let secret = Patch::Apply(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "database"}, "stringData": {"password": value},
    }));
    secrets.patch("database", &PatchParams::apply("test").force(), &secret).await.unwrap();
}

#[tokio::test]
async fn files_are_readable_for_a_user_other_than_root_and_change_with_one_rollout() {
    let Some(site) = Site::new("files").await else { return };
    set_password(&site, "first").await;
    let spec = json!({
        "args": [CONFIGURATION, GENERATED, MOUNTED],
        "config": {"files": {"limits/orders.yaml": "perMinute: 600"}},
        "secrets": [
            {"name": "signing", "generate": {"key": {"length": 16, "alphabet": "Hex"}}},
            {"name": "database", "fromSecret": "database", "mountPath": "/etc/secrets/database"},
        ],
    });
    site.service(NAME, &spec).await;
    site.ready(NAME).await;
    let log = reads(&site, "perMinute: 600", "first").await;
    let generated =
        log.lines().find_map(|line| line.strip_prefix(&format!("{GENERATED}: "))).unwrap().to_owned();
    assert!(generated.len() == 16 && generated.bytes().all(|byte| byte.is_ascii_hexdigit()), "{log}");
    assert_eq!(revisions(&site).await.len(), 1);

    // A burst of edits is one rollout. A client of its own for each would make it a slow one.
    let services = site.services().await;
    for limit in [700, 800, 900] {
        let files = json!({"limits/orders.yaml": format!("perMinute: {limit}")});
        let patch = Patch::Merge(json!({"spec": {"config": {"files": files}}}));
        services.patch(NAME, &PatchParams::default(), &patch).await.unwrap();
    }
    reads(&site, "perMinute: 900", "first").await;
    site.ready(NAME).await;
    assert_eq!(revisions(&site).await.len(), 2);

    // Only the content of somebody else's Secret changes.
    set_password(&site, "second").await;
    let log = reads(&site, "perMinute: 900", "second").await;
    assert!(log.contains(&format!("{GENERATED}: {generated}")), "what was generated stays: {log}");
    site.ready(NAME).await;
    assert_eq!(revisions(&site).await.len(), 3);
}
