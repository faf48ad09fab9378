//! Lists are read page by page.

use crate::support::run;
use crate::support::server::Server;
use serde_json::{Value, json};

/// How many services there are, and how many are on a page at most.
const SERVICES: usize = 1234;
const PAGE: usize = 500;

fn parameter(target: &str, name: &str) -> Option<usize> {
    let (_, query) = target.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))?.parse().ok())
}

fn service(number: usize) -> Value {
    json!({
        "apiVersion": "csop.dev/v1alpha1", "kind": "CashService",
        "metadata": {"name": format!("shop-{number:04}"), "namespace": "pay", "resourceVersion": "7"},
        "spec": {"image": "shop:1", "autoscaling": {"maxReplicas": 4}},
    })
}

/// Gives as much of a list as is asked for; who asks for no page is refused.
fn server() -> Server {
    Server::with(|_, _, target| {
        let Some(limit) = parameter(target, "limit").filter(|limit| *limit <= PAGE) else {
            return (500, json!({"no": "page"}).to_string());
        };
        let begin = parameter(target, "continue").unwrap_or(0);
        let end = (begin + limit).min(SERVICES);
        let token = if end < SERVICES { end.to_string() } else { String::new() };
        let items: Vec<_> = (begin..end).map(service).collect();
        let metadata = json!({"resourceVersion": "7", "continue": token});
        (200, json!({"apiVersion": "v1", "kind": "List", "metadata": metadata, "items": items}).to_string())
    })
}

#[test]
fn a_list_is_read_to_its_end() {
    for words in
        [&["status"][..], &["status", "-A"], &["status", "-o", "name"], &["__complete", "status", "shop-"]]
    {
        let server = server();
        let (command, rest) = words.split_first().unwrap();
        let flag = server.flag();
        // The words that are completed come last.
        let all: Vec<_> = [*command, &flag].into_iter().chain(rest.iter().copied()).collect();
        let ran = run(&all);
        assert_eq!((ran.exit.code(), ran.err.as_str()), (0, ""), "{all:?}: {}", ran.err);
        assert_eq!(ran.out.lines().filter(|line| line.contains("shop-")).count(), SERVICES, "{all:?}");
        assert_eq!(server.seen().len(), 3, "{all:?}");
    }
}
