//! Programs under test as child processes: their output is captured, and none outlives the test.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        OnceLock,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use crate::{Error, child, run_dir::RunDir, wait};

/// A running child process. It is killed with its process group when dropped, and by the kernel when the test process
/// is killed.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    folder: RunDir,
}

impl Process {
    /// Starts the command with its output captured.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(name: &str, command: &Command) -> Self {
        Self::try_start(name, command).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts the command with its output captured.
    pub fn try_start(name: &str, command: &Command) -> Result<Self, Error> {
        Self::try_start_with(None, name, command)
    }

    /// Like [`Self::try_start`], with its output kept in a folder inside this one.
    pub fn try_start_in(parent: &Path, name: &str, command: &Command) -> Result<Self, Error> {
        Self::try_start_with(Some(parent), name, command)
    }

    fn try_start_with(parent: Option<&Path>, name: &str, command: &Command) -> Result<Self, Error> {
        let folder = RunDir::of("process", parent)?;
        let log = folder.path().join(LOG);
        let output = File::create(&log).map_err(Error::file("create", &log))?;
        let errors = output.try_clone().map_err(Error::file("open", &log))?;
        let mut tied = child::tied_to_caller(command)?;
        tied.process_group(0).stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = spawn_for_life(tied).map_err(Error::spawn(name))?;
        Ok(Self { name: name.to_owned(), child, folder })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The file with all that it wrote to standard output and standard error.
    pub fn log_file(&self) -> PathBuf {
        self.folder.path().join(LOG)
    }

    /// All that it wrote to standard output and standard error so far.
    pub fn log(&self) -> String {
        fs::read(self.log_file())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal to it and to the processes that it started: `SIGTERM` to end it, `SIGKILL` to kill it, `SIGSTOP`
    /// and `SIGCONT` to let it hang for a while.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("process ids are small");
        // It may have ended by itself.
        let _ = killpg(Pid::from_raw(id), signal);
    }

    /// Waits until it ends.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn ended(&mut self, limit: Duration) -> ExitStatus {
        let (name, log) = (self.name.clone(), self.log_file());
        let child = &mut self.child;
        wait::until_ok(limit, &format!("{name} has ended"), async || match child.try_wait() {
            Ok(Some(status)) => Ok(status),
            Ok(None) => Err(tail(&log, 20)),
            Err(error) => Err(error.to_string()),
        })
        .await
    }

    /// Waits until its output contains the text.
    ///
    /// # Panics
    /// When it ends before or does not write that in time.
    pub async fn wrote(&mut self, limit: Duration, text: &str) {
        self.try_wrote(limit, text).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Like [`Self::wrote`], but returns the failure.
    pub async fn try_wrote(&mut self, limit: Duration, text: &str) -> Result<(), Error> {
        let what = format!("{} has written {text:?}", self.name);
        let outcome = wait::try_until(limit, &what, async || {
            let ended = !self.is_running();
            match self.log().contains(text) {
                true => Ok(true),
                false if ended => Ok(false),
                false => Err(tail(&self.log_file(), 20)),
            }
        });
        if outcome.await? {
            return Ok(());
        }
        let log = tail(&self.log_file(), 20);
        Err(Error::Missing(format!("{} has ended without {text:?}:\n{log}", self.name)))
    }
}

const LOG: &str = "output.log";

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        // Reaped, so that nothing of it is left; killed processes end at once.
        let _ = self.child.wait();
        if std::thread::panicking() {
            let _ = writeln!(io::stderr(), "--- {}\n{}", self.name, tail(&self.log_file(), 40));
        }
    }
}

type Spawned = io::Result<Child>;

/// Starts the command from a thread that lives as long as the test process: the kernel ties a child to the thread that
/// made it, and the threads of tests and runtimes come and go.
fn spawn_for_life(command: Command) -> Spawned {
    static SPAWNER: OnceLock<Sender<(Command, Sender<Spawned>)>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, receiver): (_, Receiver<(Command, Sender<Spawned>)>) = channel();
        std::thread::spawn(move || {
            for (mut command, answer) in receiver {
                // Whoever asked waits for the answer.
                let _ = answer.send(command.spawn());
            }
        });
        sender
    });
    let (answer, spawned) = channel();
    spawner.send((command, answer)).map_err(io::Error::other)?;
    spawned.recv().map_err(io::Error::other)?
}

/// The last lines of a file.
pub fn tail(path: &Path, lines: usize) -> String {
    let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
