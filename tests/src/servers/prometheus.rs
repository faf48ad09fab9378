//! A Prometheus of one's own.

use std::{path::PathBuf, process::Command, time::Duration};

use super::Program;
use crate::{Error, Process, pki, ports, run_dir::RunDir};

/// The server.
pub const PROGRAM: Program = Program { name: "prometheus", package: "prometheus" };
const LIMIT: Duration = Duration::from_secs(60);

/// How a Prometheus runs.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The folder that its own folder is made in; by default that of temporary files.
    pub parent: Option<PathBuf>,
    /// What it scrapes every second, as `host:port`.
    pub targets: Vec<String>,
    /// Its web.config, for TLS and passwords.
    pub web_config: Option<String>,
    /// The path that its pages are under, such as `/metrics-of-ours`.
    pub prefix: Option<String>,
    /// Further arguments.
    pub arguments: Vec<String>,
}

/// A Prometheus on a free port of the loopback interface.
#[derive(Debug)]
pub struct Prometheus {
    settings: Settings,
    port: u16,
    // Dropped before the folder that it writes to.
    process: Option<Process>,
    folder: RunDir,
}

impl Prometheus {
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
        let [port] = ports::free()?;
        let folder = RunDir::of("prometheus", settings.parent.as_deref())?;
        Ok(Self { settings, folder, port, process: None })
    }

    /// Its address, such as `http://127.0.0.1:20123`, without a path.
    pub fn address(&self) -> String {
        let scheme = if self.is_secure() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The host and port that it listens on.
    pub fn listens_on(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The running process.
    pub fn process(&self) -> Option<&Process> {
        self.process.as_ref()
    }

    /// Kills it. What it has stored stays.
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
        let process = Process::try_start_in(self.folder.path(), "prometheus", &command)?;
        self.process.insert(process).try_wrote(LIMIT, "Server is ready to receive web requests.").await
    }

    fn is_secure(&self) -> bool {
        self.settings.web_config.as_ref().is_some_and(|config| config.contains("tls_server_config"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self) -> Result<Command, Error> {
        let config = self.file("prometheus.yml");
        pki::write_private(&config, &scraping(&self.settings.targets))?;
        let mut command = Command::new(PROGRAM.find()?);
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.tsdb.path={}", self.file("data").display()));
        command.arg(format!("--web.listen-address={}", self.listens_on()));
        if let Some(content) = &self.settings.web_config {
            let path = self.file("web.yml");
            pki::write_private(&path, content)?;
            command.arg(format!("--web.config.file={}", path.display()));
        }
        command.args(self.settings.prefix.iter().map(|prefix| format!("--web.route-prefix={prefix}")));
        command.args(&self.settings.arguments);
        Ok(command)
    }
}

fn scraping(targets: &[String]) -> String {
    let head =
        "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nscrape_configs:\n";
    let list = targets.join(", ");
    format!("{head}- job_name: tests\n  static_configs: [{{targets: [{list}]}}]\n")
}
