//! `scale`: more capacity at times that are known beforehand.

mod cancel;
mod capacity;
pub(super) mod facts;
mod list;
mod schedule;

use crate::cli::Global;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use clap::Subcommand;

/// Add capacity ahead of an event, at a date and time or again and again.
///
/// A schedule (kind CashServiceScheduledScale, short name css) keeps at least so many replicas of a service, or of what a
/// scaler scales, in its windows of time. It never takes away what demand asks for.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # Twenty more replicas for four hours\n  \
    kubectl csop scale schedule shop --at \"2026-11-27 08:00\" --tz America/New_York --for 4h --add 20\n\n  \
    # What is planned for the next days?\n  kubectl csop scale list\n\n  \
    # Let it go again\n  kubectl csop scale cancel shop-20261127-0800-x7k2")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// The commands; each is documented at its arguments.
#[derive(Debug, Subcommand)]
enum Command {
    Schedule(schedule::Args),
    List(list::Args),
    Cancel(cancel::Args),
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    match &args.command {
        Command::Schedule(args) => Box::pin(schedule::run(args, global, io)).await,
        Command::List(args) => Box::pin(list::run(args, global, io)).await,
        Command::Cancel(args) => Box::pin(cancel::run(args, global, io)).await,
    }
}
