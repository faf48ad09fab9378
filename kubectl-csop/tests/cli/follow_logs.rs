//! `logs -f` through a rollout: an API server that goes on when the plugin has read what it gave.

use crate::support::run;
use crate::support::server::flag_of;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

const TIMES: [&str; 3] = ["2026-01-01T00:00:01.5Z", "2026-01-01T00:00:02.5Z", "2026-01-01T00:00:03.5Z"];

/// How far the story is.
#[derive(Default)]
struct Stage(Mutex<u8>, Condvar);

impl Stage {
    fn reach(&self, stage: u8) {
        let mut now = self.0.lock().unwrap();
        *now = stage.max(*now);
        self.1.notify_all();
    }

    fn wait(&self, stage: u8) {
        let now = self.0.lock().unwrap();
        let limit = Duration::from_secs(30);
        let (_now, late) = self.1.wait_timeout_while(now, limit, |now| *now < stage).unwrap();
        assert!(!late.timed_out(), "stage {stage} is never reached");
    }
}

fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "pay", "uid": name, "resourceVersion": "8", "labels": {"csop.dev/service": "shop"}},
        "spec": {"containers": [{"name": "app"}]},
        "status": {"containerStatuses": [{"name": "app", "image": "i", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}}}]},
    })
}

fn shop() -> Value {
    json!({
        "apiVersion": "csop.dev/v1alpha1", "kind": "CashService",
        "metadata": {"name": "shop", "namespace": "pay", "uid": "u1", "resourceVersion": "7"},
        "spec": {"image": "shop:1", "autoscaling": {"maxReplicas": 4}},
    })
}

fn list(item: &Value) -> String {
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "7"}, "items": [item]})
        .to_string()
}

fn event(kind: &str, object: &Value) -> String {
    format!("{}\n", json!({"type": kind, "object": object}))
}

/// Answers one request; the end of the connection is the end of the answer.
fn serve(mut stream: TcpStream, stage: &Stage) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut request = String::new();
    reader.read_line(&mut request).unwrap();
    while let Some(true) = header(&mut reader) {}
    let target = request.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let mut say = |text: &str| {
        // A plugin that has ended reads no more.
        let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    };
    say("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n");
    let watches = target.contains("watch=");
    match target.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default() {
        "shop" => say(&shop().to_string()),
        "cashservices" if watches => {
            stage.wait(3);
            say(&event("DELETED", &shop()));
        }
        "cashservices" => say(&list(&shop())),
        "pods" if watches => {
            stage.wait(2);
            // A rollout: a new pod is there, and the old one goes.
            say(&event("ADDED", &pod("shop-2b-new")));
            say(&event("DELETED", &pod("shop-1a-old")));
            stage.wait(3);
            say(&event("DELETED", &pod("shop-2b-new")));
            stage.wait(4);
        }
        "pods" => say(&list(&pod("shop-1a-old"))),
        _ if target.contains("shop-2b-new") => {
            assert!(!target.contains("tailLines"), "a new pod is read from its beginning: {target}");
            say(&format!("{} three\n", TIMES[2]));
            stage.reach(3);
        }
        // The first stream breaks after a line; the next one repeats the line, as whole seconds do.
        _ if !target.contains("sinceTime") => {
            assert!(target.contains("tailLines=10"), "{target}");
            say(&format!("{} one\n", TIMES[0]));
        }
        _ => {
            say(&format!("{} one\n{} two\n", TIMES[0], TIMES[1]));
            stage.reach(2);
        }
    }
}

/// Reads a line; whether it is a header.
fn header(reader: &mut impl BufRead) -> Option<bool> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    Some(!line.trim().is_empty())
}

#[test]
fn logs_survive_a_broken_stream_and_a_rollout_and_end_with_the_service() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (_folder, flag) = flag_of("http", &listener);
    let stage = Arc::new(Stage::default());
    let shared = Arc::clone(&stage);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let stage = Arc::clone(&shared);
            std::thread::spawn(move || serve(stream, &stage));
        }
    });
    let ran = run(&["logs", "shop", "-f", &flag]);
    stage.reach(4);
    assert_eq!(ran.exit.code(), 0, "{ran:?}");
    assert_eq!(ran.out, "1a-old | one\n1a-old | two\n2b-new | three\n", "{ran:?}");
    assert_eq!(ran.err, "cashservice/shop was deleted\n");
}
