//! A server that answers with numbers that the test sets: as JSON, and as a metric of Prometheus with a series for each.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub(crate) struct Dial {
    values: Arc<Mutex<Vec<f64>>>,
    address: String,
    _serving: JoinSet<()>,
}

impl Dial {
    pub(crate) async fn start(value: f64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let values = Arc::new(Mutex::new(vec![value]));
        let (mut serving, shown) = (JoinSet::new(), values.clone());
        serving.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let values = shown.lock().unwrap().clone();
                let _closed = answer(stream, &values).await;
            }
        });
        Self { values, address, _serving: serving }
    }

    pub(crate) fn turn(&self, value: f64) {
        self.turn_all(vec![value]);
    }

    pub(crate) fn turn_all(&self, values: Vec<f64>) {
        *self.values.lock().unwrap() = values;
    }

    /// Where Prometheus finds it.
    pub(crate) fn listens_on(&self) -> String {
        self.address.clone()
    }

    /// Where the first number is under `$.value`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/value", self.address)
    }
}

async fn answer(mut stream: TcpStream, values: &[f64]) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let read = stream.read(&mut request).await?;
    let metrics = request[..read].starts_with(b"GET /metrics");
    let (kind, body) = if metrics {
        let series = values.iter().enumerate().map(|(pod, value)| format!("dial{{pod=\"{pod}\"}} {value}\n"));
        ("text/plain; version=0.0.4", format!("# TYPE dial gauge\n{}", series.collect::<String>()))
    } else {
        ("application/json", format!("{{\"value\": {}}}", values[0]))
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
