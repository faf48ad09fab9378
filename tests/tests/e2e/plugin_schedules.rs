//! `kubectl csop scale` on the real control plane.

use csop_shared::api::{CashService, cash_service_scheduled_scale::Phase};
use k8s_openapi::api::core::v1::ResourceQuota;
use serde_json::{Value, json};

use crate::{
    plugin::{Ran, Shell},
    scene::{SHOP, Scene},
    schedules::{bounds, phase},
};

/// The name of what was created.
#[track_caller]
fn created(ran: &Ran) -> String {
    let name = ran.ends(0).trim().strip_prefix("created cashservicescheduledscale/");
    name.unwrap_or_else(|| panic!("{ran}")).to_owned()
}

async fn schedules(scene: &Scene) -> String {
    scene.kubectl(["get", "css", "-o", "name"]).await
}

#[tokio::test]
async fn a_schedule_is_created_told_and_cancelled() {
    let scene = Scene::new("plugin-schedules").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    scene.service(SHOP, json!({"autoscaling": {"minReplicas": 2, "maxReplicas": 10}})).await;
    scene.ready(SHOP).await;
    let make = ["scale", "schedule", SHOP, "-n", ns, "--at", "now", "--for", "1h", "--add", "4", "--yes"];
    let made = shell.csop(&make).await;
    let name = created(&made);
    assert!(name.starts_with("shop-20"), "{made}");
    assert!(made.err.contains("shop: floor 2 -> 6 from "), "{made}");
    assert!(made.err.contains("(max 10)        quota ok, budget ok"), "{made}");
    phase(&scene, &name, Phase::Active).await;
    bounds(&scene, 6, 10).await;
    let raised = |service: &CashService| {
        let bounds = service.status.as_ref().and_then(|status| status.bounds.as_ref());
        bounds.is_some_and(|bounds| bounds.min == 6)
    };
    scene.until::<CashService>(SHOP, "tells its bounds", raised).await;

    let later = ["--at", "tomorrow 18:00", "--tz", "America/New_York", "--until", "22:00", "--replicas", "8"];
    let later = shell
        .csop(&[&["scale", "schedule", SHOP, "-n", ns, "--yes", "--name", "later"], &later[..]].concat())
        .await;
    assert_eq!(created(&later), "later");
    assert!(later.err.contains("America/New_York") && later.err.contains(" 18:00 to 22:00"), "{later}");
    phase(&scene, "later", Phase::Pending).await;

    let list = shell.csop(&["scale", "list", "-n", ns]).await.ok().to_owned();
    let row = |name: &str| list.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    assert!(row(&name).contains("Active") && row(&name).contains(" until "), "{list}");
    assert!(row("later").contains("Pending") && row("later").contains(" in "), "{list}");
    assert!(list.contains("Clocks of ") && list.contains('█'), "{list}");
    let json: Value =
        serde_json::from_str(shell.csop(&["scale", "list", SHOP, "-n", ns, "-o", "json"]).await.ok())
            .unwrap();
    assert_eq!(json["items"].as_array().map(Vec::len), Some(2), "{json}");
    let status = shell.csop(&["status", SHOP, "-n", ns]).await;
    assert!(status.out.contains(&format!("Schedule:     \"{name}\" floor 6 until ")), "{status}");
    assert!(status.out.contains("\"later\" floor 8 at ") && status.out.contains("(by schedule)"), "{status}");
    assert_eq!(shell.csop(&["diff", SHOP, "-n", ns]).await.ok(), "", "the floor is what is wanted");
    let rendered = shell.csop(&["render", SHOP, "-n", ns]).await;
    assert!(rendered.ok().contains("minReplicas: 6\n"), "render shows what diff wants: {rendered}");
    let plot = ["scale", "list", "-n", ns, "--plot", "capacity.svg", "-o", "name"];
    assert_eq!(shell.csop(&plot).await.ends(0).lines().count(), 2);
    assert!(std::fs::read_to_string(shell.home().join("capacity.svg")).unwrap().contains("floor"));

    let cancel = shell.csop(&["scale", "cancel", &name, "later", "-n", ns, "--yes"]).await;
    assert_eq!(cancel.ends(0).lines().count(), 2, "{cancel}");
    assert!(cancel.err.contains("shop: floor 6 -> 2 now\n"), "{cancel}");
    assert!(cancel.err.contains("shop: no window from "), "{cancel}");
    bounds(&scene, 2, 10).await;
    let empty = shell.csop(&["scale", "list", "-n", ns]).await;
    assert_eq!((empty.ends(0), empty.err.lines().count()), ("", 1), "{empty}");
    shell.csop(&["scale", "cancel", "later", "-n", ns, "--yes"]).await.fails(1, "\"later\" in namespace");
}

#[tokio::test]
async fn a_dry_run_creates_nothing() {
    let scene = Scene::without_operator("plugin-dry").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    scene.service(SHOP, json!({})).await;
    let words = [
        "scale",
        "schedule",
        SHOP,
        "-n",
        ns,
        "--cron",
        "0 9 * * MON-FRI",
        "--tz",
        "Europe/London",
        "--for",
        "1h",
    ];
    for (dry, marked) in [
        ("--dry-run", "(dry run)"),
        ("--dry-run=client", "(dry run)"),
        ("--dry-run=server", "(server dry run)"),
    ] {
        let ran = shell.csop(&[&words[..], &["--add", "3", dry]].concat()).await;
        assert!(ran.ends(0).starts_with("created cashservicescheduledscale/shop-cron-"), "{ran}");
        assert!(ran.out.trim_end().ends_with(marked), "{ran}");
        assert!(ran.err.contains("Europe/London") && ran.err.matches(" to 10:00").count() >= 3, "{ran}");
    }
    let yaml = shell
        .csop(&[&words[..], &["--add", "3", "--raise-max", "--exclude", "2026-12-25", "-o", "yaml"]].concat())
        .await;
    assert_eq!(schedules(&scene).await, "", "nothing was created");
    scene.apply(yaml.ok()).await;
    assert_eq!(schedules(&scene).await.lines().count(), 1, "the API server takes the manifest");
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_before_anything_is_created() {
    let scene = Scene::without_operator("plugin-refused").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    scene.service(SHOP, json!({"autoscaling": {"mode": "External"}})).await;
    scene.service("plain", json!({})).await;
    let ask = async |target: &str, more: &[&str]| {
        let words = ["scale", "schedule", target, "-n", ns, "--add", "3", "--yes"];
        shell.csop(&[&words[..], more].concat()).await
    };
    let soon = ["--at", "in 1h", "--for", "1h"];
    ask(SHOP, &soon).await.fails(6, "autoscaling.mode External");
    ask("mp/shop", &soon).await.fails(6, "MoneyPositive is not installed");
    ask("plain", &["--at", "in 1h", "--for", "1h", "--lead", "auto"])
        .await
        .fails(6, "leadTime auto needs a GeneralScaler");
    ask("gs/none", &soon).await.fails(1, "\"none\" in namespace");
    let zone = ask("plain", &["--at", "2099-02-27 08:00", "--tz", "America/NewYork", "--for", "1h"]).await;
    zone.ends(2);
    assert!(zone.err.contains("  ^^^^^^^^^^^^^^^\nhint: did you mean America/New_York?"), "{zone}");
    let date = ask("plain", &["--at", "2099-02-30 08:00", "--for", "1h"]).await;
    date.ends(2);
    assert!(date.err.contains("  2099-02-30 08:00\n          ^^\n"), "{date}");
    assert_eq!(schedules(&scene).await, "", "nothing was created");
}

#[tokio::test]
async fn a_quota_without_room_is_told_and_does_not_stop() {
    let scene = Scene::new("plugin-quota").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    scene.service(SHOP, json!({"autoscaling": {"minReplicas": 2, "maxReplicas": 30}})).await;
    scene.ready(SHOP).await;
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "compute"}, "spec": {"hard": {"pods": "5"}}});
    scene.apply(&quota.to_string()).await;
    scene
        .until::<ResourceQuota>("compute", "its use is counted", |quota| {
            let used = quota.status.as_ref().and_then(|status| status.used.as_ref());
            used.and_then(|used| used.get("pods")).is_some_and(|pods| pods.0 == "2")
        })
        .await;
    let words = [
        "scale",
        "schedule",
        SHOP,
        "-n",
        ns,
        "--at",
        "in 1h",
        "--for",
        "1h",
        "--replicas",
        "12",
        "--name",
        "big",
        "--yes",
    ];
    let ran = shell.csop(&words).await;
    assert_eq!(created(&ran), "big");
    assert!(ran.err.contains("quota short, budget ok"), "{ran}");
    assert!(ran.err.contains("warning: quota compute has 3 of pods left, 10 are needed"), "{ran}");
    shell.csop(&words).await.fails(6, "already exists");
    phase(&scene, "big", Phase::Pending).await;
}

#[tokio::test]
async fn a_scaler_tells_its_schedule_and_what_its_budget_pays_for() {
    let scene = Scene::new("plugin-scaler").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    let budget = json!({"policies": [{"type": "cost", "config": {"maxCostPerHour": 2, "costPerPod": 0.5}}]});
    let scaling = json!({"mode": "GeneralScaler", "minReplicas": 2, "maxReplicas": 10, "scaler": budget});
    scene.service(SHOP, json!({"autoscaling": scaling})).await;
    scene.ready(SHOP).await;
    let words = [
        "scale",
        "schedule",
        "gs/shop",
        "-n",
        ns,
        "--at",
        "now",
        "--until",
        "tomorrow 12:00",
        "--replicas",
        "6",
    ];
    let ran = shell.csop(&[&words[..], &["--name", "busy", "--yes"]].concat()).await;
    assert_eq!(created(&ran), "busy");
    assert!(ran.err.contains("quota ok, budget short"), "{ran}");
    assert!(ran.err.contains("warning: the budget pays for 4 replicas, 6 are asked for"), "{ran}");
    phase(&scene, "busy", Phase::Active).await;
    let line = "\"busy\" floor 6 until ";
    let scaler = shell.csop(&["scaler", "status", SHOP, "-n", ns]).await;
    assert!(scaler.out.contains(&format!("Schedule:  {line}")), "{scaler}");
    let service = shell.csop(&["status", SHOP, "-n", ns]).await;
    assert!(service.out.contains(&format!("Schedule:     {line}")), "{service}");
}
