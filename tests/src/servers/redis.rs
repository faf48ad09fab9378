//! Redis servers of one's own: single ones, clusters, sentinels.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::Program;
use crate::{
    Error, Process,
    pki::{self, Authority, Subject},
    ports,
    run_dir::RunDir,
    wait,
};

/// The server.
pub const SERVER: Program = Program { name: "redis-server", package: "redis-server" };
/// Its command-line client.
pub const CLIENT: Program = Program { name: "redis-cli", package: "redis-tools" };
const LIMIT: Duration = Duration::from_secs(60);

/// How a Redis runs.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The folder that its own folder is made in; by default that of temporary files.
    pub parent: Option<PathBuf>,
    /// The password of the default user.
    pub password: Option<String>,
    /// Further lines of its configuration.
    pub lines: Vec<String>,
    /// Whether it serves TLS only, with a certificate for 127.0.0.1, and wants one of its clients.
    pub tls: bool,
}

/// A Redis on a free port of the loopback interface.
#[derive(Debug)]
pub struct Redis {
    settings: Settings,
    port: u16,
    // Dropped before the folder that it writes to.
    process: Option<Process>,
    folder: RunDir,
}

impl Redis {
    /// Starts one, and waits until it answers.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start(settings: Settings) -> Self {
        Self::try_start(settings).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Like [`Self::start`], but returns the failure.
    pub async fn try_start(settings: Settings) -> Result<Self, Error> {
        let mut server = Self::new(settings)?;
        server.try_revive().await?;
        Ok(server)
    }

    fn new(settings: Settings) -> Result<Self, Error> {
        let folder = RunDir::of("redis", settings.parent.as_deref())?;
        if settings.tls {
            let authority = Authority::create(folder.path(), "ca")?;
            authority
                .issue("server", &Subject { name: "redis", hosts: &["127.0.0.1"], ..Subject::default() })?;
            authority.issue("client", &Subject { name: "client", ..Subject::default() })?;
        }
        let [port] = ports::free()?;
        Ok(Self { settings, folder, port, process: None })
    }

    /// Its address, such as `127.0.0.1:20123`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file of its folder: `ca.crt`, `client.crt` and `client.key` of one that serves TLS.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The running process.
    pub fn process(&self) -> Option<&Process> {
        self.process.as_ref()
    }

    /// Kills it. It keeps nothing.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again on the same port, and waits until it answers.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn revive(&mut self) {
        self.try_revive().await.unwrap_or_else(|error| panic!("{error}"));
    }

    async fn try_revive(&mut self) -> Result<(), Error> {
        let command = self.command()?;
        let process = Process::try_start_in(self.folder.path(), "redis-server", &command)?;
        self.process.insert(process).try_wrote(LIMIT, "Ready to accept connections").await
    }

    fn command(&self) -> Result<Command, Error> {
        let mut lines = vec![
            "bind 127.0.0.1".to_owned(),
            format!("dir {}", self.folder.path().display()),
            "save \"\"".to_owned(),
        ];
        lines.push(format!("port {}", if self.settings.tls { 0 } else { self.port }));
        if self.settings.tls {
            lines.push(format!("tls-port {}", self.port));
            for (key, file) in [("ca-cert", "ca.crt"), ("cert", "server.crt"), ("key", "server.key")] {
                lines.push(format!("tls-{key}-file {}", self.file(file).display()));
            }
        }
        lines.extend(self.settings.password.iter().map(|password| format!("requirepass {password}")));
        lines.extend(self.settings.lines.iter().cloned());
        configured(&self.file("redis.conf"), &lines)
    }

    /// Runs a command on it, as in `run("RPUSH jobs a b")`, and returns what redis-cli says.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, command: &str) -> String {
        self.try_run(command).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Like [`Self::run`], but returns the failure.
    pub fn try_run(&self, command: &str) -> Result<String, Error> {
        let mut client = client(self.port)?;
        if let Some(password) = &self.settings.password {
            client.args(["--no-auth-warning", "-a", password]);
        }
        if self.settings.tls {
            client.arg("--tls").arg("--cacert").arg(self.file("ca.crt"));
            client.arg("--cert").arg(self.file("client.crt")).arg("--key").arg(self.file("client.key"));
        }
        said(client.arg("-e").args(command.split_whitespace()))
    }
}

/// Three nodes that share the slots.
#[derive(Debug)]
pub struct Cluster {
    /// The nodes.
    pub nodes: Vec<Redis>,
}

impl Cluster {
    /// Starts one, and waits until it serves all slots.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start(settings: Settings) -> Self {
        let mut nodes = vec![];
        for bus in ports::free::<3>().unwrap_or_else(|error| panic!("{error}")) {
            let mut settings = settings.clone();
            settings.lines.extend(["cluster-enabled yes".to_owned(), format!("cluster-port {bus}")]);
            nodes.push(Redis::start(settings).await);
        }
        let mut create = client(nodes[0].port).unwrap_or_else(|error| panic!("{error}"));
        if let Some(password) = &settings.password {
            create.args(["--no-auth-warning", "-a", password]);
        }
        create.args(["--cluster", "create"]).args(nodes.iter().map(Redis::address)).arg("--cluster-yes");
        said(&mut create).unwrap_or_else(|error| panic!("{error}"));
        for node in &nodes {
            wait::until(LIMIT, "the cluster serves", async || {
                node.run("CLUSTER INFO").contains("cluster_state:ok").then_some(())
            })
            .await;
        }
        Self { nodes }
    }

    /// The addresses of all nodes, separated by commas.
    pub fn addresses(&self) -> String {
        self.nodes.iter().map(Redis::address).collect::<Vec<_>>().join(",")
    }

    /// Runs a command on the node that has its key.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, command: &str) -> String {
        let mut client = client(self.nodes[0].port).unwrap_or_else(|error| panic!("{error}"));
        if let Some(password) = &self.nodes[0].settings.password {
            client.args(["--no-auth-warning", "-a", password]);
        }
        let said = said(client.args(["-c", "-e"]).args(command.split_whitespace()));
        said.unwrap_or_else(|error| panic!("{error}"))
    }
}

/// A sentinel that watches a master named `jobs`.
#[derive(Debug)]
pub struct Sentinel {
    port: u16,
    _folder: RunDir,
    _process: Process,
}

impl Sentinel {
    /// Starts one, and waits until it answers. It has the same password as the master.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start(master: &Redis, password: Option<&str>) -> Self {
        Self::try_start(master, password).await.unwrap_or_else(|error| panic!("{error}"))
    }

    async fn try_start(master: &Redis, password: Option<&str>) -> Result<Self, Error> {
        let folder = RunDir::of("sentinel", None)?;
        let [port] = ports::free()?;
        let mut lines = vec![
            "bind 127.0.0.1".to_owned(),
            format!("dir {}", folder.path().display()),
            format!("port {port}"),
            format!("sentinel monitor jobs 127.0.0.1 {} 1", master.port),
            "sentinel down-after-milliseconds jobs 500".to_owned(),
            "sentinel failover-timeout jobs 2000".to_owned(),
        ];
        if let Some(of_master) = &master.settings.password {
            lines.push(format!("sentinel auth-pass jobs {of_master}"));
        }
        lines.extend(password.map(|password| format!("requirepass {password}")));
        let mut command = configured(&folder.path().join("sentinel.conf"), &lines)?;
        command.arg("--sentinel");
        let mut process = Process::try_start("redis-sentinel", &command)?;
        process.wrote(LIMIT, "+monitor master jobs").await;
        Ok(Self { port, _folder: folder, _process: process })
    }

    /// Its address, such as `127.0.0.1:20123`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

fn configured(path: &Path, lines: &[String]) -> Result<Command, Error> {
    pki::write_private(path, &(lines.join("\n") + "\n"))?;
    let mut command = Command::new(SERVER.find()?);
    command.arg(path);
    Ok(command)
}

fn client(port: u16) -> Result<Command, Error> {
    let mut command = Command::new(CLIENT.find()?);
    command.args(["-h", "127.0.0.1", "-p", &port.to_string()]);
    Ok(command)
}

fn said(client: &mut Command) -> Result<String, Error> {
    let output = client.output().map_err(Error::spawn("redis-cli"))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        return Ok(text);
    }
    let detail = format!("{text} {}", String::from_utf8_lossy(&output.stderr));
    Err(Error::Failed { program: "redis-cli".to_owned(), status: output.status, detail })
}
