//! The commands, one file or folder each: its arguments, and what it does.

pub mod check;
pub mod completion;
pub mod init;
pub mod render;
pub mod status;
pub mod version;

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
    Render(render::Args),
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
