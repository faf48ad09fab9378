//! `scaler status`: one scaler, or all of them.

use super::super::scale::facts::readable;
use super::super::status::fetch;
use super::super::status::printer::Notation;
use super::super::{connect, target};
use super::live::{Operator, Options};
use super::watch;
use crate::cli::Global;
use crate::client::{Cluster, SCALERS};
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use crate::output::paint::Paint;
use crate::output::{self, scaler, scalers, services};
use crate::view;
use crate::view::scaler::{ScalerView, Source};
use crate::view::scalers::ScalersView;
use clap::ValueEnum;
use csop_shared::api::{CashServiceScheduledScale, GeneralScaler};
use jiff::Timestamp;
use kube::Api;
use kube::api::ListParams;
use kube::core::DeserializeGuard;

/// Show what a scaler sees, what it decided and why, and what would change that; or list all scalers.
///
/// The last decision comes from the operator itself, through the API server's proxy to the pod that leads (that
/// needs the permission to get pods/proxy and the lease in the operator's namespace), or from --operator-url. Else
/// the status is shown, with its age. The exit code is 0 when the scaler is Ready, 3 when it is not, and 5 when it is
/// paused. Without NAME: a table of all scalers of the namespace.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # All scalers of the namespace, or of all namespaces\n  \
    kubectl csop scaler status\n  kubectl csop scaler status -A\n\n  \
    # One scaler, once or until Ctrl-C\n  \
    kubectl csop scaler status shop\n  kubectl csop scaler status shop -w\n\n  \
    # Every step from the metrics to the result, in words\n  kubectl csop scaler status shop --explain\n\n  \
    # In a script: how many does it want?\n  kubectl csop scaler status shop -o json | jq .replicas.wanted")]
pub struct Args {
    /// NAME of a scaler
    #[arg(value_name = "NAME", conflicts_with = "all_namespaces", value_parser = target::scaler)]
    pub(super) scaler: Option<String>,
    /// The scalers of all namespaces
    #[arg(short = 'A', long)]
    pub(super) all_namespaces: bool,
    /// Go on until Ctrl-C: redraw on a terminal, print what changes elsewhere
    #[arg(short, long)]
    watch: bool,
    /// With the whole reasoning, step by step
    #[arg(long, requires = "scaler")]
    explain: bool,
    #[command(flatten)]
    pub(super) operator: Options,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(super) output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Table,
    Wide,
    Json,
    Yaml,
    Name,
}

impl Format {
    pub(super) fn notation(self) -> Notation {
        match self {
            Self::Json | Self::Name => Notation::Json,
            Self::Yaml => Notation::Yaml,
            Self::Table | Self::Wide => Notation::Text,
        }
    }

    pub(super) fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Wide)
    }
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let cluster = connect(global, io).await?;
    match &args.scaler {
        Some(name) if args.watch => watch::one(name, args, &cluster, io).await,
        None if args.watch => watch::all(args, &cluster, io).await,
        Some(name) => one(name, args, &cluster, io).await,
        None => all(args, &cluster, io).await,
    }
}

async fn one(name: &str, args: &Args, cluster: &Cluster, io: &mut Io) -> Result<Exit, Error> {
    let scaler: GeneralScaler = cluster.get(name).await?;
    let live = Operator::new(&args.operator, cluster).live(name).await;
    let mut view = view::scaler::view(&scaler, &live);
    tell_source(&view, io);
    let schedules = schedules(cluster, io).await?;
    view.windows = view::scaler::windows(&scaler, &schedules, Timestamp::now());
    io.print(&text_of_one(&view, args, io))?;
    Ok(view.verdict.exit())
}

/// The schedules of the namespace; none, and a word on it, where they may not be read.
pub(super) async fn schedules(
    cluster: &Cluster,
    io: &mut Io,
) -> Result<Vec<CashServiceScheduledScale>, Error> {
    let read = fetch::schedules(cluster).await;
    Ok(readable(read, io)?.unwrap_or_default())
}

/// Says why the status is shown instead of the operator's own word.
pub(super) fn tell_source(view: &ScalerView, io: &mut Io) {
    if let (Source::Status, Some(reason)) = (view.source, &view.not_live) {
        io.warn(&format!("incomplete: shown from the status, which may be older: {reason}"));
    }
}

async fn all(args: &Args, cluster: &Cluster, io: &mut Io) -> Result<Exit, Error> {
    let (api, place) = list_api(args.all_namespaces, cluster);
    let attempt = Attempt::new("list", SCALERS).within(place);
    let list = cluster.call(attempt, api.list(&ListParams::default())).await?;
    let view = view::scalers::view(list.items);
    if view.items.is_empty() && (args.output.is_for_people() || args.output == Format::Name) {
        io.note(&nothing(args, cluster));
        return Ok(Exit::Ok);
    }
    io.print(&text_of_all(&view, args, io))?;
    Ok(Exit::Ok)
}

/// The list of scalers, and the namespace that it means.
pub(super) fn list_api(
    everywhere: bool,
    cluster: &Cluster,
) -> (Api<DeserializeGuard<GeneralScaler>>, Option<&str>) {
    if everywhere {
        (Api::all(cluster.client.clone()), None)
    } else {
        (Api::namespaced(cluster.client.clone(), &cluster.namespace), Some(&cluster.namespace))
    }
}

pub(super) fn nothing(args: &Args, cluster: &Cluster) -> String {
    if args.all_namespaces {
        return "no scalers found in any namespace".to_owned();
    }
    format!("no scalers found in namespace {}", cluster.namespace)
}

pub(super) fn text_of_one(view: &ScalerView, args: &Args, io: &Io) -> String {
    match args.output {
        Format::Json => output::json(view),
        Format::Yaml => output::yaml(view),
        Format::Name => format!("generalscaler.csop.dev/{}\n", view.name),
        Format::Table | Format::Wide => {
            let style = scaler::Style {
                explain: args.explain,
                wide: args.output == Format::Wide,
                width: io.terminal.width(),
                paint: Paint::new(io.terminal.live_stdout()),
            };
            scaler::text(view, style, Timestamp::now())
        }
    }
}

pub(super) fn text_of_all(view: &ScalersView, args: &Args, io: &Io) -> String {
    match args.output {
        Format::Json => output::json(view),
        Format::Yaml => output::yaml(view),
        Format::Name => scalers::names(view),
        Format::Table | Format::Wide => {
            let style = services::Style {
                namespaces: args.all_namespaces,
                wide: args.output == Format::Wide,
                width: io.terminal.width(),
            };
            scalers::text(view, style, Timestamp::now())
        }
    }
}
