//! A server that answers with a number that the test sets: as JSON, and as a metric of Prometheus.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub(crate) struct Dial {
    value: Arc<Mutex<f64>>,
    address: String,
    _serving: JoinSet<()>,
}

impl Dial {
    pub(crate) async fn start(value: f64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let value = Arc::new(Mutex::new(value));
        let (mut serving, shown) = (JoinSet::new(), value.clone());
        serving.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let value = *shown.lock().unwrap();
                let _closed = answer(stream, value).await;
            }
        });
        Self { value, address, _serving: serving }
    }

    pub(crate) fn turn(&self, value: f64) {
        *self.value.lock().unwrap() = value;
    }

    /// Where the number is under `$.value`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/value", self.address)
    }
}

async fn answer(mut stream: TcpStream, value: f64) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let read = stream.read(&mut request).await?;
    let metrics = request[..read].starts_with(b"GET /metrics");
    let (kind, body) = if metrics {
        ("text/plain; version=0.0.4", format!("# TYPE dial gauge\ndial {value}\n"))
    } else {
        ("application/json", format!("{{\"value\": {value}}}"))
    };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
    stream.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes()).await
}

/// The body of an answer.
pub(crate) async fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}
