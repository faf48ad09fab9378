//! `pause` and `resume`: hold all writes of the operator for a service, and let them go on.

use super::change::{self, Change, Options};
use super::{connect, target};
use crate::cli::Global;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::view::gitops::Touched;
use csop_shared::names::annotations;
use kube::ResourceExt;
use serde_json::json;

/// Hold all changes that the operator would make for a service.
///
/// Its pods go on, its autoscaler too; but edits of the service, and changes of its objects by hand, have no
/// consequence until it is resumed. The annotation csop.dev/paused says so.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # Try something by hand, undisturbed\n  kubectl csop pause shop\n\n  \
    # The same with the kind, in a script\n  kubectl csop pause csvc/shop --yes")]
pub struct PauseArgs {
    /// KIND/NAME or NAME of a service
    #[arg(value_parser = target::parse)]
    name: String,
    #[command(flatten)]
    options: Options,
}

/// Let the operator go on with a paused service.
///
/// What was edited meanwhile takes effect now, and what was changed by hand is undone: `diff` shows both beforehand.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # What will happen?\n  kubectl csop diff shop\n\n  \
    # Let it happen\n  kubectl csop resume shop")]
pub struct ResumeArgs {
    /// KIND/NAME or NAME of a service
    #[arg(value_parser = target::parse)]
    name: String,
    #[command(flatten)]
    options: Options,
}

pub(super) async fn pause(args: &PauseArgs, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    set(&args.name, &args.options, true, global, io).await
}

pub(super) async fn resume(args: &ResumeArgs, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    set(&args.name, &args.options, false, global, io).await
}

async fn set(
    name: &str,
    options: &Options,
    paused: bool,
    global: &Global,
    io: &mut Io,
) -> Result<Exit, Error> {
    options.check(io)?;
    let cluster = connect(global, io).await?;
    let service = change::read(name, &cluster).await?;
    let before = service.annotations().get(annotations::PAUSED).map(String::as_str);
    if (before == Some("true")) == paused {
        let state = if paused { "paused already" } else { "not paused" };
        io.note(&format!("cashservice/{name} is {state}; nothing is changed"));
        return Ok(Exit::Ok);
    }
    let after = if paused { "true" } else { "none" };
    let change = Change {
        question: if paused { "Pause it?" } else { "Resume it?" },
        done: if paused { "paused" } else { "resumed" },
        shown: format!("{} {} -> {after}", annotations::PAUSED, before.unwrap_or("none")),
        patch: json!({"metadata": {"annotations": {annotations::PAUSED: paused.then_some("true")}}}),
        touched: if paused { Touched::Annotation } else { Touched::Removal },
    };
    change::make(&change, &service, options, &cluster, io).await?;
    Ok(Exit::Ok)
}
