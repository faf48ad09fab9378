//! Ctrl-C ends whatever goes on, at a terminal and without one.

use std::process::Stdio;

use csop_shared::names::annotations;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader},
    time::timeout,
};

use crate::{
    plugin::Shell,
    plugin_terminal::{CTRL_C, Terminal},
    scene::{SHOP, SOON, Scene, service},
};

/// A service that is paused from the beginning, so that it never has a pod.
const HELD: &str = "held";
/// What goes on, and a sign that it does.
const ENDLESS: [(&[&str], &str); 6] = [
    (&["wait", SHOP, "--for", "deleted"], "nobody has deleted it"),
    (&["wait", HELD, "--for", "deleted"], "nobody has deleted it"),
    (&["events", SHOP, "-w"], "CashService/shop"),
    (&["logs", HELD, "-f"], "has no pods yet"),
    (&["status", SHOP, "-w"], "Replicas:"),
    (&["status", "-w"], "Ready"),
];

async fn ready(name: &str) -> Scene {
    let scene = Scene::new(name).await;
    scene.service(SHOP, json!({})).await;
    let mut held = service(HELD, json!({}));
    held["metadata"]["annotations"] = json!({annotations::PAUSED: "true"});
    scene.apply(&held.to_string()).await;
    scene.ready(SHOP).await;
    scene.condition(HELD, "Paused", "True", "PausedByAnnotation").await;
    scene
}

#[tokio::test]
async fn ctrl_c_ends_it_and_leaves_the_terminal_as_it_was() {
    let scene = ready("ctrl-c").await;
    let shell = Shell::of(&scene);
    for (words, sign) in ENDLESS {
        let mut terminal = Terminal::start(&shell, &[words, &["-n", &scene.namespace]].concat());
        terminal.answers(sign, CTRL_C).await;
        let ended = terminal.ended().await;
        assert_eq!(ended.code, 130, "{words:?}\n{}", ended.screen);
        if words[0] == "wait" {
            let told = format!("error: stopped waiting; cashservice/{} goes on without you", words[1]);
            assert_eq!(ended.screen.trim_start_matches("^C").trim(), told, "{words:?}");
        } else {
            // Events of others may well tell of errors.
            let own = ended.screen.lines().any(|line| line.starts_with("error"));
            assert!(!own, "{words:?}\n{}", ended.screen);
        }
    }
}

/// Reads until a line has the text in it.
async fn until_seen(from: &mut (impl AsyncRead + Unpin), text: &str) -> String {
    let (mut lines, mut all) = (BufReader::new(from), String::new());
    while !all.contains(text) {
        let read = timeout(SOON, lines.read_line(&mut all)).await.expect("it says so in time");
        assert!(read.unwrap() > 0, "it ended without {text:?}: {all}");
    }
    all
}

#[tokio::test]
async fn an_interrupt_without_a_terminal_ends_it_too() {
    let scene = ready("sigint").await;
    let shell = Shell::of(&scene);
    for (words, sign) in ENDLESS {
        let mut command = shell.command("kubectl-csop", &[words, &["-n", &scene.namespace]].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let told_on_err = ["wait", "logs"].contains(&words[0]);
        let mut all =
            if told_on_err { until_seen(&mut err, sign).await } else { until_seen(&mut out, sign).await };
        let id = i32::try_from(child.id().expect("it runs")).unwrap();
        kill(Pid::from_raw(id), Signal::SIGINT).unwrap();
        let ended = timeout(SOON, child.wait()).await.expect("it ends in time").unwrap();
        out.read_to_string(&mut all).await.unwrap();
        err.read_to_string(&mut all).await.unwrap();
        assert_eq!(ended.code(), Some(130), "{words:?}: {all}");
        assert!(!all.contains('\u{1b}') && !all.contains("panicked"), "{words:?}: {all}");
    }
}
