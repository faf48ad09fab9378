//! A server that answers as it should not. What it does stands in the path: `/html/...`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// It ends with the value.
#[derive(Debug)]
pub struct Liar {
    address: String,
    written: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Liar {
    /// Starts one on a free port of the loopback interface.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        Self::start_on("127.0.0.1:0").await
    }

    /// Starts one where an honest server was.
    ///
    /// # Panics
    /// When that still listens.
    pub async fn start_on(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("the port is free");
        let address = format!("http://{}", listener.local_addr().expect("it listens"));
        let (written, requests) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (counted, asked) = (written.clone(), requests.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, counted.clone(), asked.clone()));
            }
        });
        Self { address, written, requests, task }
    }

    /// Where it does this.
    pub fn at(&self, what: &str) -> String {
        format!("{}/{what}", self.address)
    }

    /// Bytes of bodies that it could send.
    pub fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// Requests that it got.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

async fn serve(stream: TcpStream, written: Arc<AtomicUsize>, requests: Arc<AtomicUsize>) {
    let mut stream = BufReader::new(stream);
    while let Some((path, headers)) = request(&mut stream).await {
        requests.fetch_add(1, Ordering::Relaxed);
        let what = path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
        if answer(&mut stream, &what, &headers, &written).await.is_none() {
            return;
        }
    }
}

/// The path and the headers of the next request; its body is dropped.
async fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        if line.trim().is_empty() {
            break;
        }
        headers.push_str(&line.to_lowercase());
    }
    let length = headers.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some((path, headers))
}

const VECTOR: &str = r#"{"status":"success","data":{"resultType":"vector","result":["#;

fn series(count: usize) -> String {
    let one = r#"{"metric":{"pod":"p"},"value":[1700000000,"1"]}"#;
    format!("{VECTOR}{}]}}}}", vec![one; count].join(","))
}

/// None when the connection is to be closed.
async fn answer(
    stream: &mut BufReader<TcpStream>,
    what: &str,
    headers: &str,
    written: &AtomicUsize,
) -> Option<()> {
    let body = match what {
        "html" => "<!DOCTYPE html><html><title>Sign in to the-secret-intranet</title></html>".to_owned(),
        "nan" => format!(r#"{VECTOR}{{"metric":{{}},"value":[1700000000,"NaN"]}}]}}}}"#),
        "enormous" => {
            let now = jiff::Timestamp::now().as_second();
            format!(r#"{VECTOR}{{"metric":{{}},"value":[{now},"1e300"]}}]}}}}"#)
        }
        "types" => format!(r#"{VECTOR}{{"metric":{{}},"value":{{"seconds":1,"value":2}}}}]}}}}"#),
        "series" => series(10_000),
        "more-series" => series(10_001),
        "nothing" => String::new(),
        "json" => r#"{"queue":{"length":42,"text":"17","open":true},"jobs":[{"n":1},{"n":2}],"hidden":"the-secret"}"#.to_owned(),
        "echo" => serde_json::json!({"headers": headers, "asks": headers.contains("authorization: bearer tok")}).to_string(),
        "loop" => return redirect(stream, "/loop/api/v1/query").await,
        "once" => return redirect(stream, "/json").await,
        "elsewhere" => return redirect(stream, "http://169.254.169.254/latest/meta-data").await,
        "unauthorised" => return status(stream, "401 Unauthorized").await,
        "away" => return status(stream, "503 Service Unavailable").await,
        // Until the other side gives up.
        "slow" => return stream.read(&mut [0]).await.ok().and(None),
        "huge" => return huge(stream, "Transfer-Encoding: chunked", written).await,
        "announced" => return huge(stream, "Content-Length: 209715200", written).await,
        "endless" => return endless(stream, written).await,
        "half" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"status\":").await.ok()?;
            return None;
        }
        _ => return None,
    };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body.as_bytes()).await.ok()
}

async fn redirect(stream: &mut BufReader<TcpStream>, to: &str) -> Option<()> {
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.ok()
}

async fn status(stream: &mut BufReader<TcpStream>, status: &str) -> Option<()> {
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 6\r\n\r\nsecret");
    stream.write_all(answer.as_bytes()).await.ok()
}

/// A body that goes on until the other side gives up.
async fn endless(stream: &mut BufReader<TcpStream>, written: &AtomicUsize) -> Option<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.ok()?;
    let chunk = [b"1000\r\n".as_slice(), &[b' '; 4096], b"\r\n"].concat();
    loop {
        stream.write_all(&chunk).await.ok()?;
        written.fetch_add(4096, Ordering::Relaxed);
    }
}

/// 200 MiB.
async fn huge(stream: &mut BufReader<TcpStream>, length: &str, written: &AtomicUsize) -> Option<()> {
    stream.write_all(format!("HTTP/1.1 200 OK\r\n{length}\r\n\r\n").as_bytes()).await.ok()?;
    let chunk = vec![b' '; 65_536];
    for _ in 0..3200 {
        if length.starts_with("Transfer") {
            stream.write_all(b"10000\r\n").await.ok()?;
        }
        stream.write_all(&chunk).await.ok()?;
        if length.starts_with("Transfer") {
            stream.write_all(b"\r\n").await.ok()?;
        }
        written.fetch_add(chunk.len(), Ordering::Relaxed);
    }
    None
}
