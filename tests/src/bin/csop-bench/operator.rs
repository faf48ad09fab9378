//! The operator as a process, and what it tells of itself.

use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use csop_tests::{Error, Process, binaries, process::tail, wait};
use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{counters, process, scene::PARALLEL};

const SOON: Duration = Duration::from_secs(60);
/// How often the operator's counters are read while a time is taken.
const PAUSE: Duration = Duration::from_millis(10);
/// Without a reconcile for so long, it has done all there was to do.
const QUIET: Duration = Duration::from_secs(2);

/// A running operator.
pub struct Operator {
    process: Process,
    address: SocketAddr,
}

/// How an operator is started, besides the flags of the installation.
#[derive(Debug, Default)]
pub struct Launch {
    /// Further flags.
    pub arguments: Vec<String>,
    /// Whether it may use one core only.
    pub one_core: bool,
}

impl Operator {
    /// Starts the release build for all namespaces, with the flags of the installation, and returns when it serves its metrics.
    pub async fn start(kubeconfig: &Path) -> Result<Self, Error> {
        Self::launch(kubeconfig, &Launch::default()).await
    }

    /// As [`Self::start`], in a way of one's own.
    pub async fn launch(kubeconfig: &Path, launch: &Launch) -> Result<Self, Error> {
        let program = binaries::beside_tests("csop-operator")?;
        let mut command = if launch.one_core {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", "0"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(&launch.arguments);
        command.env("KUBECONFIG", kubeconfig).args([
            "--listen=127.0.0.1:0",
            "--log-format=json",
            "--log-level=info",
        ]);
        command.arg(format!("--concurrency={PARALLEL}"));
        let process = Process::try_start("csop-operator", &command)?;
        let address = wait::try_until(SOON, "the operator has started", async || {
            address(&process.log()).ok_or_else(|| process.log())
        })
        .await?;
        Ok(Self { process, address })
    }

    /// Waits until everything that it watches was read once.
    pub async fn ready(&self) -> Result<(), Error> {
        wait::try_until(SOON, "the operator is ready", async || match get(self.address, "/readyz").await {
            Ok((200, _)) => Ok(()),
            Ok((_, text)) => Err(text),
            Err(error) => Err(error.to_string()),
        })
        .await
    }

    /// Waits until so many children were made, which takes no request to the API server.
    pub async fn has_created(&self, children: f64) -> Result<(), Error> {
        self.reached("children were created", children, "csop_apply_total", &[("result", "created")]).await
    }

    /// Waits until so many scalers have decided, which takes no request to the API server.
    pub async fn decides_for(&self, scalers: f64) -> Result<(), Error> {
        self.reached("scalers have decided", scalers, "csop_scalers_deciding", &[]).await
    }

    /// Waits until so many reconciles have ended.
    pub async fn has_reconciled(&self, reconciles: f64) -> Result<(), Error> {
        self.reached("reconciles have ended", reconciles, "csop_reconcile_total", &[]).await
    }

    async fn reached(
        &self,
        what: &str,
        wanted: f64,
        metric: &str,
        labels: &[(&str, &str)],
    ) -> Result<(), Error> {
        let end = Instant::now() + crate::scene::LONG;
        loop {
            let found = counters::sum(&self.metrics().await?, metric, labels);
            if found >= wanted {
                return Ok(());
            }
            if Instant::now() > end {
                let detail = format!("{found} of {wanted}\n{}", tail(&self.process.log_file(), 20));
                return Err(Error::NotReady { what: what.to_owned(), limit: crate::scene::LONG, detail });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until it has nothing to do.
    pub async fn is_quiet(&self) -> Result<(), Error> {
        let mut before = -1.0;
        loop {
            let now = counters::sum(&self.metrics().await?, "csop_reconcile_total", &[]);
            if now <= before {
                return Ok(());
            }
            before = now;
            tokio::time::sleep(QUIET).await;
        }
    }

    /// Its metrics as text.
    pub async fn metrics(&self) -> Result<String, Error> {
        let answer = get(self.address, "/metrics").await;
        answer.map(|(_, text)| text).map_err(Error::spawn("csop-operator: its metrics cannot be read"))
    }

    /// The CPU time that it has used.
    pub fn cpu(&self) -> Result<Duration, Error> {
        process::cpu(self.process.pid())
    }

    /// Its memory.
    pub fn memory(&self) -> Result<process::Memory, Error> {
        process::memory(self.process.pid())
    }

    /// Ends it as Kubernetes would.
    pub async fn stop(mut self) {
        self.process.signal(Signal::SIGTERM);
        self.process.ended(SOON).await;
    }
}

/// The address in the first lines of the log.
fn address(log: &str) -> Option<SocketAddr> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| line["address"].as_str()?.parse().ok()).next()
}

/// Reads a page.
pub async fn get(address: SocketAddr, path: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    answer(&text).ok_or_else(|| std::io::Error::other(format!("no answer of HTTP: {text:?}")))
}

fn answer(text: &str) -> Option<(u16, String)> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.split_whitespace().nth(1)?.parse().ok()?, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_in_the_log() {
        let log =
            "{\"message\":\"hello\"}\n{\"message\":\"started\",\"address\":\"127.0.0.1:4711\"}\n{\"mess";
        assert_eq!(address(log), Some(([127, 0, 0, 1], 4711).into()));
        assert_eq!(address(""), None);
    }

    #[test]
    fn an_answer_has_a_code_and_a_body() {
        assert_eq!(answer("HTTP/1.0 503 No\r\na: b\r\n\r\nnot yet\n"), Some((503, "not yet\n".to_owned())));
        assert_eq!(answer("HTTP/1.0 200"), None);
    }
}
