//! What the owner of a service does every day: look at changes beforehand, restart, go back, hold still, wait.
//!
//! Logs are not here: the simulated nodes have none. Their selection and following is tested beside their code.

use csop_shared::api::CashService;
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Secret};
use kube::ResourceExt;
use serde_json::{Value, json};

use crate::{
    plugin::{Ran, Shell},
    plugin_terminal::Terminal,
    scene::{SHOP, Scene, service},
};

const REVISION: &str = "csop.dev/revision";

/// A ready service, and the real kubectl with the plugin.
async fn ready(name: &str, spec: Value) -> (Scene, Shell) {
    let scene = Scene::new(name).await;
    scene.service(SHOP, spec).await;
    scene.ready(SHOP).await;
    let shell = Shell::of(&scene);
    (scene, shell)
}

impl Scene {
    async fn run(&self, shell: &Shell, words: &[&str]) -> Ran {
        shell.kubectl(&[&["csop"], words, &["-n", &self.namespace]].concat()).await
    }

    /// The revision and the pod template of the live Deployment.
    async fn template(&self) -> (String, Value) {
        let deployment = self.deployment(SHOP).await;
        let template = serde_json::to_value(deployment.spec.clone().unwrap().template).unwrap();
        (deployment.annotations()[REVISION].clone(), template)
    }

    async fn history(&self, shell: &Shell) -> Vec<Value> {
        let ran = self.run(shell, &["history", SHOP, "-o", "json"]).await;
        let view: Value = serde_json::from_str(ran.ok()).unwrap();
        view["revisions"].as_array().unwrap().clone()
    }
}

fn image(n: u32) -> Value {
    json!({
        "image": format!("registry.example.com/shop:{n}"),
        "env": [{"name": format!("ONLY_IN_{n}"), "value": "x"}],
        "config": {"data": {"N": n.to_string()}},
        "secrets": [{"name": "db", "generate": {"password": {}}, "env": {"PASSWORD": "password"}}],
    })
}

#[tokio::test]
async fn a_restart_replaces_the_pods_and_undo_brings_back_the_very_template() {
    let (scene, shell) = ready("undo", image(1)).await;
    let first = scene.template().await;
    let restarted = scene.run(&shell, &["restart", SHOP, "--yes"]).await;
    let out = restarted.ends(0);
    assert!(
        out.starts_with("cashservice.csop.dev/shop restarted\ncashservice.csop.dev/shop is Ready: 2/2"),
        "{restarted}"
    );
    assert!(restarted.err.contains("restartedAt none -> 20"), "{restarted}");
    let second = scene.template().await;
    assert_ne!(first.0, second.0, "the pods were replaced when the command ended");

    scene.service(SHOP, image(2)).await;
    let waited = scene.run(&shell, &["wait", SHOP]).await;
    assert!(waited.ends(0).contains("shop is Ready"), "{waited}");
    let third = scene.template().await;
    assert!(third.1.to_string().contains("shop:2"), "a change is waited for that was made a moment ago");

    let numbers = |all: &[Value]| all.iter().map(|it| it["number"].as_i64().unwrap()).collect::<Vec<_>>();
    let history = scene.history(&shell).await;
    assert_eq!(numbers(&history), [1, 2, 3]);
    assert!(history[1]["changeCause"].as_str().unwrap().starts_with("kubectl csop restart"), "{history:?}");
    assert_eq!((&history[2]["current"], &history[2]["causeIsOlder"]), (&json!(true), &json!(true)));

    let undone = scene.run(&shell, &["undo", SHOP, "--yes"]).await;
    assert!(undone.ends(0).starts_with("cashservice.csop.dev/shop undone\n"), "{undone}");
    assert!(
        undone.err.contains("+++ revision 2\n")
            && undone.err.contains("\n-  image: registry.example.com/shop:2\n"),
        "{undone}"
    );
    assert!(!undone.err.contains("warning"), "{undone}");
    assert_eq!(
        scene.template().await,
        second,
        "restart stamp, variables and configuration are those of then"
    );
    let undone = scene.run(&shell, &["undo", SHOP, "--to", "1", "--yes"]).await;
    undone.ends(0);
    assert_eq!(scene.template().await, first);
    let history = scene.history(&shell).await;
    assert_eq!(numbers(&history), [1, 2, 3, 4, 5]);
    assert_eq!(history[4]["hash"], history[0]["hash"]);
    assert_eq!(history[4]["changeCause"], "kubectl csop undo --to 1, from 4");
    let service: CashService = scene.get(SHOP).await.unwrap();
    let managers: Vec<_> = service.managed_fields().iter().filter_map(|it| it.manager.clone()).collect();
    assert!(managers.contains(&"kubectl-csop".to_owned()), "{managers:?}");
}

#[tokio::test]
async fn a_secret_that_has_changed_since_is_said_to_stay() {
    let secret = |value: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs"}, "stringData": {"token": value}}).to_string()
    };
    let spec =
        |n: u32| json!({"image": format!("i:{n}"), "secrets": [{"name": "theirs", "fromSecret": "theirs"}]});
    let scene = Scene::new("undo-secret").await;
    scene.apply(&secret("one")).await;
    scene.service(SHOP, spec(1)).await;
    scene.ready(SHOP).await;
    let shell = Shell::of(&scene);
    scene.service(SHOP, spec(2)).await;
    scene.run(&shell, &["wait", SHOP]).await.ends(0);
    let same = scene.run(&shell, &["undo", SHOP, "--dry-run=server"]).await;
    assert!(same.ends(0).contains("undone (server dry run)") && !same.err.contains("warning"), "{same}");
    let before = scene.template().await;
    scene.apply(&secret("two")).await;
    scene.until(SHOP, "has the new secret", |d: &Deployment| d.annotations()[REVISION] != before.0).await;
    let other = scene.run(&shell, &["undo", SHOP, "--to", "1", "--dry-run=client"]).await;
    other.ends(0);
    assert!(
        other.err.contains("warning: the content of its secrets is another than at revision 1"),
        "{other}"
    );
}

#[tokio::test]
async fn a_diff_shows_what_would_change_and_no_secret() {
    let (scene, shell) = ready("diff", image(1)).await;
    assert_eq!(scene.run(&shell, &["diff", SHOP]).await.ok(), "", "nothing differs");
    let file = shell.home().join("shop.yaml");
    let write = |spec: Value| std::fs::write(&file, service(SHOP, spec).to_string()).unwrap();
    let path = file.to_str().unwrap();
    write(image(1));
    assert_eq!(scene.run(&shell, &["diff", "-f", path]).await.ok(), "", "the same manifest");

    let version = scene.get::<CashService>(SHOP).await.unwrap().resource_version();
    write(image(2));
    let differs = scene.run(&shell, &["diff", "-f", path]).await;
    let out = differs.ends(1);
    for line in [
        "--- live Deployment/shop\n+++ wanted Deployment/shop\n",
        "-        image: registry.example.com/shop:1\n",
        "+        image: registry.example.com/shop:2\n",
        "-        - name: ONLY_IN_1\n+        - name: ONLY_IN_2\n",
        "+  \"N\": '2'\n",
    ] {
        assert!(out.contains(line), "{line}: {differs}");
    }
    assert_eq!(
        scene.get::<CashService>(SHOP).await.unwrap().resource_version(),
        version,
        "nothing was changed"
    );

    let mut more = image(1);
    more["secrets"][0]["generate"]["more"] = json!({"length": 20});
    write(more);
    let differs = scene.run(&shell, &["diff", "-f", path]).await;
    let out = differs.ends(1);
    assert!(
        out.contains("   password: <32 bytes>\n") && out.contains("+  more: '<generated: 20 characters>'\n"),
        "{differs}"
    );
    let live: Secret = scene.get("shop-db").await.unwrap();
    let password = String::from_utf8(live.data.unwrap()["password"].0.clone()).unwrap();
    assert!(!out.contains(&password));

    write(json!({"autoscaling": {"maxReplicas": 0}}));
    scene.run(&shell, &["diff", "-f", path]).await.fails(2, "");
    scene.run(&shell, &["diff", "nobody"]).await.fails(2, "not found");
}

#[tokio::test]
async fn paused_changes_are_shown_by_diff_and_made_on_resume() {
    let (scene, shell) = ready("held", image(1)).await;
    let paused = scene.run(&shell, &["pause", "csvc/shop", "--yes"]).await;
    assert_eq!(paused.ends(0), "cashservice.csop.dev/shop paused\n");
    scene.condition(SHOP, "Paused", "True", "PausedByAnnotation").await;
    scene.run(&shell, &["status", SHOP]).await.ends(5);
    let by_hand = json!({"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 7}}}});
    scene.patch::<Deployment>(SHOP, by_hand).await;
    let differs = scene.run(&shell, &["diff", SHOP]).await;
    let line = "-      terminationGracePeriodSeconds: 7\n+      terminationGracePeriodSeconds: 30\n";
    assert!(differs.ends(1).contains(line), "{differs}");
    assert!(scene.run(&shell, &["wait", SHOP]).await.fails(3, "Paused").contains("kubectl csop resume"));
    let restarted = scene.run(&shell, &["restart", SHOP, "--yes"]).await;
    assert_eq!(restarted.ends(5), "cashservice.csop.dev/shop restarted\n");
    let resumed = scene.run(&shell, &["resume", SHOP, "--yes"]).await;
    assert_eq!(resumed.ends(0), "cashservice.csop.dev/shop resumed\n");
    let rolled = scene.run(&shell, &["wait", SHOP, "--for", "rolled-out"]).await;
    assert!(rolled.ends(0).contains("shop is rolled out: 2 of 2 pods are of revision "), "{rolled}");
    assert_eq!(scene.run(&shell, &["diff", SHOP]).await.ok(), "");
}

#[tokio::test]
async fn a_change_is_refused_when_the_spec_moved_and_not_when_only_the_status_did() {
    let (scene, shell) = ready("moved", json!({})).await;
    let ns = &*scene.namespace;
    let mut terminal = Terminal::start(&shell, &["restart", SHOP, "--no-wait", "-n", ns]);
    terminal.shows("Restart it?").await;
    scene.service(SHOP, json!({"image": "registry.example.com/shop:2"})).await;
    terminal.types("y");
    let ended = terminal.ended().await;
    assert_eq!(ended.code, 6, "{}", ended.screen);
    assert!(ended.screen.contains("was changed by somebody else meanwhile"), "{}", ended.screen);

    scene.run(&shell, &["wait", SHOP]).await.ends(0);
    let mut terminal = Terminal::start(&shell, &["pause", SHOP, "-n", ns]);
    terminal.shows("Pause it?").await;
    let before = scene.get::<CashService>(SHOP).await.unwrap();
    scene.kubectl(["delete", "pods", "-l", "csop.dev/service=shop", "--wait=false"]).await;
    let moved = |service: &CashService| service.resource_version() != before.resource_version();
    scene.until(SHOP, "has another status", moved).await;
    terminal.types("y");
    let ended = terminal.ended().await;
    assert_eq!(ended.code, 0, "{}", ended.screen);
}

#[tokio::test]
async fn a_wait_ends_on_failure_and_in_time() {
    let scene = Scene::new("wait").await;
    let shell = Shell::of(&scene);
    scene.service(SHOP, json!({"annotations": {"test.csop.dev/pod": "image-pull-backoff"}})).await;
    let late = scene.run(&shell, &["wait", SHOP, "--timeout", "2s"]).await;
    late.ends(4);
    let failed = scene.run(&shell, &["wait", SHOP]).await;
    failed.fails(3, "cashservice/shop is not Ready: ImagePullBackOff: pod shop-");
}

#[tokio::test]
async fn a_wait_ends_on_deletion() {
    let scene = Scene::without_operator("wait-deleted").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    scene.service(SHOP, json!({})).await;
    let mut waiting = ["deleted", "rolled-out"]
        .map(|goal| Terminal::start(&shell, &["wait", SHOP, "--for", goal, "-n", ns]));
    for (terminal, shown) in waiting.iter_mut().zip(["nobody has deleted it", "Pending"]) {
        terminal.shows(shown).await;
    }
    scene.kubectl(["delete", "csvc", SHOP]).await;
    let ends = [(0, "cashservice.csop.dev/shop is deleted"), (1, "was deleted while it was waited for")];
    for (terminal, (code, text)) in waiting.into_iter().zip(ends) {
        let ended = terminal.ended().await;
        assert!(ended.code == code && ended.screen.contains(text), "{}\n{}", ended.code, ended.screen);
    }
}

#[tokio::test]
async fn events_and_tree_tell_of_the_service_and_all_that_it_owns() {
    let (scene, shell) = ready("events", json!({})).await;
    let ns = &*scene.namespace;
    let events = scene.run(&shell, &["events", SHOP]).await;
    for text in ["CashService/shop", "Deployment/shop", "ReplicaSet/shop-", "Pod/shop-", "ScalingReplicaSet"]
    {
        assert!(events.ok().contains(text), "{text}: {events}");
    }
    let tree = scene.run(&shell, &["tree", SHOP]).await;
    assert!(tree.ok().starts_with("CashService/shop "), "{tree}");
    for text in ["├─ Deployment/shop", "Conditions", "Ready=True  Ready"] {
        assert!(tree.ok().contains(text), "{text}: {tree}");
    }
    let mut watch = Terminal::start(&shell, &["events", SHOP, "-w", "-n", ns]);
    watch.shows("CashService/shop").await;
    scene.run(&shell, &["restart", SHOP, "--yes"]).await.ends(0);
    watch.shows("RolloutStarted").await;
    scene.kubectl(["delete", "csvc", SHOP]).await;
    let ended = watch.ended().await;
    assert_eq!(ended.code, 0, "{}", ended.screen);
    assert!(ended.screen.contains("cashservice/shop was deleted"), "{}", ended.screen);
}

#[tokio::test]
async fn who_may_not_is_told_what() {
    let (scene, shell) = ready("may-not", json!({})).await;
    let nobody = "--as=nobody";
    for words in [
        &["tree", SHOP][..],
        &["events", SHOP],
        &["logs", SHOP],
        &["history", SHOP],
        &["undo", SHOP, "-y"],
        &["restart", SHOP, "-y"],
        &["pause", SHOP, "-y"],
        &["diff", SHOP],
        &["wait", SHOP],
    ] {
        let ran = scene.run(&shell, &[words, &[nobody]].concat()).await;
        ran.fails(7, "you may not get cashservices.csop.dev \"shop\"");
    }
    let reader = [
        "create",
        "role",
        "reader",
        "--verb=get,list,watch",
        "--resource=cashservices.csop.dev,deployments.apps",
    ];
    scene.kubectl(reader).await;
    scene.kubectl(["create", "rolebinding", "reader", "--role=reader", "--user=nobody"]).await;
    let tree = scene.run(&shell, &["tree", SHOP, nobody]).await;
    assert!(tree.ends(0).contains("Deployment/shop") && tree.err.contains("you may not list pods"), "{tree}");
    let wait = scene.run(&shell, &["wait", SHOP, nobody]).await;
    assert!(
        wait.ends(0).contains("is Ready") && wait.err.contains("you may not list controllerrevisions.apps"),
        "{wait}"
    );
    let diff = scene.run(&shell, &["diff", SHOP, nobody]).await;
    assert!(
        diff.ends(7).is_empty() && diff.err.contains("incomplete: forbidden: you may not list services"),
        "{diff}"
    );
    scene.run(&shell, &["restart", SHOP, "-y", nobody]).await.ends(7);
}
