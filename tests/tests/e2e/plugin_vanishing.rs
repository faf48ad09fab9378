//! A service, or something of it, that is deleted while a command is at work on it.

use serde_json::json;

use crate::{
    plugin::Shell,
    plugin_terminal::Terminal,
    scene::{SHOP, Scene, service},
};

#[tokio::test]
async fn a_service_that_is_deleted_while_it_is_asked_about_is_not_changed() {
    let mut scene = Scene::new("vanish").await;
    let (shell, ns) = (Shell::of(&scene), scene.namespace.to_string());
    scene.service(SHOP, json!({})).await;
    scene.ready(SHOP).await;
    scene.service(SHOP, json!({"image": "registry.example.com/shop:2"})).await;
    shell.csop(&["wait", SHOP, "-n", &ns]).await.ends(0);
    scene.stop_operator().await;
    let manifest = service(SHOP, json!({"image": "registry.example.com/shop:2"})).to_string();

    let asks = [("restart", "Restart it?"), ("undo", "Undo it?"), ("pause", "Pause it?")];
    let mut asking: Vec<_> =
        asks.iter().map(|(command, _)| Terminal::start(&shell, &[command, SHOP, "-n", &ns])).collect();
    for (terminal, (_, question)) in asking.iter_mut().zip(asks) {
        terminal.shows(question).await;
    }
    scene.kubectl(["delete", "csvc", SHOP, "--wait"]).await;
    // Another one of that name is not what was asked about either.
    let (first, rest) = asking.split_at_mut(1);
    first[0].types("y");
    scene.apply(&manifest).await;
    rest.iter_mut().for_each(|terminal| terminal.types("y"));
    for terminal in asking {
        let ended = terminal.ended().await;
        let told = ended.screen.contains("not found") || ended.screen.contains("by somebody else meanwhile");
        assert!([1, 6].contains(&ended.code) && told, "{}\n{}", ended.code, ended.screen);
    }
    let left = scene.kubectl(["get", "csvc", SHOP, "-o", "jsonpath={.metadata.annotations}"]).await;
    assert!(!left.contains("restartedAt") && !left.contains("paused"), "{left}");
}

#[tokio::test]
async fn a_child_that_is_deleted_is_missed() {
    let mut scene = Scene::new("child").await;
    let (shell, ns) = (Shell::of(&scene), scene.namespace.to_string());
    scene.service(SHOP, json!({})).await;
    scene.ready(SHOP).await;
    scene.kubectl(["delete", "deployment", SHOP, "--wait"]).await;
    let waited = shell.csop(&["wait", SHOP, "--for", "rolled-out", "-n", &ns]).await;
    assert!(waited.ends(0).contains("is rolled out"), "{waited}");

    scene.stop_operator().await;
    let mut watch = Terminal::start(&shell, &["status", SHOP, "-w", "-n", &ns]);
    watch.shows("Deployment/shop").await;
    scene.kubectl(["delete", "deployment", SHOP, "--wait"]).await;
    watch.hides("Deployment/shop").await;
    let tree = shell.csop(&["tree", SHOP, "-n", &ns]).await;
    assert!(tree.ok().contains("NetworkPolicy/shop") && !tree.out.contains("Deployment/"), "{tree}");
    let diff = shell.csop(&["diff", SHOP, "-n", &ns]).await;
    assert!(diff.ends(1).contains("+++ wanted Deployment/shop"), "{diff}");
    let late = shell.csop(&["wait", SHOP, "--for", "rolled-out", "--timeout", "1s", "-n", &ns]).await;
    late.ends(if late.code == Some(0) { 0 } else { 4 });

    scene.kubectl(["delete", "csvc", SHOP, "--wait"]).await;
    let ended = watch.ended().await;
    assert_eq!(ended.code, 0, "{}", ended.screen);
    assert!(ended.screen.contains("cashservice/shop was deleted"), "{}", ended.screen);
}

#[tokio::test]
async fn logs_are_followed_until_the_service_is_deleted() {
    let scene = Scene::without_operator("vanish-logs").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    scene.service(SHOP, json!({})).await;
    let mut logs = Terminal::start(&shell, &["logs", SHOP, "-f", "-n", ns]);
    logs.shows("has no pods yet").await;
    scene.kubectl(["delete", "csvc", SHOP, "--wait"]).await;
    let ended = logs.ended().await;
    assert_eq!(ended.code, 0, "{}", ended.screen);
    assert!(ended.screen.contains("cashservice/shop was deleted"), "{}", ended.screen);
}
