//! A thousand services in a namespace, which nobody serves.

use csop_shared::api::CashService;
use futures::{StreamExt as _, stream};
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::{
    plugin::{Ran, Shell},
    plugin_terminal::{CTRL_C, Terminal},
    scene::{Scene, service},
};

const SERVICES: usize = 1000;
/// Requests that are under way at a time.
const ABREAST: usize = 16;
/// One of them.
const ONE: &str = "shop-0567";

async fn many(scene: &Scene) {
    let api = &scene.api::<CashService>().await;
    let made = stream::iter(0..SERVICES).map(|number| async move {
        let object: CashService =
            serde_json::from_value(service(&format!("shop-{number:04}"), json!({}))).unwrap();
        api.create(&PostParams::default(), &object).await.expect("the service is accepted");
    });
    made.buffer_unordered(ABREAST).collect::<()>().await;
}

fn lines(ran: &Ran, beginning: &str) -> usize {
    ran.ok().lines().filter(|line| line.starts_with(beginning)).count()
}

#[tokio::test]
async fn a_thousand_services_are_all_there() {
    let scene = Scene::without_operator("many").await;
    many(&scene).await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    let csop = async |words: &[&str]| shell.csop(&[words, &["-n", ns]].concat()).await;

    assert_eq!(lines(&csop(&["status"]).await, "shop-"), SERVICES);
    assert_eq!(lines(&csop(&["status", "-o", "name"]).await, "cashservice.csop.dev/shop-"), SERVICES);
    assert_eq!(lines(&csop(&["status", "-A"]).await, ns), SERVICES);
    let json = csop(&["status", "-o", "json"]).await;
    let view: Value = serde_json::from_str(json.ok()).unwrap();
    let names: Vec<_> = view["items"].as_array().unwrap().iter().map(|item| &item["name"]).collect();
    assert_eq!((names.len(), names[567]), (SERVICES, &json!(ONE)));
    let complete = |word: &'static str| ["__complete", "-n", ns, "status", word];
    assert_eq!(lines(&shell.csop(&complete("")).await, "shop-"), SERVICES);
    assert_eq!(lines(&shell.csop(&complete("shop-05")).await, "shop-05"), 100);

    for (words, code, out) in [
        (&["status", ONE][..], 3, "no operator has reported on it yet"),
        (&["tree", ONE], 0, "CashService/shop-0567"),
        (&["render", ONE], 0, "kind: Deployment"),
        (&["diff", ONE], 1, "+++ wanted Deployment/shop-0567"),
        (&["pause", ONE, "--yes"], 0, "shop-0567 paused"),
        (&["resume", ONE, "--yes"], 0, "shop-0567 resumed"),
        (&["restart", ONE, "--yes", "--no-wait"], 0, "shop-0567 restarted"),
    ] {
        let ran = csop(words).await;
        assert!(ran.ends(code).contains(out), "{ran}");
    }
    for (words, code, err) in [
        (&["events", ONE][..], 0, "no events of cashservice/shop-0567 are known"),
        (&["history", ONE], 0, "has no revision yet"),
        (&["logs", ONE], 0, "has no pods"),
        (&["undo", ONE, "--yes"], 6, "has no recorded revision"),
        (&["wait", ONE, "--timeout", "1s"], 4, "timed out after 1s"),
        (&["status", "shop-1000"], 1, "\"shop-1000\" in namespace"),
    ] {
        let ran = csop(words).await;
        ran.ends(code);
        assert!(ran.out.is_empty() && ran.err.contains(err), "{ran}");
    }
    scene.kubectl(["delete", "csvc", ONE]).await;
    let gone = csop(&["wait", ONE, "--for", "deleted"]).await;
    assert_eq!(gone.ok(), "cashservice.csop.dev/shop-0567 is deleted\n");

    let mut watch = Terminal::start(&shell, &["status", "-w", "-n", ns]);
    watch.shows("more lines)").await;
    watch.types(CTRL_C);
    assert_eq!(watch.ended().await.code, 130);
}
