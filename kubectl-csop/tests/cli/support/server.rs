//! A tiny API server on loopback: fixed answers by method and path, and a kubeconfig that points at it.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// What answers a request: its number, from 1 on, its method and its path with query become a status and a body.
type Handler = dyn Fn(usize, &str, &str) -> (u16, String) + Send + Sync;

/// An answer: method, path without its query, status, body.
pub type Answer = (&'static str, &'static str, u16, Value);

/// The server; it ends with the test.
pub struct Server {
    address: String,
    folder: tempfile::TempDir,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    /// Starts a server that knows these answers; anything else is `404 page not found`.
    pub fn start(answers: Vec<Answer>) -> Self {
        Self::with(move |_, method, target| {
            let path = target.split('?').next().unwrap_or_default();
            let known = answers.iter().find(|answer| answer.0 == method && answer.1 == path);
            known.map_or((404, "404 page not found".to_owned()), |answer| (answer.2, answer.3.to_string()))
        })
    }

    /// Starts a server that answers in this way.
    pub fn with(handler: impl Fn(usize, &str, &str) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(vec![]));
        let (handler, log): (Arc<Handler>, _) = (Arc::new(handler), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (handler, log) = (Arc::clone(&handler), Arc::clone(&log));
                std::thread::spawn(move || serve(stream, &*handler, &log));
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let server = Self { address, folder, seen };
        std::fs::write(server.kubeconfig(), kubeconfig(&server.address)).unwrap();
        server
    }

    /// A kubeconfig of this server, with the namespace `pay`.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// The flag that names it.
    pub fn flag(&self) -> String {
        format!("--kubeconfig={}", self.kubeconfig().display())
    }

    /// Where the server listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// All requests: method, and path with query.
    pub fn seen(&self) -> Vec<(String, String)> {
        let seen = self.seen.lock().unwrap();
        let split = |(line, _): &(String, Value)| {
            let (method, target) = line.split_once(' ').unwrap();
            (method.to_owned(), target.to_owned())
        };
        seen.iter().map(split).collect()
    }

    /// The requests that began with this method: path with query, and body.
    pub fn requests(&self, method: &str) -> Vec<(String, Value)> {
        let prefix = format!("{method} ");
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter_map(|(line, body)| Some((line.strip_prefix(&prefix)?.to_owned(), body.clone())))
            .collect()
    }
}

/// The flag that names a kubeconfig of what listens there, by `http` or `https`; the file goes with its folder.
pub fn flag_of(scheme: &str, listener: &TcpListener) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    let address = listener.local_addr().unwrap();
    std::fs::write(&file, kubeconfig(&format!("{scheme}://{address}"))).unwrap();
    (folder, format!("--kubeconfig={}", file.display()))
}

/// A kubeconfig of a server at an address.
pub fn kubeconfig(address: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters: [{{name: test, cluster: {{server: '{address}'}}}}]\n\
         users: [{{name: test, user: {{}}}}]\n\
         contexts: [{{name: test, context: {{cluster: test, user: test, namespace: pay}}}}]\n"
    )
}

/// A failure as the API server words it.
pub fn failure(code: u16, reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message})
}

/// There is no such object.
pub fn gone(kind: &str, name: &str) -> Value {
    let mut answer = failure(404, "NotFound", &format!("{kind}.csop.dev {name:?} not found"));
    answer["details"] = json!({"name": name, "group": "csop.dev", "kind": kind});
    answer
}

fn serve(stream: TcpStream, handler: &Handler, log: &Mutex<Vec<(String, Value)>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some((method, target, body)) = request(&mut reader) {
        let number = {
            let mut log = log.lock().unwrap();
            log.push((format!("{method} {target}"), body));
            log.len()
        };
        let (code, text) = handler(number, &method, &target);
        let head = format!(
            "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        if writer.write_all((head + &text).as_bytes()).is_err() {
            return;
        }
    }
}

fn request(reader: &mut impl BufRead) -> Option<(String, String, Value)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((method, target, serde_json::from_slice(&body).unwrap_or_default()))
}
