//! A row for every command: how it is called, and what it needs of a cluster.

use crate::support::{Ran, run_on};
use kubectl_csop::exit::Exit;
use kubectl_csop::terminal::Terminal;
use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Longer than anything takes that ends.
const LIMIT: Duration = Duration::from_secs(60);
/// What `-f -` reads.
pub const MANIFEST: &str = "apiVersion: csop.dev/v1alpha1\nkind: CashService\nmetadata: {name: shop}\n\
                            spec: {image: 'registry.example.com/shop:1.4.2', autoscaling: {maxReplicas: 2}}\n";

const SCALER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/replay/scaler.yaml");
const TRACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/replay/trace.csv");
const SCALERS: &[&str] = &["generalscalers"];
const SCHEDULES: &[&str] = &["cashservicescheduledscales"];

/// What a command needs of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// It does nothing without one.
    Cluster,
    /// It says what it can without one, and fails.
    Partly,
    /// It works without one.
    Nothing,
}

/// When a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// By itself.
    Always,
    /// When its service is deleted.
    WithService,
    /// With Ctrl-C.
    Never,
}

/// A way to call a command.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The command's own words.
    pub command: &'static str,
    /// What follows them.
    pub rest: &'static [&'static str],
    /// What it needs.
    pub needs: Needs,
    /// When it ends.
    pub ends: Ends,
    /// Beside services, the resources without which it has nothing to say.
    pub essential: &'static [&'static str],
    /// Whether its text fits a narrow terminal. What is shown as it was written does not.
    pub fits: bool,
}

const fn row(command: &'static str, rest: &'static [&'static str]) -> Row {
    Row { command, rest, needs: Needs::Cluster, ends: Ends::Always, essential: &[], fits: false }
}

const fn text(command: &'static str, rest: &'static [&'static str]) -> Row {
    Row { fits: true, ..row(command, rest) }
}

/// All of them.
pub const ROWS: &[Row] = &[
    row("init", &["cart", "--image", "registry.example.com/cart:1", "--max", "2", "--yes", "--no-wait"]),
    Row { needs: Needs::Nothing, ..row("init", &["cart", "--image", "cart:1", "--max", "2", "-o", "yaml"]) },
    text("status", &[]),
    text("status", &["-A"]),
    row("status", &["-o", "json"]),
    text("status", &["shop"]),
    Row { ends: Ends::Never, ..text("status", &["-w"]) },
    Row { ends: Ends::WithService, ..text("status", &["shop", "-w"]) },
    text("tree", &["shop"]),
    Row { essential: &["events"], ..text("events", &["shop"]) },
    Row { essential: &["events"], ends: Ends::WithService, ..text("events", &["shop", "-w"]) },
    Row { essential: &["pods"], ..row("logs", &["shop"]) },
    Row { essential: &["pods"], ends: Ends::WithService, ..row("logs", &["shop", "-f"]) },
    row("render", &["shop"]),
    Row { needs: Needs::Nothing, ..row("render", &["-f", "-"]) },
    row("diff", &["shop"]),
    row("diff", &["-f", "-"]),
    row("wait", &["shop"]),
    row("wait", &["shop", "--for", "rolled-out"]),
    row("restart", &["shop", "--yes"]),
    row("restart", &["shop", "--yes", "--no-wait"]),
    Row { essential: &["controllerrevisions"], ..text("history", &["shop"]) },
    Row { essential: &["controllerrevisions"], ..row("undo", &["shop", "--yes", "--no-wait"]) },
    row("pause", &["shop", "--yes"]),
    row("resume", &["shop", "--yes"]),
    Row { essential: SCALERS, ..row("pause", &["gs/shop", "--yes"]) },
    Row {
        // Whether its name is taken; the others are only counted.
        essential: &["later"],
        ..row(
            "scale schedule",
            &["shop", "--at", "in 2h", "--for", "1h", "--add", "2", "--name", "later", "--yes"],
        )
    },
    row("scale schedule", &["shop", "--cron", "0 9 * * *", "--for", "1h", "--add", "2", "--dry-run"]),
    Row {
        needs: Needs::Nothing,
        ..row("scale schedule", &["shop", "--at", "in 2h", "--for", "1h", "--replicas", "12", "-o", "yaml"])
    },
    Row { essential: SCHEDULES, ..text("scale list", &[]) },
    Row { essential: SCHEDULES, ..text("scale list", &["shop"]) },
    Row { essential: SCHEDULES, ..row("scale list", &["-o", "json"]) },
    Row { essential: SCHEDULES, ..row("scale cancel", &["shop", "--yes"]) },
    Row { essential: SCALERS, ..row("scaler status", &[]) },
    Row { essential: SCALERS, ..text("scaler status", &["shop"]) },
    Row { essential: SCALERS, ..text("scaler status", &["shop", "--explain"]) },
    Row { essential: SCALERS, ends: Ends::Never, ..row("scaler status", &["-w"]) },
    Row { essential: SCALERS, ends: Ends::WithService, ..text("scaler status", &["shop", "-w"]) },
    Row { essential: SCALERS, ..text("scaler history", &["shop"]) },
    Row { essential: &["generalscalers", "leases", "pods"], ..row("scaler export", &["shop"]) },
    Row { needs: Needs::Nothing, ..row("scaler replay", &["-f", SCALER, "--trace", TRACE]) },
    Row { needs: Needs::Partly, ..text("check", &[]) },
    Row { needs: Needs::Partly, ..text("check", &["--pre"]) },
    Row { needs: Needs::Nothing, ..row("completion", &["bash"]) },
    Row { needs: Needs::Partly, ..text("version", &[]) },
    Row { needs: Needs::Nothing, ..text("version", &["--client"]) },
];

impl Row {
    /// The words of the command line.
    pub fn words(&self) -> Vec<&'static str> {
        self.command.split(' ').chain(self.rest.iter().copied()).collect()
    }

    /// The exit code of an error that has no code of its own: 1 of `diff` is a difference.
    pub fn failure(&self) -> u8 {
        if self.command == "diff" { Exit::Usage.code() } else { Exit::Error.code() }
    }

    /// Runs the command, with more words, on a terminal, to its end.
    #[track_caller]
    pub fn run(&self, more: &[&str], terminal: Terminal) -> Ran {
        let words: Vec<_> = self.words().into_iter().chain(more.iter().copied()).map(str::to_owned).collect();
        let (ended, end) = channel();
        std::thread::spawn(move || {
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let ran = run_on(&words, terminal, MANIFEST);
            // Nobody waits for it any more when it was too late.
            let _ = ended.send(ran);
        });
        end.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{:?} does not end, or panics", self.words()))
    }
}

/// The words of all commands that do something.
fn leaves(of: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
    let inner: Vec<_> = of.get_subcommands().filter(|command| command.get_name() != "help").collect();
    if inner.is_empty() {
        found.insert(path.to_owned());
    }
    for command in inner {
        leaves(command, format!("{path} {}", command.get_name()).trim_start(), found);
    }
}

#[test]
fn every_command_has_a_row() {
    let mut commands = BTreeSet::new();
    leaves(&kubectl_csop::command(), "", &mut commands);
    let rows: BTreeSet<_> = ROWS.iter().map(|row| row.command.to_owned()).collect();
    assert_eq!(commands, rows);
}
