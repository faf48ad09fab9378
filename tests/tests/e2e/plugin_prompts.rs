//! `init` and `status -w` at a terminal.

use serde_json::{Value, json};

use crate::{
    plugin::Shell,
    plugin_terminal::{CTRL_C, DOWN, ENTER, Terminal},
    scene::{SHOP, Scene},
};

const IMAGE: &str = "registry.example.com/shop:1.4.2";

#[tokio::test]
async fn init_asks_for_all_refuses_wrong_answers_in_place_and_follows() {
    let scene = Scene::new("prompts").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    let mut terminal = Terminal::start(&shell, &["init", "-n", ns]);
    for (question, wrong, told, right) in [
        ("Name of the service", "Shop", "\"Shop\" has an upper-case letter", SHOP),
        ("Image", "sh op", "has a space in it", IMAGE),
    ] {
        terminal.answers(question, &format!("{wrong}{ENTER}")).await;
        terminal.shows(told).await;
        terminal.types(&format!("{right}{ENTER}"));
        terminal.shows(&format!("{question}: {right}")).await;
        terminal.hides(told).await;
    }
    terminal.answers("What does the container serve?", &format!("{DOWN}{ENTER}")).await;
    terminal.answers("Port [8080]", &format!("70000{ENTER}")).await;
    terminal.shows("70000 is no port: it must be between 1 and 65535").await;
    terminal.types(&format!("http{ENTER}"));
    terminal.shows("\"http\" is no whole number").await;
    terminal.types(&format!("3000{ENTER}"));
    terminal.answers("Fewest replicas [2]", &format!("3{ENTER}")).await;
    terminal.answers("Most replicas [10]", &format!("2{ENTER}")).await;
    terminal.shows("must not be below the fewest replicas (2 < 3)").await;
    terminal.types(&format!("5{ENTER}"));
    terminal.shows(&format!("new, with image {IMAGE}, 3 to 5 replicas")).await;
    terminal.shows("port: 3000").await;
    assert_eq!(scene.kubectl(["get", "csvc", "-o", "name"]).await, "", "nothing is written before the yes");
    terminal.answers("Create it?", "y").await;
    let ended = terminal.ended().await;
    assert_eq!(ended.code, 0, "{}", ended.screen);
    let last = format!("cashservice.csop.dev/shop is Ready: 3/3 at http://shop.{ns}.svc");
    assert!(ended.screen.contains(&last), "{}", ended.screen);
    assert!(!ended.screen.contains("waiting"), "progress goes away: {}", ended.screen);

    let shop: Value =
        serde_json::from_str(&scene.kubectl(["get", "csvc", SHOP, "-o", "json"]).await).unwrap();
    assert_eq!(shop["spec"]["image"], IMAGE);
    assert_eq!(shop["spec"]["autoscaling"]["minReplicas"], json!(3));
    assert_eq!(shop["spec"]["contract"]["port"], json!(3000));
}

#[tokio::test]
async fn init_that_is_left_writes_nothing_and_leaves_the_terminal_sane() {
    let scene = Scene::without_operator("left").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    let given =
        ["init", SHOP, "-n", ns, "--image", IMAGE, "--preset", "misk", "--port", "8443", "--min", "1"];
    let all = [&given[..], &["--max", "2"]].concat();
    for (words, question) in [
        (&["init", "-n", ns][..], "Name of the service"),
        (&["init", SHOP, "-n", ns, "--image", IMAGE], "What does the container serve?"),
        (&given, "Most replicas [10]"),
        (&all, "Create it?"),
    ] {
        let mut terminal = Terminal::start(&shell, words);
        terminal.answers(question, CTRL_C).await;
        let ended = terminal.ended().await;
        assert_eq!(ended.code, 130, "{}", ended.screen);
        assert!(ended.screen.contains("error: interrupted; nothing was created"), "{}", ended.screen);
    }
    for (keys, code) in [("n", 1), (ENTER, 1)] {
        let mut terminal = Terminal::start(&shell, &all);
        terminal.answers("Create it?", keys).await;
        let ended = terminal.ended().await;
        assert_eq!(ended.code, code, "{}", ended.screen);
        assert!(ended.screen.contains("error: nothing was created"), "{}", ended.screen);
    }
    assert_eq!(scene.kubectl(["get", "csvc", "-o", "name"]).await, "");
}

#[tokio::test]
async fn following_a_new_service_can_be_left() {
    let scene = Scene::without_operator("follow").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    let init = ["init", SHOP, "-n", ns, "--image", IMAGE, "--max", "2", "--yes"];
    let mut terminal = Terminal::start(&shell, &init);
    terminal.answers("no operator has reported on it yet", CTRL_C).await;
    let ended = terminal.ended().await;
    assert_eq!(ended.code, 130, "{}", ended.screen);
    assert!(ended.screen.contains("cashservice/shop is created and goes on without you"), "{}", ended.screen);
    assert_eq!(scene.kubectl(["get", "csvc", "-o", "name"]).await, "cashservice.csop.dev/shop\n");
}

#[tokio::test]
async fn a_plain_terminal_is_asked_without_escape_codes() {
    let scene = Scene::without_operator("plain").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    let words = ["init", SHOP, "-n", ns, "--image", IMAGE, "--max", "2", "--no-color", "--no-wait"];
    let mut terminal = Terminal::start(&shell, &words);
    terminal.answers("Create it? [y/N]:", &format!("y{ENTER}")).await;
    let ended = terminal.ended().await;
    assert_eq!(ended.code, 0, "{}", ended.screen);
    assert!(!ended.raw.contains('\u{1b}'), "{:?}", ended.raw);
    assert_eq!(scene.kubectl(["get", "csvc", "-o", "name"]).await, "cashservice.csop.dev/shop\n");
}

#[tokio::test]
async fn status_is_redrawn_in_place_until_the_service_is_gone() {
    let scene = Scene::new("redraw").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    scene.service(SHOP, json!({})).await;
    scene.ready(SHOP).await;
    let mut terminal = Terminal::start(&shell, &["status", SHOP, "-w", "-n", ns]);
    let mut table = Terminal::start(&shell, &["status", "-w", "-n", ns]);
    terminal.shows("Replicas:     2/2 ready").await;
    table.shows("shop   Ready").await;
    scene.service(SHOP, json!({"autoscaling": {"minReplicas": 3, "maxReplicas": 4}})).await;
    terminal.shows("Replicas:     3/3 ready, min 3, max 4").await;
    table.shows("3/3").await;
    // Drawn in place: nothing of the old is left.
    terminal.hides("2/2").await;
    table.hides("2/2").await;
    for (screen, title) in [(terminal.screen(), "Service:"), (table.screen(), "STATUS")] {
        assert_eq!(screen.matches(title).count(), 1, "{screen}");
    }

    let mut left = Terminal::start(&shell, &["status", SHOP, "-w", "-n", ns]);
    left.answers("Replicas:     3/3 ready", CTRL_C).await;
    assert_eq!(left.ended().await.code, 130);
    scene.kubectl(["delete", "csvc", SHOP]).await;
    let ended = terminal.ended().await;
    assert_eq!(ended.code, 0, "{}", ended.screen);
    assert!(ended.screen.contains("cashservice/shop was deleted"), "{}", ended.screen);
    table.shows("no services found").await;
    table.types(CTRL_C);
    assert_eq!(table.ended().await.code, 130);
}
