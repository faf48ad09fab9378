//! The real kubectl against the control plane.

use std::{
    env,
    path::PathBuf,
    process::{self, ExitStatus},
};

use tokio::process::Command;

use crate::{Cluster, Error, programs};

/// How a command ended and what it said.
#[derive(Debug, Clone)]
pub struct Output {
    /// The command line, for messages.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Output {
    /// Of this command line.
    pub fn of(command: String, output: &process::Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { command, status: output.status, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Standard output, if the command succeeded.
    ///
    /// # Panics
    /// When it failed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert!(
            self.status.success(),
            "{} failed ({}):\n{}{}",
            self.command,
            self.status,
            self.stdout,
            self.stderr
        );
        self.stdout
    }

    /// Standard error, if the command failed.
    ///
    /// # Panics
    /// When it succeeded.
    #[track_caller]
    pub fn error(self) -> String {
        assert!(!self.status.success(), "{} succeeded:\n{}", self.command, self.stdout);
        self.stderr
    }
}

/// The kubectl of the control plane, else the one on the PATH.
pub fn program() -> Result<PathBuf, Error> {
    if let Some(bin) = programs::cluster_if_built() {
        return Ok(bin.join("kubectl"));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|folder| folder.join("kubectl"))
        .find(|program| program.is_file())
        .ok_or_else(|| Error::Missing("no kubectl: run `csop-cluster build` first".to_owned()))
}

impl Cluster {
    /// Runs kubectl as the administrator.
    ///
    /// # Panics
    /// When kubectl cannot be run. Its failure is an answer.
    pub async fn kubectl<S: AsRef<str>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        let arguments: Vec<String> =
            arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        let mut command = Command::new(program().unwrap_or_else(|error| panic!("{error}")));
        command.args(&arguments).env("KUBECONFIG", self.kubeconfig()).kill_on_drop(true);
        let output = command.output().await.unwrap_or_else(|error| panic!("cannot run kubectl: {error}"));
        Output::of(format!("kubectl {}", arguments.join(" ")), &output)
    }

    /// Applies a manifest in a namespace as the administrator.
    ///
    /// # Panics
    /// When kubectl cannot be run. Its failure is an answer.
    pub async fn apply(&self, namespace: &str, manifest: &str) -> Output {
        let file =
            tempfile::NamedTempFile::with_suffix(".yaml").expect("the temporary folder can be written");
        std::fs::write(file.path(), manifest).expect("the temporary folder can be written");
        let path = file.path().display().to_string();
        self.kubectl(["apply", "--namespace", namespace, "--filename", &path]).await
    }
}
