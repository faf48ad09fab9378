//! The commands, one file or folder each: its arguments, and what it does.

mod change;
pub mod check;
pub mod completion;
pub mod diff;
pub mod events;
mod floors;
mod follow;
pub mod history;
pub mod init;
pub mod logs;
pub mod pause;
mod prompt;
pub mod render;
pub mod restart;
pub mod scale;
pub mod scaler;
pub mod status;
pub mod target;
pub mod tree;
pub mod undo;
pub mod version;
pub mod wait;

use crate::cli::Global;
use crate::client::Cluster;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use clap::Subcommand;

/// The commands; each is documented at its arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    Init(init::Args),
    Status(status::Args),
    Tree(tree::Args),
    Events(events::Args),
    Logs(logs::Args),
    Render(render::Args),
    Diff(diff::Args),
    Wait(wait::Args),
    Restart(restart::Args),
    History(history::Args),
    Undo(undo::Args),
    Scale(scale::Args),
    Scaler(scaler::Args),
    Pause(pause::PauseArgs),
    Resume(pause::ResumeArgs),
    Check(check::Args),
    Completion(completion::Args),
    Version(version::Args),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever stops it.
    pub async fn run(&self, global: &Global, io: &mut Io) -> Result<Exit, Error> {
        match self {
            Self::Init(args) => Box::pin(init::run(args, global, io)).await,
            Self::Status(args) => Box::pin(status::run(args, global, io)).await,
            Self::Render(args) => Box::pin(render::run(args, global, io)).await,
            Self::Tree(args) => Box::pin(tree::run(args, global, io)).await,
            Self::Events(args) => Box::pin(events::run(args, global, io)).await,
            Self::Logs(args) => Box::pin(logs::run(args, global, io)).await,
            Self::Diff(args) => Box::pin(diff::run(args, global, io)).await,
            Self::Wait(args) => Box::pin(wait::run(args, global, io)).await,
            Self::Restart(args) => Box::pin(restart::run(args, global, io)).await,
            Self::History(args) => Box::pin(history::run(args, global, io)).await,
            Self::Undo(args) => Box::pin(undo::run(args, global, io)).await,
            Self::Scale(args) => Box::pin(scale::run(args, global, io)).await,
            Self::Scaler(args) => Box::pin(scaler::run(args, global, io)).await,
            Self::Pause(args) => Box::pin(pause::pause(args, global, io)).await,
            Self::Resume(args) => Box::pin(pause::resume(args, global, io)).await,
            Self::Check(args) => Box::pin(check::run(args, global, io)).await,
            Self::Completion(args) => completion::run(args, io),
            Self::Version(args) => Box::pin(version::run(args, global, io)).await,
        }
    }
}

/// Connects to the cluster, and says which one it is with `--verbose`.
async fn connect(global: &Global, io: &mut Io) -> Result<Cluster, Error> {
    let cluster = Cluster::connect(global).await?;
    io.detail(&format!("cluster {}, namespace {}", cluster.server, cluster.namespace));
    Ok(cluster)
}
