//! `restart`: new pods of the same revision's spec.

use super::change::{self, Change, Options};
use super::follow::{self, Goal};
use super::{connect, target};
use crate::cli::Global;
use crate::duration;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::view::gitops::Touched;
use csop_shared::api::CashService;
use csop_shared::names::annotations;
use jiff::Timestamp;
use kube::ResourceExt;
use serde_json::json;
use std::time::Duration;

/// Replace all pods of a service by new ones, in one rolling update.
///
/// The time is set as the annotation csop.dev/restartedAt, which reaches the pod template: the rollout follows the
/// service's own rules, and is a revision of its history.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # Show what changes, ask, and follow the rollout\n  kubectl csop restart shop\n\n  \
    # In a script, without waiting for the new pods\n  kubectl csop restart shop --yes --no-wait")]
pub struct Args {
    /// Name of a service
    #[arg(value_parser = target::parse)]
    name: String,
    #[command(flatten)]
    options: Options,
    /// Do not wait for the new pods
    #[arg(long)]
    no_wait: bool,
    /// How long to wait for the new pods
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "5m")]
    timeout: Duration,
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    args.options.check(io)?;
    let cluster = connect(global, io).await?;
    let service: CashService = change::read(&args.name, &cluster).await?;
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default().to_string();
    let before = service.annotations().get(annotations::RESTARTED_AT).map_or("none", String::as_str);
    let pods = service.status.as_ref().and_then(|status| status.replicas).unwrap_or(0);
    let change = Change {
        question: "Restart it?",
        done: "restarted",
        shown: format!(
            "restartedAt {before} -> {now} ({pods} {} replaced, one revision)",
            if pods == 1 { "pod is" } else { "pods are" }
        ),
        patch: json!({"metadata": {"annotations": {
            annotations::RESTARTED_AT: now,
            annotations::CHANGE_CAUSE: format!("kubectl csop restart, {now}"),
        }}}),
        touched: Touched::Annotation,
    };
    let Some(made) = change::make(&change, &service, &args.options, &cluster, io).await? else {
        return Ok(Exit::Ok);
    };
    if let Some(exit) = change::held(&made.object, io) {
        return Ok(exit);
    }
    if args.no_wait {
        return Ok(Exit::Ok);
    }
    follow::until(Goal::Ready, &args.name, args.timeout, &cluster, made.interrupted, io).await
}
