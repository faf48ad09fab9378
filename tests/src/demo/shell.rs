//! Runs the commands of the demo exactly as they are shown, by a shell.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    net::unix::pipe,
    process::{Child, Command},
};

use super::narrator::Narrator;
use crate::{Error, child};

/// Nothing that the demo runs takes longer, unless it hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// The commands that have more to show at a terminal than in a pipe.
const PLUGIN: &str = "kubectl csop ";

/// Where commands run.
#[derive(Debug)]
pub(super) struct Shell {
    /// The working directory.
    pub(super) folder: PathBuf,
    /// What is set beyond the user's own environment.
    pub(super) environment: Vec<(&'static str, OsString)>,
}

impl Shell {
    /// Shows a command, and its output as it comes. The command must succeed.
    pub(super) async fn show(&self, narrator: &mut Narrator, command: &str) -> Result<(), Error> {
        narrator.command(command)?;
        if narrator.is_live() && command.starts_with(PLUGIN) {
            let mut child = spawn(self.command(command)?, command)?;
            return succeeded(command, within(command, child.wait()).await?, "its output is above");
        }
        self.show_until(narrator, command, |_| false, true).await
    }

    /// Shows a command that goes on by itself until a line of its output is the one to wait for.
    pub(super) async fn watch(
        &self,
        narrator: &mut Narrator,
        command: &str,
        last: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        narrator.command(command)?;
        self.show_until(narrator, command, last, false).await
    }

    /// Runs a command without showing anything, and returns its output.
    pub(super) async fn ask(&self, command: &str) -> Result<String, Error> {
        let (mut child, mut lines) = self.piped(command)?;
        let mut text = String::new();
        while let Some(line) = within(command, lines.next_line()).await? {
            text = text + &line + "\n";
        }
        succeeded(command, within(command, child.wait()).await?, &text)?;
        Ok(text)
    }

    async fn show_until(
        &self,
        narrator: &mut Narrator,
        command: &str,
        last: impl Fn(&str) -> bool,
        may_end: bool,
    ) -> Result<(), Error> {
        let (mut child, mut lines) = self.piped(command)?;
        let shown = within(command, async {
            while let Some(line) = lines.next_line().await? {
                if let Err(error) = narrator.output(&line) {
                    return Ok(Err(error));
                }
                if last(&line) {
                    return Ok(Ok(true));
                }
            }
            Ok(Ok(false))
        });
        if shown.await?? {
            // Killed when dropped.
            return Ok(());
        }
        succeeded(command, within(command, child.wait()).await?, "its output is above")?;
        match may_end {
            true => Ok(()),
            false => Err(Error::Missing(format!("{command} ended before what it was watched for"))),
        }
    }

    /// Starts the command with both its outputs in one pipe, so that their order is the one of a terminal.
    fn piped(&self, command: &str) -> Result<(Child, Lines<BufReader<pipe::Receiver>>), Error> {
        let failed = |source| Error::Spawn { program: command.to_owned(), source };
        let (reader, writer) = io::pipe().map_err(failed)?;
        let mut shell = self.command(command)?;
        shell.stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        let child = spawn(shell, command)?;
        let receiver = pipe::Receiver::from_owned_fd(reader.into()).map_err(failed)?;
        Ok((child, BufReader::new(receiver).lines()))
    }

    fn command(&self, command: &str) -> Result<Command, Error> {
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg(format!("exec {command}"));
        let mut tied = Command::from(child::tied_to_caller(&shell)?);
        tied.envs(self.environment.iter().map(|(name, value)| (name, value)));
        tied.current_dir(&self.folder).stdin(Stdio::null()).kill_on_drop(true);
        Ok(tied)
    }
}

/// The repository, in which the demo's commands run.
pub(super) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a folder of the repository")
}

/// Starts it. Taken by value: a command that is kept would keep the pipe open that its child writes to.
fn spawn(mut command: Command, what: &str) -> Result<Child, Error> {
    command.spawn().map_err(Error::spawn(what))
}

async fn within<T>(command: &str, work: impl Future<Output = io::Result<T>>) -> Result<T, Error> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done.map_err(Error::spawn(command)),
        Err(_) => Err(Error::NotReady {
            what: format!("`{command}` has come to its end"),
            limit: PATIENCE,
            detail: String::new(),
        }),
    }
}

fn succeeded(command: &str, status: ExitStatus, detail: &str) -> Result<(), Error> {
    match status.success() {
        true => Ok(()),
        false => Err(Error::Failed { program: command.to_owned(), status, detail: detail.to_owned() }),
    }
}
