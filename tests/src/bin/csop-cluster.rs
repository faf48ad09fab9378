//! Builds and runs the local control plane.

use std::{
    ffi::OsString,
    io::{self, Read as _, Write as _},
    process::ExitCode,
    thread,
    time::Instant,
};

use clap::{Parser, Subcommand};
use csop_tests::{
    Error, child, cluster::READY, components::Options, programs, run_dir, signals, supervisor::Supervisor,
};
use tokio::{runtime, sync::oneshot};

/// A real Kubernetes control plane on this machine, with simulated nodes and pods
#[derive(Parser)]
#[command(name = "csop-cluster")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the programs and helm, unless they are in the cache
    Build,
    /// Start a control plane and keep it until Ctrl-C
    Up {
        #[command(flatten)]
        options: Options,
        /// Also end when standard input is closed
        #[arg(long)]
        until_stdin_closes: bool,
    },
    /// Remove what killed control planes left in the temporary folder
    Sweep,
    /// Become a program that ends with its parent
    #[command(name = child::SUBCOMMAND, hide = true)]
    Child {
        #[arg(long)]
        parent: u32,
        #[arg(last = true, required = true)]
        program: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Build => build(),
        Command::Up { options, until_stdin_closes } => up(&options, until_stdin_closes),
        Command::Sweep => {
            say(&format!("removed {} folders", run_dir::sweep()));
            Ok(())
        }
        Command::Child { parent, program } => match child::become_program(parent, &program) {
            Ok(never) => match never {},
            Err(error) => Err(Error::spawn(program[0].to_string_lossy())(error)),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Error> {
    let bin = programs::cluster()?;
    let helm = programs::helm()?;
    say(&format!("programs in {}, helm is {}", bin.display(), helm.display()));
    Ok(())
}

/// Runs on the main thread alone: the components are tied to it.
fn up(options: &Options, until_stdin_closes: bool) -> Result<(), Error> {
    // Before signals are listened to, so that they still end a build.
    let bin = programs::cluster()?;
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().map_err(Error::spawn("the runtime"))?;
    runtime.block_on(async {
        let mut closed = until_stdin_closes.then(stdin_closes);
        let mut end = Box::pin(async {
            match &mut closed {
                Some(closed) => tokio::select! {
                    stopped = signals::stop() => stopped,
                    _ = closed => Ok(()),
                },
                None => signals::stop().await,
            }
        });
        let started = Instant::now();
        let mut supervisor = tokio::select! {
            supervisor = Supervisor::start(bin, options) => supervisor?,
            stopped = &mut end => return stopped,
        };
        announce(&supervisor, started, until_stdin_closes);
        tokio::select! {
            failure = supervisor.failure() => Err(failure),
            stopped = &mut end => stopped,
        }
    })
}

fn announce(supervisor: &Supervisor, started: Instant, quiet: bool) {
    if !quiet {
        say(&format!(
            "ready after {:.1} s; Ctrl-C ends it. In another terminal:",
            started.elapsed().as_secs_f32()
        ));
    }
    // Whoever closed the output does not want to read it.
    let _ = write!(
        io::stdout(),
        "{READY}{}\nexport PATH={}:$PATH\n",
        supervisor.kubeconfig().display(),
        supervisor.bin().display()
    );
    let _ = io::stdout().flush();
}

fn stdin_closes() -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        let mut ignored = [0; 256];
        while matches!(io::stdin().read(&mut ignored), Ok(count) if count > 0) {}
        // The receiver is gone when the control plane has ended already.
        let _ = sender.send(());
    });
    receiver
}

fn say(message: &str) {
    // A closed standard error is no reason to stop.
    let _ = writeln!(io::stderr(), "csop-cluster: {message}");
}
