//! `scaler`: what scalers see and decide, what they did, and what they would have done.

mod export;
mod history;
mod live;
mod plain;
mod prometheus;
mod replay;
mod status;
mod watch;

use crate::cli::Global;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use clap::Subcommand;

/// See what a GeneralScaler does and why, and try it on recorded load.
///
/// A scaler is named by NAME or gs/NAME. `pause gs/NAME` and `resume gs/NAME` hold it and let it go on.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # All scalers of the namespace\n  kubectl csop scaler status\n\n  \
    # What does this one see, what did it decide, and why?\n  kubectl csop scaler status shop --explain\n\n  \
    # What has it done?\n  kubectl csop scaler history shop")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// The commands; each is documented at its arguments.
#[derive(Debug, Subcommand)]
enum Command {
    Status(status::Args),
    History(history::Args),
    Replay(replay::Args),
    Export(export::Args),
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    match &args.command {
        Command::Status(args) => Box::pin(status::run(args, global, io)).await,
        Command::History(args) => Box::pin(history::run(args, global, io)).await,
        Command::Replay(args) => replay::run(args, io),
        Command::Export(args) => Box::pin(export::run(args, global, io)).await,
    }
}
