//! `undo`: back to a recorded revision.

use super::change::{self, Change, Options};
use super::follow::{self, Goal};
use super::{connect, history, target};
use crate::cli::Global;
use crate::client::Cluster;
use crate::duration;
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use crate::output::diff;
use crate::output::paint::Paint;
use crate::view::gitops::Touched;
use crate::view::undo::{self, Exactness};
use csop_shared::api::CashService;
use csop_shared::names::annotations;
use csop_shared::render::relevant;
use k8s_openapi::api::apps::v1::Deployment;
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use std::time::Duration;

/// Bring a service back to a revision of its history.
///
/// The part of the spec that the pod template depends on is set back, and the restart stamp with it, so that the pods
/// are those of that revision again; replicas, scaling, network and rollout rules stay as they are. The content of
/// secrets is no part of a revision. Where a GitOps tool applies the service, change its source too.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # Back to what was before the last change: show it, ask, follow the rollout\n  kubectl csop undo shop\n\n  \
    # Back to revision 3 of `kubectl csop history shop`\n  kubectl csop undo shop --to 3\n\n  \
    # Only show what would change\n  kubectl csop undo shop --dry-run=server")]
pub struct Args {
    /// Name of a service
    #[arg(value_parser = target::parse)]
    name: String,
    /// Number of the revision [default: the newest that is not what the spec says now]
    #[arg(long, value_name = "REVISION", value_parser = clap::value_parser!(i64).range(1..))]
    to: Option<i64>,
    #[command(flatten)]
    options: Options,
    /// Do not wait for the rollout
    #[arg(long)]
    no_wait: bool,
    /// How long to wait for the rollout
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "5m")]
    timeout: Duration,
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    args.options.check(io)?;
    let cluster = connect(global, io).await?;
    let name = &args.name;
    let service: CashService = change::read(name, &cluster).await?;
    let recorded = history::recorded(&service, &cluster).await?;
    if recorded.is_empty() {
        cluster.still(&service).await?;
    }
    let target = undo::choose(&service, &recorded, args.to)?;
    if relevant(&service) == relevant(&target.service) {
        io.note(&format!("cashservice/{name} is what revision {} says; nothing is changed", target.number));
        return Ok(Exit::Ok);
    }
    match undo::exactness(&target, deployment(name, &cluster, io).await?.as_ref()) {
        Exactness::Exact => {}
        Exactness::Secrets => io.warn(&format!(
            "the content of its secrets is another than at revision {}, and is no part of a revision: the pods get \
             the spec of that revision, and the secrets of today",
            target.number
        )),
        Exactness::Unknown => io.warn(&format!(
            "whether the pod template will be that of revision {} exactly cannot be told from here",
            target.number
        )),
    }
    let change = the_change(&service, &target, io);
    let Some(made) = change::make(&change, &service, &args.options, &cluster, io).await? else {
        return Ok(Exit::Ok);
    };
    if let Some(exit) = change::held(&made.object, io) {
        return Ok(exit);
    }
    if args.no_wait {
        return Ok(Exit::Ok);
    }
    follow::until(Goal::Ready, name, args.timeout, &cluster, made.interrupted, io).await
}

fn the_change(service: &CashService, target: &undo::Target, io: &Io) -> Change {
    let (before, after) = (relevant(service), relevant(&target.service));
    let paint = Paint::new(io.terminal.live_stderr());
    let to = format!("revision {}", target.number);
    let stamp = |of: &CashService| of.annotations().get(annotations::RESTARTED_AT).cloned();
    let from =
        target.from.map_or_else(|| "what was not recorded yet".to_owned(), |number| number.to_string());
    let mut notes = json!({
        annotations::CHANGE_CAUSE: format!("kubectl csop undo --to {}, from {from}", target.number),
    });
    if stamp(service) != stamp(&target.service) {
        notes[annotations::RESTARTED_AT] = json!(stamp(&target.service));
    }
    let mut patch = json!({"metadata": {"annotations": notes}});
    if let Some(spec) = change::between(&before["spec"], &after["spec"]) {
        patch["spec"] = spec;
    }
    Change {
        question: "Undo it?",
        done: "undone",
        shown: diff::unified(&shown(&before), &shown(&after), ("current", &to), paint),
        touched: if patch.get("spec").is_some() { Touched::Spec } else { Touched::Annotation },
        patch,
    }
}

fn shown(relevant: &Value) -> String {
    crate::output::yaml(relevant)
}

/// The live Deployment, where it may be read: it tells of the secrets that the pods see.
async fn deployment(name: &str, cluster: &Cluster, io: &mut Io) -> Result<Option<Deployment>, Error> {
    let api = Api::<Deployment>::namespaced(cluster.client.clone(), &cluster.namespace);
    let attempt = Attempt::new("get", "deployments.apps").of(name).within(Some(&cluster.namespace));
    match cluster.call(attempt, api.get_opt(name)).await {
        Err(error @ (Error::Forbidden(_) | Error::Refused { forbidden: true, .. })) => {
            io.warn(&format!("incomplete: {error}"));
            Ok(None)
        }
        other => other,
    }
}
