//! `diff`: what the operator would change.

mod after;
mod live;

use super::{connect, render, target};
use crate::cli::Global;
use crate::client::Cluster;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::manifest;
use crate::output::diff::unified;
use crate::output::paint::Paint;
use crate::output::yaml;
use crate::view::diff::{Difference, differences, wanted};
use csop_shared::api::CashService;
use kube::ResourceExt;
use std::path::{Path, PathBuf};

/// Show what the operator would change on the live objects of a service.
///
/// With NAME: what differs now, such as while it is paused. With -f: what applying the manifest would lead to; the API
/// server checks it and fills in its defaults, and nothing is changed. Objects are compared as the operator compares
/// them: defaults and spellings do not count, nor do fields that others have added. Of secrets, only the names of keys
/// and the lengths of values are shown. The exit code is 0 when nothing differs, 1 when something does, and above 1
/// when that cannot be told.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # What would this manifest change?\n  kubectl csop diff -f shop.yaml\n\n  \
    # What would happen on `kubectl csop resume shop`?\n  kubectl csop diff shop\n\n  \
    # In a script\n  kubectl csop diff -f shop.yaml > changes.diff || test $? = 1")]
pub struct Args {
    /// Name of a service in the cluster
    #[arg(required_unless_present = "filename", conflicts_with = "filename", value_parser = target::parse)]
    name: Option<String>,
    /// Manifest of one or more CashServices; - is standard input
    #[arg(short, long, value_name = "FILE")]
    filename: Option<PathBuf>,
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    // As of `kubectl diff`, exit code 1 means a difference and nothing else.
    compare(args, global, io).await.map_err(|error| Error::Comparison(Box::new(error)))
}

async fn compare(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let mut total = Outcome::default();
    if let Some(path) = &args.filename {
        let (origin, text) = render::read(Path::new(path), io)?;
        let documents = manifest::read(&origin, &text)?;
        let cluster = connect(global, io).await?;
        for (document, service) in documents {
            let cluster = place(&service, &cluster, global)?;
            let service = after::apply(&document, &service, &cluster, io).await?;
            total.add(one(&service, &cluster, io).await?);
        }
    } else {
        let name = args.name.as_deref().unwrap_or_default();
        let cluster = connect(global, io).await?;
        let service = cluster.call(cluster.on_service("get", name), cluster.services().get(name)).await?;
        total.add(one(&service, &cluster, io).await?);
    }
    Ok(match total {
        Outcome { differs: true, .. } => Exit::Error,
        Outcome { incomplete: true, .. } => Exit::Forbidden,
        Outcome { .. } => Exit::Ok,
    })
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    differs: bool,
    incomplete: bool,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.differs |= other.differs;
        self.incomplete |= other.incomplete;
    }
}

/// The cluster in the namespace that a manifest names.
fn place(service: &CashService, cluster: &Cluster, global: &Global) -> Result<Cluster, Error> {
    let named = service.namespace();
    match (&named, &global.namespace) {
        (Some(named), Some(given)) if named != given => Err(Error::usage(
            format!("the manifest of {} names namespace {named}, and -n says {given}", service.name_any()),
            "leave out -n, or metadata.namespace",
        )),
        _ => {
            let mut cluster = cluster.clone();
            cluster.namespace = named.unwrap_or(cluster.namespace);
            Ok(cluster)
        }
    }
}

async fn one(service: &CashService, cluster: &Cluster, io: &mut Io) -> Result<Outcome, Error> {
    let mut live = live::read(service, cluster).await?;
    for missing in &live.missing {
        io.warn(&format!("incomplete: {missing}"));
    }
    let mut children = wanted(service, &live.objects, &live.floors);
    children.retain(|child| !live.unreadable.contains(&child.kind.as_str()));
    for stranger in live::strangers(service, &children, cluster, &mut live).await? {
        io.warn(&format!("{stranger} is not the service's: the operator leaves it alone, and says Conflict"));
    }
    let found = differences(service.uid().as_deref(), &children, &live.objects);
    if !found.is_empty() && service.uid().is_some() {
        // What is left of a service that was deleted meanwhile is no difference.
        cluster.still(service).await?;
    }
    let paint = Paint::new(io.terminal.live_stdout());
    io.print(&found.iter().map(|difference| text(difference, paint)).collect::<String>())?;
    Ok(Outcome { differs: !found.is_empty(), incomplete: !live.missing.is_empty() })
}

fn text(difference: &Difference, paint: Paint) -> String {
    let shown = |object: &Option<serde_json::Value>| object.as_ref().map(yaml).unwrap_or_default();
    let (old, new) = (format!("live {}", difference.id), format!("wanted {}", difference.id));
    unified(&shown(&difference.before), &shown(&difference.after), (&old, &new), paint)
}
