//! `wait`: until a service is where it should be.

use super::follow::{self, Goal};
use super::{connect, target};
use crate::cli::Global;
use crate::duration;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use clap::ValueEnum;
use std::time::Duration;

/// Wait until a service is Ready, rolled out, or deleted.
///
/// It ends with exit code 0 when that is so, 3 when a cause was found that does not mend itself, and 4 when the time
/// is up. A change that was made a moment ago is waited for too.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # Deploy, and go on when the new image serves\n  \
    kubectl apply -f shop.yaml && kubectl csop wait shop\n\n  \
    # Until every pod is of the newest revision\n  kubectl csop wait shop --for rolled-out --timeout 10m\n\n  \
    # Until it is gone\n  kubectl delete csvc shop --wait=false && kubectl csop wait shop --for deleted")]
pub struct Args {
    /// Name of a service
    #[arg(value_parser = target::parse)]
    name: String,
    /// What to wait for
    #[arg(long = "for", value_name = "STATE", default_value = "ready")]
    goal: State,
    /// How long to wait
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "5m")]
    timeout: Duration,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    /// The newest revision serves at its wanted size
    Ready,
    /// All pods are of the newest revision, and available
    RolledOut,
    /// The service is gone
    Deleted,
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let cluster = connect(global, io).await?;
    let goal = match args.goal {
        State::Ready => Goal::Ready,
        State::RolledOut => Goal::RolledOut,
        State::Deleted => Goal::Deleted,
    };
    let name = &args.name;
    // A service that was never there is told apart from one that vanishes.
    match cluster.call(cluster.on_service("get", name), cluster.services().get(name)).await {
        Err(Error::NotFound(_)) if goal == Goal::Deleted => {
            io.print(&format!("cashservice.csop.dev/{name} is deleted\n"))?;
            Ok(Exit::Ok)
        }
        Err(error) => Err(error),
        Ok(_) => follow::until(goal, name, args.timeout, &cluster, follow::interrupts()?, io).await,
    }
}
