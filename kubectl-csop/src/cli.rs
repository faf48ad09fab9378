//! The command line: what every command shares.

use crate::commands::Command;
use crate::duration;
use clap::{Args, Parser};
use std::path::PathBuf;
use std::time::Duration;

/// Widest line of a help text.
pub const HELP_WIDTH: usize = 100;

const GLOBAL: &str = "Global options";

/// Run services on Kubernetes the safe way, from one CashService each.
///
/// The plugin creates CashServices and reads their status; the csop operator in the cluster does the rest.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-csop",
    bin_name = "kubectl csop",
    version,
    max_term_width = HELP_WIDTH,
    after_long_help = "Exit codes: 0 ok, 1 error, 2 usage, 3 degraded or failed, 4 timed out, 5 paused, 6 precondition \
                       (such as: it already exists), 7 forbidden, 130 interrupted.\n\n\
                       Examples:\n  \
                       # Is the cluster ready for csop, and is csop ready for you?\n  \
                       kubectl csop check\n\n  \
                       # Create a service, and follow it until it is Ready\n  \
                       kubectl csop init shop --image registry.example.com/shop:1.4.2 --max 10\n\n  \
                       # See how it is doing\n  \
                       kubectl csop status shop"
)]
pub struct Cli {
    /// The options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The options of every command.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// Namespace; that of the context when not given
    #[arg(short, long, global = true, value_name = "NAMESPACE", help_heading = GLOBAL)]
    pub namespace: Option<String>,
    /// Context of the kubeconfig
    #[arg(long, global = true, value_name = "CONTEXT", help_heading = GLOBAL)]
    pub context: Option<String>,
    /// Kubeconfig file; $KUBECONFIG or ~/.kube/config when not given
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    pub kubeconfig: Option<PathBuf>,
    /// User to act as, such as system:serviceaccount:pay:deployer
    #[arg(long = "as", global = true, value_name = "USER", help_heading = GLOBAL)]
    pub r#as: Option<String>,
    /// How long a single request may take, such as 5s or 1m; 0: for ever [default: 30s]
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration::parse, help_heading = GLOBAL)]
    pub request_timeout: Option<Duration>,
    /// No colours, no redraws (NO_COLOR does the same)
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub no_color: bool,
    /// Print only data, warnings and errors
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    pub quiet: bool,
    /// Say more on standard error, such as which cluster is used
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = GLOBAL)]
    pub verbose: bool,
}
