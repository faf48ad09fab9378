//! `history`: the recorded revisions of a service.

use super::{connect, target};
use crate::cli::Global;
use crate::client::Cluster;
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use crate::output::{self, history};
use crate::view::revisions;
use clap::ValueEnum;
use csop_shared::api::CashService;
use csop_shared::names::labels;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::api::ListParams;
use kube::{Api, ResourceExt};

/// List the recorded revisions of a service.
///
/// Every change of the pod template is a revision; the newest ten are kept. `undo --to` goes back to one of them.
/// The change cause is the annotation kubernetes.io/change-cause that the service had at that time.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # What ran when, and why\n  kubectl csop history shop\n\n  \
    # Say why, with the next change\n  \
    kubectl annotate csvc shop kubernetes.io/change-cause='raise the timeout' --overwrite\n\n  \
    # What revision 3 consisted of\n  \
    kubectl csop history shop -o json | jq '.revisions[] | select(.number == 3).spec'")]
pub struct Args {
    /// Name of a service
    #[arg(value_parser = target::parse)]
    name: String,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Table,
    Wide,
    Json,
    Yaml,
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let cluster = connect(global, io).await?;
    let name = &args.name;
    let service = cluster.call(cluster.on_service("get", name), cluster.services().get(name)).await?;
    let recorded = recorded(&service, &cluster).await?;
    if recorded.is_empty() {
        cluster.still(&service).await?;
    }
    let view = revisions::view(&service, &recorded);
    let wide = matches!(args.output, Format::Wide);
    let text = match args.output {
        Format::Json => output::json(&view),
        Format::Yaml => output::yaml(&view),
        Format::Table | Format::Wide if view.revisions.is_empty() => {
            io.note(&format!("cashservice/{name} has no revision yet"));
            return Ok(Exit::Ok);
        }
        Format::Table | Format::Wide => {
            history::text(&view, wide, io.terminal.width().filter(|_| !wide), Timestamp::now())
        }
    };
    io.print(&text)?;
    Ok(Exit::Ok)
}

/// The ControllerRevisions that a service owns.
///
/// # Errors
/// When they cannot be read.
pub async fn recorded(service: &CashService, cluster: &Cluster) -> Result<Vec<ControllerRevision>, Error> {
    let attempt = Attempt::new("list", "controllerrevisions.apps").within(Some(&cluster.namespace));
    let api = Api::<ControllerRevision>::namespaced(cluster.client.clone(), &cluster.namespace);
    let selector = ListParams::default().labels(&format!("{}={}", labels::SERVICE, service.name_any()));
    let all = cluster.pages(&attempt, selector, async |page| api.list(&page).await).await?;
    let uid = service.uid().unwrap_or_default();
    let is_own = |it: &ControllerRevision| it.owner_references().iter().any(|owner| owner.uid == uid);
    Ok(all.into_iter().filter(is_own).collect())
}
