//! External scalers.

use std::{fs, sync::Arc};

use csop_operator::metric_sources::{Credentials, Failure, Hosts, Query, Reach};
use csop_shared::{
    api::general_scaler::SourceType,
    scale::{Reading, Series},
};
use csop_tests::{
    pki::{Authority, Subject},
    ports,
    servers::external::{Peer, Tls, metric, spec},
    wait,
};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tonic::Code;

use crate::asking::{self, SOON, message, nothing, secret, sources};

fn query(config: Value) -> Arc<dyn Query> {
    asking::query(&sources(), SourceType::External, config)
}

fn of(peer: &Peer) -> Arc<dyn Query> {
    query(json!({"scalerAddress": peer.address(), "metadata": {"queue": "orders"}}))
}

/// Values, whether there is work, and the stated target.
async fn answer(query: &Arc<dyn Query>) -> (Vec<f64>, Option<bool>, Option<f64>) {
    match query.ask(&nothing()).await.unwrap() {
        Reading::Sample { values, active, target, .. } => (values.values().to_vec(), active, target),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_scaler_says_value_target_and_whether_there_is_work() {
    let peer = Peer::start(None);
    let query = of(&peer);
    assert_eq!(query.reach(), Reach::Scaler);
    assert_eq!(answer(&query).await, (vec![7.0], Some(true), Some(2.5)));
    peer.set(|state| {
        state.active = false;
        state.specs = vec![spec("queue", 10, 0.0)];
        state.values.insert("queue".to_owned(), vec![metric("queue", 7, 7.25)]);
    });
    assert_eq!(answer(&query).await, (vec![7.25], Some(false), Some(10.0)));

    let asked = peer.state.lock().unwrap().asked[0].clone();
    assert_eq!((asked.namespace.as_str(), asked.name.as_str()), ("shop", "worker-scaler"));
    assert_eq!(asked.scaler_metadata["queue"], "orders");
    assert_eq!(asked.scaler_metadata["scalerAddress"], peer.address());
}

#[tokio::test]
async fn several_values_are_passed_on_and_none_is_empty() {
    let peer = Peer::start(None);
    let query = of(&peer);
    peer.set(|state| {
        state.values.insert("queue".to_owned(), vec![metric("queue", 1, 0.0), metric("queue", 2, 0.0)]);
    });
    assert_eq!(answer(&query).await.0, [1.0, 2.0]);
    peer.set(|state| {
        state.values.insert("queue".to_owned(), vec![]);
    });
    assert!(matches!(query.ask(&nothing()).await, Ok(Reading::Empty { .. })));
    peer.set(|state| {
        state.specs = vec![spec("queue", 0, 0.0)];
        state.values.insert("queue".to_owned(), vec![metric("queue", 0, 0.0)]);
    });
    assert_eq!(answer(&query).await, (vec![0.0], Some(true), None));
}

#[tokio::test]
async fn of_several_metrics_one_is_chosen_by_name() {
    let peer = Peer::start(None);
    peer.set(|state| {
        state.specs.push(spec("age", 60, 0.0));
        state.values.insert("age".to_owned(), vec![metric("age", 90, 0.0)]);
    });
    let unnamed = message(of(&peer).ask(&nothing()).await);
    assert!(
        unnamed.contains("several metrics (queue, age): choose one by config.metadata.metricName"),
        "{unnamed}"
    );
    let query = query(json!({"scalerAddress": peer.address(), "metadata": {"metricName": "age"}}));
    assert_eq!(answer(&query).await, (vec![90.0], Some(true), Some(60.0)));
    peer.set(|state| state.specs.clear());
    let none = message(query.ask(&nothing()).await);
    assert!(none.contains("no metric"), "{none}");
}

#[tokio::test]
async fn errors_come_in_the_words_of_the_scaler() {
    let peer = Peer::start(None);
    let query = of(&peer);
    let fails = async |code, words: &str| {
        peer.set(|state| state.failing = Some((code, words.to_owned())));
        query.ask(&nothing()).await.unwrap_err()
    };
    let refused = fails(Code::InvalidArgument, "queue\nis missing").await;
    assert!(refused.to_string().ends_with("refuses: InvalidArgument: queue is missing"), "{refused}");
    assert!(!refused.concerns_origin());
    let away = fails(Code::Unavailable, "no broker").await;
    assert_eq!(away.to_string(), format!("cannot reach grpc://{}: no broker", peer.address()));
    let other = fails(Code::Unimplemented, "unknown service").await;
    assert!(other.to_string().contains("does not speak KEDA's external-scaler protocol"), "{other}");
    peer.set(|state| state.failing = None);
    assert_eq!(answer(&query).await.0, [7.0]);
}

#[tokio::test]
async fn a_scaler_that_dies_is_missed_and_found_again() {
    let mut peer = Peer::start(None);
    let query = of(&peer);
    answer(&query).await;
    peer.kill();
    wait::until(SOON, "it is missed", async || {
        query.ask(&nothing()).await.is_err_and(|failure| failure.concerns_origin()).then_some(())
    })
    .await;
    let gone = message(query.ask(&nothing()).await);
    assert!(gone.contains("refused"), "{gone}");
    let _again = Peer::start_on(peer.address, None);
    wait::until_ok(SOON, "it is found", async || query.ask(&nothing()).await.map(drop)).await;
}

#[tokio::test]
async fn tls_with_certificates_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create(folder.path(), "ca").unwrap();
    let server = authority
        .issue("server", &Subject { name: "scaler", hosts: &["127.0.0.1"], ..Subject::default() })
        .unwrap();
    let client = authority.issue("client", &Subject { name: "client", ..Subject::default() }).unwrap();
    let read = |path: &std::path::Path| fs::read(path).unwrap();
    let ca = read(&authority.certificate());
    let tls = Tls { certificate: read(&server.certificate), key: read(&server.key), authority: ca.clone() };
    let peer = Peer::start(Some(tls));
    let (certificate, key) = (read(&client.certificate), read(&client.key));
    let config = json!({"scalerAddress": peer.address(), "tls": true});
    let ask = async |credentials: Credentials| query(config.clone()).ask(&credentials).await;
    let all = ask(secret("1", &[("ca.crt", &ca), ("tls.crt", &certificate), ("tls.key", &key)])).await;
    assert!(matches!(all, Ok(Reading::Sample { values: Series::One(7.0), .. })), "{all:?}");
    let untrusted = message(ask(secret("1", &[("tls.crt", &certificate), ("tls.key", &key)])).await);
    assert!(untrusted.contains("`ca.crt`"), "{untrusted}");
    let nobody = message(ask(secret("1", &[("ca.crt", &ca)])).await);
    assert!(nobody.contains("`tls.crt`"), "{nobody}");
    let plain = query(json!({"scalerAddress": peer.address()})).ask(&nothing()).await;
    assert!(plain.is_err());
}

#[tokio::test]
async fn work_is_pushed() {
    let mut peer = Peer::start(None);
    let query = of(&peer);
    let mut pushes = query.clone().pushes(Arc::default()).unwrap();
    // The stream is opened when it is listened to.
    let mut next = pushes.next();
    assert!(futures::poll!(&mut next).is_pending());
    wait::until(SOON, "the stream is open", async || {
        let _ = futures::poll!(&mut next);
        (peer.streams() == 1).then_some(())
    })
    .await;
    peer.push(true);
    assert_eq!(next.await, Some(Ok(true)));
    peer.push(false);
    assert_eq!(pushes.next().await, Some(Ok(false)));
    assert_eq!(answer(&query).await.0, [7.0]);

    peer.kill();
    let end = tokio::time::timeout(SOON, pushes.next()).await.unwrap();
    assert!(matches!(end, None | Some(Err(_))), "{end:?}");
}

#[tokio::test]
async fn a_scaler_without_push_is_not_asked_for_it_again() {
    let peer = Peer::start(None);
    peer.set(|state| state.pushes = false);
    let query = of(&peer);
    let pushes = query.clone().pushes(Arc::default()).unwrap();
    assert_eq!(pushes.collect::<Vec<_>>().await, []);
    let mut later = query.clone().pushes(Arc::default()).unwrap();
    assert!(futures::poll!(later.next()).is_pending());
    assert_eq!(answer(&query).await.0, [7.0]);
    assert!(futures::poll!(later.next()).is_pending());
    assert_eq!(peer.streams(), 1);
    assert_eq!(answer(&query).await.0, [7.0]);
}

#[tokio::test]
async fn what_is_no_external_scaler_is_called_so() {
    let [port] = ports::free().unwrap();
    let gone = message(query(json!({"scalerAddress": format!("127.0.0.1:{port}")})).ask(&nothing()).await);
    assert!(gone.starts_with("cannot reach grpc://127.0.0.1:") && gone.contains("refused"), "{gone}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = [0; 64];
            let _ = stream.read(&mut question).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await;
        }
    });
    let html = message(query(json!({"scalerAddress": address})).ask(&nothing()).await);
    assert!(html.contains("gRPC") && html.contains("config.tls"), "{html}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let silent = query(json!({"scalerAddress": address, "timeoutSeconds": 1}));
    assert!(matches!(silent.ask(&nothing()).await, Err(Failure::TimedOut { .. })));
}

#[tokio::test]
async fn this_machine_is_not_asked_unless_it_is_allowed() {
    let sources = asking::with_hosts(Hosts::default());
    let query = asking::query(&sources, SourceType::External, json!({"scalerAddress": "127.0.0.1:1"}));
    assert!(matches!(query.ask(&nothing()).await, Err(Failure::Unasked(_))));
    let mut pushes = query.pushes(Arc::default()).unwrap();
    assert!(matches!(pushes.next().await, Some(Err(Failure::Unasked(_)))));
}

#[tokio::test]
async fn an_address_needs_a_port() {
    let refused = asking::refusal(SourceType::External, json!({"scalerAddress": "scaler"}));
    assert_eq!(refused, "config.scalerAddress has no port");
}
