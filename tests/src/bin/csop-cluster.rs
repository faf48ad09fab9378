//! Builds and runs the local control plane.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
    thread,
    time::Instant,
};

use clap::{Parser, Subcommand};
use csop_tests::{
    Error, child,
    cluster::{READY, REGISTRY},
    components::Options,
    images,
    node::{self, inside, policies},
    programs, run_dir, signals,
    supervisor::Supervisor,
};
use tokio::{runtime, sync::mpsc};

/// A real Kubernetes control plane on this machine, with simulated nodes and pods
#[derive(Parser)]
#[command(name = "csop-cluster")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the programs and helm, and those of a real node with its images where it can run, unless they are there
    Build,
    /// Say which layers of the tests this machine can run
    Layers,
    /// Start a control plane and keep it until Ctrl-C
    Up {
        #[command(flatten)]
        options: Options,
        /// Take orders from standard input, such as "stop etcd", "start etcd", "pause etcd", "resume etcd", and end when it
        /// is closed
        #[arg(long)]
        until_stdin_closes: bool,
    },
    /// Remove what killed control planes left in the temporary folder
    Sweep,
    /// Become the first process of a real node
    #[command(name = inside::SUBCOMMAND, hide = true)]
    Node(inside::Inside),
    /// Become what enforces NetworkPolicies on a real node
    #[command(name = policies::SUBCOMMAND, hide = true)]
    Policies,
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
        Command::Layers => layers(),
        Command::Node(inside) => inside::run(&inside),
        Command::Policies => policies::run(),
        Command::Up { options, until_stdin_closes } => up(&options, until_stdin_closes),
        Command::Sweep => {
            node::cgroups::sweep();
            let folders = run_dir::sweep();
            say(&format!("removed {folders} folder{}", if folders == 1 { "" } else { "s" }));
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
    if node::missing().is_some() {
        return Ok(());
    }
    build_node()?;
    images::for_tests().map(|_| ())
}

fn build_node() -> Result<(), Error> {
    programs::node()?;
    node::image::archive().map(|_| ())
}

fn layers() -> Result<(), Error> {
    let everywhere = "1 pure, 2 scripted API server, 3 real control plane, 5 command line";
    let lines = match node::missing() {
        None => format!("Test layers run:     {everywhere}, 6 real node\nTest layers skipped: none\n"),
        Some(reason) => {
            format!("Test layers run:     {everywhere}\nTest layers skipped: 6 real node ({reason})\n")
        }
    };
    io::stdout().write_all(lines.as_bytes()).map_err(Error::file("write to", "/dev/stdout"))
}

/// Runs on the main thread alone: the components are tied to it.
fn up(options: &Options, until_stdin_closes: bool) -> Result<(), Error> {
    if let Some(reason) = options.real_node.then(node::missing).flatten() {
        return Err(Error::Missing(format!("this machine cannot run a real node: {reason}")));
    }
    // Before signals are listened to, so that they still end a build.
    let bin = programs::cluster()?;
    if options.real_node {
        build_node()?;
    }
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().map_err(Error::spawn("the runtime"))?;
    runtime.block_on(async {
        let mut orders = until_stdin_closes.then(orders);
        let mut stopped = Box::pin(signals::stop());
        let started = Instant::now();
        let mut supervisor = tokio::select! {
            supervisor = Supervisor::start(bin, options) => supervisor?,
            stopped = &mut stopped => return stopped,
            // Whoever gives orders does so when it is ready.
            _ = next(&mut orders) => return Ok(()),
        };
        announce(&supervisor, started, until_stdin_closes);
        loop {
            tokio::select! {
                failure = supervisor.failure() => return Err(failure),
                stopped = &mut stopped => return stopped,
                order = next(&mut orders) => match order {
                    Some(line) => supervisor.obey(&line.parse()?).await?,
                    None => return Ok(()),
                },
            }
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
    if let Some(registry) = supervisor.registry() {
        let _ = writeln!(io::stdout(), "{REGISTRY}{registry}");
    }
    let _ = write!(
        io::stdout(),
        "{READY}{}\nexport PATH={}:$PATH\n",
        supervisor.kubeconfig().display(),
        supervisor.bin().display()
    );
    let _ = io::stdout().flush();
}

type Orders = mpsc::UnboundedReceiver<String>;

/// The lines of standard input; they end when it is closed.
fn orders() -> Orders {
    let (sender, receiver) = mpsc::unbounded_channel();
    thread::spawn(move || {
        // The receiver is gone when the control plane has ended already.
        io::stdin()
            .lines()
            .map_while(Result::ok)
            .take_while(|line| sender.send(line.clone()).is_ok())
            .for_each(drop);
    });
    receiver
}

/// The next order, or nothing when there will be none; who takes no orders waits for ever.
async fn next(orders: &mut Option<Orders>) -> Option<String> {
    match orders {
        Some(orders) => orders.recv().await,
        None => std::future::pending().await,
    }
}

fn say(message: &str) {
    // A closed standard error is no reason to stop.
    let _ = writeln!(io::stderr(), "csop-cluster: {message}");
}
