//! `pause` and `resume`: hold all writes of the operator for an object, and let them go on.

use super::change::{self, Change, Options};
use super::connect;
use super::target::{self, Target};
use crate::cli::Global;
use crate::client::{Cluster, Own, singular};
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::view::gitops::Touched;
use csop_shared::api::{CashService, GeneralScaler};
use csop_shared::names::annotations;
use kube::ResourceExt;
use serde_json::json;

/// Hold all changes that the operator would make for a service or a scaler.
///
/// The pods of a service go on, its autoscaler too; but edits of the service, and changes of its objects by hand,
/// have no consequence until it is resumed. A paused scaler (gs/NAME) leaves the number of replicas as it is. The
/// annotation csop.dev/paused says so.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # Try something by hand, undisturbed\n  kubectl csop pause shop\n\n  \
    # The same with the kind, in a script\n  kubectl csop pause csvc/shop --yes\n\n  \
    # Keep a scaler from scaling\n  kubectl csop pause gs/shop")]
pub struct PauseArgs {
    /// NAME of a service, or KIND/NAME, such as gs/shop for a scaler
    #[arg(value_parser = target::any)]
    name: Target,
    #[command(flatten)]
    options: Options,
}

/// Let the operator go on with a paused service or scaler.
///
/// What was edited meanwhile takes effect now, and what was changed by hand is undone: `diff` shows both beforehand.
/// A scaler begins anew: it scales nothing down before its stabilisation window is over.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # What will happen?\n  kubectl csop diff shop\n\n  \
    # Let it happen\n  kubectl csop resume shop\n\n  \
    # Let a scaler scale again\n  kubectl csop resume gs/shop")]
pub struct ResumeArgs {
    /// NAME of a service, or KIND/NAME, such as gs/shop for a scaler
    #[arg(value_parser = target::any)]
    name: Target,
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
    target: &Target,
    options: &Options,
    paused: bool,
    global: &Global,
    io: &mut Io,
) -> Result<Exit, Error> {
    options.check(io)?;
    let cluster = connect(global, io).await?;
    match target {
        Target::Service(name) => set_on::<CashService>(name, options, paused, &cluster, io).await,
        Target::Scaler(name) => set_on::<GeneralScaler>(name, options, paused, &cluster, io).await,
    }
}

async fn set_on<K: Own>(
    name: &str,
    options: &Options,
    paused: bool,
    cluster: &Cluster,
    io: &mut Io,
) -> Result<Exit, Error> {
    let object: K = change::read(name, cluster).await?;
    let before = object.annotations().get(annotations::PAUSED).map(String::as_str);
    if (before == Some("true")) == paused {
        let state = if paused { "paused already" } else { "not paused" };
        io.note(&format!("{}/{name} is {state}; nothing is changed", singular::<K>()));
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
    change::make(&change, &object, options, cluster, io).await?;
    Ok(Exit::Ok)
}
