//! The sample applications as they are, with a real Redis and a Pub/Sub of the test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    collections::VecDeque,
    io,
    path::Path as Folder,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::post,
};
use csop_tests::{
    Process, binaries, pages,
    pki::{Authority, Subject},
    servers::redis::{Redis, Settings},
    wait,
};
use nix::sys::signal::Signal;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

const SOON: Duration = Duration::from_secs(60);

struct App {
    process: Process,
    address: String,
}

impl App {
    async fn start(name: &str, settings: &[(&str, &str)]) -> Self {
        binaries::of_workspace_up_to_date(&[name]).unwrap();
        let mut command = Command::new(binaries::beside_tests(name).unwrap());
        command.env("LISTEN", "127.0.0.1:0").envs(settings.iter().copied());
        let mut process = Process::start(name, &command);
        process.wrote(SOON, "address=").await;
        let address = address(&process, 1);
        Self { process, address }
    }

    async fn counts(&self, line: &str) {
        wait::until_ok(SOON, line, async || {
            let text = pages::get(&self.address, "/metrics").await.unwrap();
            if text.lines().any(|found| found == line) { Ok(()) } else { Err(text) }
        })
        .await;
    }

    async fn ends_in_order(mut self) -> String {
        self.process.signal(Signal::SIGTERM);
        let status = self.process.ended(SOON).await;
        let log = self.process.log();
        assert!(status.success(), "{status}: {log}");
        log
    }
}

/// The address that a process listens on, the first or another that it has told of.
fn address(process: &Process, number: usize) -> String {
    let log = process.log();
    let told = log.split("address=").nth(number).unwrap_or_else(|| panic!("{number} addresses: {log}"));
    told.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn the_http_server_counts_requests_and_answers_before_it_ends() {
    let app = App::start("http-app", &[]).await;
    assert_eq!(pages::get(&app.address, "/healthz").await.unwrap(), "ok\n");
    assert_eq!(pages::get(&app.address, "/work?ms=5").await.unwrap(), "done\n");
    app.counts("http_requests_total 1").await;
    let mut running = TcpStream::connect(&app.address).await.unwrap();
    running.write_all(b"GET /work?ms=1500 HTTP/1.0\r\n\r\n").await.unwrap();
    // The server has one thread: when it answers this, it has read that.
    pages::get(&app.address, "/healthz").await.unwrap();
    app.ends_in_order().await;
    let mut answer = String::new();
    running.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("done\n"), "{answer:?}");
}

#[tokio::test]
async fn the_redis_worker_survives_its_server_and_ends_the_job_in_hand() {
    let mut redis = Redis::start(Settings::default()).await;
    let url = format!("redis://{}", redis.address());
    let app = App::start("redis-worker", &[("REDIS_URL", &url), ("JOB_MILLIS", "20")]).await;
    redis.run("RPUSH jobs a b c d e");
    app.counts("jobs_done_total 5").await;
    redis.kill();
    redis.revive().await;
    redis.run("RPUSH jobs f g");
    app.counts("jobs_done_total 7").await;
    app.ends_in_order().await;

    let slow = App::start("redis-worker", &[("REDIS_URL", &url), ("JOB_MILLIS", "5000")]).await;
    redis.run("RPUSH jobs last never");
    wait::until(SOON, "a job is taken", async || (redis.run("LLEN jobs") == "1").then_some(())).await;
    let log = slow.ends_in_order().await;
    assert!(log.contains("job=\"last\"") && !log.contains("job=\"never\""), "{log}");
    assert_eq!(redis.run("LLEN jobs"), "1");
}

/// A connection to the shop that is kept from one request to the next.
struct Client(TlsStream<TcpStream>);

impl Client {
    /// Of somebody who trusts only this authority.
    async fn connect(address: &str, authority: &Authority) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority.certificate()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("shop").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.map(Self)
    }

    async fn ask(&mut self, path: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n");
        self.0.write_all(request.as_bytes()).await.unwrap();
    }

    /// The whole answer; all are shorter than a packet, and end with a new line.
    async fn answer(&mut self) -> String {
        let mut text = String::new();
        while !text.contains("\r\n\r\n") || !text.ends_with('\n') {
            let mut part = [0; 4096];
            let length = self.0.read(&mut part).await.unwrap();
            assert!(length > 0, "the connection ends after {text:?}");
            text += std::str::from_utf8(&part[..length]).unwrap();
        }
        text
    }

    /// Whether the other side said that it has nothing to say any more; a connection that just breaks is an error.
    async fn closes_in_order(mut self) -> bool {
        self.0.read(&mut [0; 1]).await.unwrap() == 0
    }
}

async fn shop(folder: &Folder) -> (App, String) {
    let folder = folder.to_str().unwrap();
    let settings =
        [("LISTEN_HTTPS", "127.0.0.1:0"), ("TLS_FOLDER", folder), ("HOSTNAME", "shop-6b7f9-x2x4z")];
    let mut app = App::start("shop", &settings).await;
    app.process.wrote(SOON, "the certificate is").await;
    let https = address(&app.process, 2);
    (app, https)
}

#[tokio::test]
async fn the_shop_keeps_the_container_contract_until_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create(folder.path(), "ca").unwrap();
    authority.issue("tls", &Subject { name: "shop", hosts: &["shop"], ..Subject::default() }).unwrap();
    let (app, https) = shop(folder.path()).await;
    assert_eq!(pages::get(&app.address, "/_liveness").await.unwrap(), "alive\n");
    assert_eq!(pages::get(&app.address, "/_readiness").await.unwrap(), "ready\n");
    let mut used = Client::connect(&https, &authority).await.unwrap();
    for (path, end) in [("/", "shop-6b7f9-x2x4z\n"), ("/work?ms=1", "done\n"), ("/burn?ms=1", "done\n")] {
        used.ask(path).await;
        let answer = used.answer().await;
        assert!(answer.ends_with(end) && !answer.contains("connection: close"), "{answer}");
    }
    app.counts("http_requests_total 3").await;

    let mut idle = Client::connect(&https, &authority).await.unwrap();
    idle.ask("/").await;
    idle.answer().await;
    let mut waiting = Client::connect(&https, &authority).await.unwrap();
    waiting.ask("/work?ms=4000").await;
    app.process.signal(Signal::SIGTERM);
    wait::until_ok(SOON, "it is not ready", async || {
        let answer = pages::get(&app.address, "/_readiness").await;
        let answer = answer.unwrap_or_else(|error| error.to_string());
        if answer.contains(" 503 ") { Ok(()) } else { Err(answer) }
    })
    .await;
    assert_eq!(pages::get(&app.address, "/_liveness").await.unwrap(), "alive\n");
    // Who comes now is served, and told to go.
    let mut late = Client::connect(&https, &authority).await.unwrap();
    for client in [&mut used, &mut late] {
        client.ask("/").await;
        let answer = client.answer().await;
        assert!(answer.contains("connection: close"), "{answer}");
    }
    for client in [used, late, idle] {
        assert!(client.closes_in_order().await);
    }
    let answer = waiting.answer().await;
    assert!(answer.contains("connection: close") && answer.ends_with("done\n"), "{answer}");
    assert!(waiting.closes_in_order().await);
    app.ends_in_order().await;
}

#[tokio::test]
async fn the_shop_makes_a_certificate_that_nobody_trusts_when_it_is_given_none() {
    let folder = tempfile::tempdir().unwrap();
    let (app, https) = shop(folder.path()).await;
    let authority = Authority::create(folder.path(), "ca").unwrap();
    let error = Client::connect(&https, &authority).await.err().unwrap().to_string();
    assert!(error.contains("certificate"), "{error}");
    assert!(app.process.log().contains("self-signed"));
    app.ends_in_order().await;
}

/// A Pub/Sub with one subscription: messages that wait, and those that are given out.
#[derive(Clone, Default)]
struct PubSub {
    waiting: Arc<Mutex<VecDeque<u32>>>,
    acknowledged: Arc<Mutex<Vec<String>>>,
}

impl PubSub {
    async fn start(messages: u32) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let server = Self::default();
        server.waiting.lock().unwrap().extend(0..messages);
        let call = post(Self::call).with_state(server.clone());
        let router = Router::new().route("/v1/projects/shop-prod/subscriptions/{call}", call);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (server, host)
    }

    async fn call(State(server): State<Self>, Path(call): Path<String>, Json(body): Json<Value>) -> Response {
        match &*call {
            "invoices:pull" => {
                assert!(body["maxMessages"].as_u64().is_some_and(|most| most > 0), "{body}");
                let next = server.waiting.lock().unwrap().pop_front();
                match next {
                    Some(id) => Json(json!({"receivedMessages": [{"ackId": format!("ack-{id}"), "message":
                        {"data": "am9i", "messageId": id.to_string(), "publishTime": "2026-11-27T08:00:00Z"}}]}))
                    .into_response(),
                    None => {
                        // As the real one, which waits for longer.
                        tokio::time::sleep(Duration::from_secs(2)).await;
                        Json(json!({})).into_response()
                    }
                }
            }
            "invoices:acknowledge" => {
                let ids = body["ackIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned());
                server.acknowledged.lock().unwrap().extend(ids);
                Json(json!({})).into_response()
            }
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

#[tokio::test]
async fn the_pub_sub_worker_acknowledges_what_it_has_done() {
    let (server, host) = PubSub::start(3).await;
    let settings = [
        ("PUBSUB_EMULATOR_HOST", &*host),
        ("PROJECT_ID", "shop-prod"),
        ("SUBSCRIPTION", "invoices"),
        ("JOB_MILLIS", "10"),
    ];
    let app = App::start("pubsub-worker", &settings).await;
    app.counts("messages_done_total 3").await;
    assert_eq!(*server.acknowledged.lock().unwrap(), ["ack-0", "ack-1", "ack-2"]);
    app.ends_in_order().await;
}
