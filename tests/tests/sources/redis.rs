//! A single Redis.

use std::{fs, time::Duration};

use csop_operator::metric_sources::{Credentials, Failure, Hosts, Query};
use csop_shared::api::general_scaler::SourceType;
use csop_tests::{
    servers::redis::{Redis, Settings},
    wait,
};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::asking::{self, SOON, message, nothing, secret, sources, value};

fn query(config: Value) -> std::sync::Arc<dyn Query> {
    asking::query(&sources(), SourceType::Redis, config)
}

async fn answer(config: Value, credentials: &Credentials) -> Result<f64, Failure> {
    value(query(config).ask(credentials).await)
}

async fn says(config: Value, credentials: &Credentials) -> String {
    message(query(config).ask(credentials).await)
}

#[tokio::test]
async fn every_kind_of_key_has_its_size() {
    let server = Redis::start(Settings::default()).await;
    for command in [
        "RPUSH list a b c",
        "SADD set a b",
        "ZADD zset 1 a 2 b 3 c 4 d",
        "HSET hash a 1",
        "SET string 12.5",
        "XADD stream * a 1",
    ] {
        server.run(command);
    }
    let sizes =
        [("list", 3.0), ("set", 2.0), ("zset", 4.0), ("hash", 1.0), ("string", 12.5), ("stream", 1.0)];
    for (key, size) in sizes {
        let config = json!({"address": server.address(), "key": key});
        assert_eq!(answer(config, &nothing()).await, Ok(size), "{key}");
        let config = json!({"host": "127.0.0.1", "port": server.port(), "key": key, "kind": key});
        assert_eq!(answer(config, &nothing()).await, Ok(size), "{key}");
    }
    for kind in [json!(null), json!("list"), json!("string"), json!("stream")] {
        let config = json!({"address": server.address(), "key": "missing", "kind": kind});
        assert_eq!(answer(config, &nothing()).await, Ok(0.0), "{kind}");
    }
    server.run("SELECT 3");
    assert_eq!(
        answer(json!({"address": server.address(), "db": 3, "key": "list"}), &nothing()).await,
        Ok(0.0)
    );
}

#[tokio::test]
async fn what_has_no_size_is_named() {
    let server = Redis::start(Settings::default()).await;
    server.run("SET text hello");
    server.run("SET empty \"\"");
    server.run("RPUSH list a");
    let says = async |key: &str, more: Value| {
        let mut config = json!({"address": server.address(), "key": key});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        says(config, &nothing()).await
    };
    assert!(says("text", json!({})).await.ends_with("a key \"text\" that holds a text that is no number"));
    assert!(says("list", json!({"kind": "set"})).await.contains("holds a list where config expects a set"));
    assert!(says("list", json!({"group": "g"})).await.contains("holds a list where config expects a stream"));
    assert!(says("list", json!({"db": 99})).await.contains("no database of this number"));
}

#[tokio::test]
async fn a_key_may_change_what_it_holds() {
    let server = Redis::start(Settings::default()).await;
    let query = query(json!({"address": server.address(), "key": "k"}));
    assert_eq!(value(query.ask(&nothing()).await), Ok(0.0));
    for (command, size) in [("RPUSH k a b", 2.0), ("DEL k", 0.0), ("SADD k a", 1.0), ("SET k 7", 7.0)] {
        server.run(command);
        assert_eq!(value(query.ask(&nothing()).await), Ok(size), "{command}");
    }
}

#[tokio::test]
async fn groups_of_a_stream_have_lag_and_pending_entries() {
    let server = Redis::start(Settings::default()).await;
    for entry in 1..=5 {
        server.run(&format!("XADD s {entry}-0 a 1"));
    }
    server.run("XGROUP CREATE s g 0");
    server.run("XREADGROUP GROUP g c COUNT 2 STREAMS s >");
    let config =
        |signal: &str| json!({"address": server.address(), "key": "s", "group": "g", "signal": signal});
    assert_eq!(answer(config("lag"), &nothing()).await, Ok(3.0));
    assert_eq!(answer(config("pending"), &nothing()).await, Ok(2.0));
    server.run("XACK s g 1-0");
    assert_eq!(answer(config("pending"), &nothing()).await, Ok(1.0));

    server.run("XDEL s 4-0");
    let unknown = says(config("lag"), &nothing()).await;
    assert!(
        unknown.contains("lag the server cannot tell") && unknown.contains("signal: pending"),
        "{unknown}"
    );

    for signal in ["lag", "pending"] {
        let config = json!({"address": server.address(), "key": "s", "group": "other", "signal": signal});
        let says = says(config, &nothing()).await;
        assert!(says.contains("no") && says.contains("consumer group"), "{says}");
        let config = json!({"address": server.address(), "key": "none", "group": "g", "signal": signal});
        assert_eq!(answer(config, &nothing()).await, Ok(0.0));
    }
}

#[tokio::test]
async fn a_password_is_needed_accepted_and_never_shown() {
    let server = Redis::start(Settings { password: Some("hunter2".into()), ..Settings::default() }).await;
    server.run("RPUSH jobs a");
    let config = json!({"address": server.address(), "key": "jobs"});
    let right = secret("1", &[("password", "hunter2\n")]);
    assert_eq!(answer(config.clone(), &right).await, Ok(1.0));
    let without = says(config.clone(), &nothing()).await;
    assert!(without.contains("refuses: it wants a password") && without.contains("NOAUTH"), "{without}");
    let wrong = says(config.clone(), &secret("2", &[("password", "hunter3")])).await;
    assert!(wrong.contains("does not accept the user name or the password"), "{wrong}");
    assert!(!wrong.contains("hunter"), "{wrong}");

    // A Secret that changes takes effect with the next question.
    let query = query(config);
    assert!(query.ask(&secret("2", &[("password", "hunter3")])).await.is_err());
    assert_eq!(value(query.ask(&right).await), Ok(1.0));
    server.run("CONFIG SET requirepass hunter4");
    assert!(query.ask(&secret("3", &[("password", "hunter5")])).await.is_err());
    assert_eq!(value(query.ask(&secret("4", &[("password", "hunter4")])).await), Ok(1.0));
}

#[tokio::test]
async fn a_user_may_only_read_what_its_rules_permit() {
    let rule = "user worker on >s3cret ~jobs +type +llen".to_owned();
    let server = Redis::start(Settings { lines: vec![rule], ..Settings::default() }).await;
    server.run("RPUSH jobs a b");
    server.run("RPUSH other a b");
    let config = |key: &str| json!({"address": server.address(), "key": key, "user": "worker"});
    let credentials = secret("1", &[("password", "s3cret")]);
    assert_eq!(answer(config("jobs"), &credentials).await, Ok(2.0));
    let other = says(config("other"), &credentials).await;
    assert!(other.contains("the user may not do this") && other.contains("NOPERM"), "{other}");
    let without = says(config("jobs"), &nothing()).await;
    assert!(without.contains("\"worker\" needs a password"), "{without}");
    let by_secret = secret("1", &[("username", "worker"), ("password", "s3cret")]);
    let config = json!({"address": server.address(), "key": "jobs"});
    assert_eq!(answer(config, &by_secret).await, Ok(2.0));
}

#[tokio::test]
async fn tls_with_certificates_on_both_sides() {
    let server = Redis::start(Settings { tls: true, ..Settings::default() }).await;
    server.run("RPUSH jobs a");
    let file = |name| fs::read(server.file(name)).unwrap();
    let (ca, certificate, key) = (file("ca.crt"), file("client.crt"), file("client.key"));
    let config = json!({"address": server.address(), "key": "jobs", "tls": true});
    let all = secret("1", &[("ca.crt", &ca), ("tls.crt", &certificate), ("tls.key", &key)]);
    assert_eq!(answer(config.clone(), &all).await, Ok(1.0));

    let untrusted = says(config.clone(), &secret("1", &[("tls.crt", &certificate), ("tls.key", &key)])).await;
    assert!(
        untrusted.contains("authority that is not trusted") && untrusted.contains("`ca.crt`"),
        "{untrusted}"
    );
    let nobody = says(config.clone(), &secret("1", &[("ca.crt", &ca)])).await;
    assert!(nobody.contains("refuses: ") && nobody.contains("`tls.crt`"), "{nobody}");
    let half = says(config, &secret("1", &[("ca.crt", &ca), ("tls.crt", &certificate)])).await;
    assert!(half.contains("tls.crt without tls.key"), "{half}");
    let plain = says(json!({"address": server.address(), "key": "jobs"}), &nothing()).await;
    assert!(plain.contains("TLS") || plain.contains("closed"), "{plain}");
}

#[tokio::test]
async fn a_server_that_dies_is_missed_and_found_again() {
    let mut server = Redis::start(Settings::default()).await;
    server.run("RPUSH jobs a");
    let query = query(json!({"address": server.address(), "key": "jobs", "timeoutSeconds": 1}));
    assert_eq!(value(query.ask(&nothing()).await), Ok(1.0));

    server.process().unwrap().signal(Signal::SIGSTOP);
    let hangs = query.ask(&nothing()).await.unwrap_err();
    assert!(matches!(hangs, Failure::TimedOut { .. }), "{hangs}");
    server.process().unwrap().signal(Signal::SIGCONT);
    wait::until_ok(SOON, "it answers", async || query.ask(&nothing()).await.map(drop)).await;

    server.kill();
    let gone = query.ask(&nothing()).await.unwrap_err();
    assert!(gone.concerns_origin(), "{gone}");
    let gone = message(query.ask(&nothing()).await);
    assert!(gone.starts_with(&format!("cannot reach redis://{}: ", server.address())), "{gone}");
    assert!(gone.contains("refused"), "{gone}");

    server.revive().await;
    assert_eq!(value(query.ask(&nothing()).await), Ok(0.0));
}

#[tokio::test]
async fn queries_share_one_connection_and_close_it() {
    let server = Redis::start(Settings::default()).await;
    let sources = sources();
    let queries: Vec<_> = (0..50)
        .map(|n| {
            let config = json!({"address": server.address(), "key": format!("jobs-{n}")});
            asking::query(&sources, SourceType::Redis, config)
        })
        .collect();
    let credentials = nothing();
    for answer in futures::future::join_all(queries.iter().map(|query| query.ask(&credentials))).await {
        assert_eq!(value(answer), Ok(0.0));
    }
    // The other one is redis-cli.
    let others = || server.run("CLIENT LIST TYPE normal").lines().count() - 1;
    assert_eq!(others(), 1);
    drop(queries);
    wait::until(SOON, "the connection is closed", async || (others() == 0).then_some(())).await;
}

#[tokio::test]
async fn what_is_no_redis_is_called_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = [0; 64];
            let _ = stream.read(&mut question).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>hunter2</html>\r\n").await;
        }
    });
    let html = says(json!({"address": address, "key": "jobs"}), &nothing()).await;
    assert!(html.contains("not the protocol of Redis") && !html.contains("hunter2"), "{html}");
}

#[tokio::test]
async fn this_machine_is_not_asked_unless_it_is_allowed() {
    let sources = asking::with_hosts(Hosts::default());
    for address in ["127.0.0.1:6379", "localhost:6379", "[::1]:6379", "169.254.169.254:80"] {
        for more in [json!({}), json!({"cluster": true}), json!({"sentinelMaster": "m"})] {
            let mut config = json!({"address": address, "key": "jobs"});
            config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let answer = asking::query(&sources, SourceType::Redis, config).ask(&nothing()).await;
            assert!(matches!(answer, Err(Failure::Unasked(_))), "{address} {more}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config =
        json!({"address": listener.local_addr().unwrap().to_string(), "key": "jobs", "timeoutSeconds": 1});
    let query = query(config);
    assert_eq!(query.timeout(), Duration::from_secs(1));
    let late = message(query.ask(&secret("1", &[("password", "x")])).await);
    assert!(late.ends_with("did not answer within 1 s"), "{late}");
}

#[tokio::test]
async fn configurations_that_cannot_be_are_refused() {
    let refused = |config: Value| asking::refusal(SourceType::Redis, config);
    assert!(refused(json!({"address": "a", "key": "k", "signal": "lag"})).starts_with("config.signal needs"));
    assert!(
        refused(json!({"address": "a", "key": "k", "group": "g", "kind": "list"}))
            .starts_with("config.group")
    );
    assert!(refused(json!({"address": "a:b:c", "key": "k"})).starts_with("config.address"));
}
