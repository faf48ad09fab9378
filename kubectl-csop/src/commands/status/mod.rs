//! `status`: one service, or all of them.

pub(super) mod fetch;
mod frame;
pub(super) mod known;
pub(super) mod printer;
pub(super) mod watch;

use super::connect;
use crate::cli::Global;
use crate::client::Cluster;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::output::paint::Paint;
use crate::output::{self, service, services};
use crate::view::service::ServiceView;
use crate::view::services::ServicesView;
use clap::ValueEnum;
use jiff::Timestamp;
use printer::Notation;

/// Show how a service is doing, or list them all.
///
/// With NAME: what it is, how many replicas it has and why, the first cause when it is not Ready, and the tree
/// of the objects it owns; the exit code is 0 when it is Ready, 3 when it is not, and 5 when it is paused.
/// Without: a table of all services of the namespace.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # All services of the namespace, or of all namespaces\n  kubectl csop status\n  kubectl csop status -A\n\n  \
    # One service, once or until Ctrl-C\n  kubectl csop status shop\n  kubectl csop status shop -w\n\n  \
    # In a script: is it Ready?\n  kubectl csop status shop -o name && echo yes")]
pub struct Args {
    /// Name of a service
    #[arg(conflicts_with = "all_namespaces")]
    name: Option<String>,
    /// The services of all namespaces
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Go on until Ctrl-C: redraw on a terminal, print what changes elsewhere
    #[arg(short, long)]
    watch: bool,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Wide,
    Json,
    Yaml,
    Name,
}

impl Format {
    fn notation(self) -> Notation {
        match self {
            Self::Json => Notation::Json,
            Self::Yaml => Notation::Yaml,
            // Names change as seldom as their objects: they are printed anew when they do.
            Self::Name => Notation::Json,
            Self::Table | Self::Wide => Notation::Text,
        }
    }
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let cluster = connect(global, io).await?;
    match &args.name {
        Some(name) if args.watch => watch::one(name, args, &cluster, io).await,
        None if args.watch => watch::all(args, &cluster, io).await,
        Some(name) => one(name, args, &cluster, io).await,
        None => all(args, &cluster, io).await,
    }
}

async fn one(name: &str, args: &Args, cluster: &Cluster, io: &mut Io) -> Result<Exit, Error> {
    let view = fetch::service(name, cluster).await?;
    for missing in &view.missing {
        io.warn(&format!("incomplete: {}", missing.reason));
    }
    io.print(&text_of_one(&view, args.output, io))?;
    Ok(view.verdict.exit())
}

async fn all(args: &Args, cluster: &Cluster, io: &mut Io) -> Result<Exit, Error> {
    let view = fetch::services(args.all_namespaces, cluster).await?;
    if view.items.is_empty() && matches!(args.output, Format::Table | Format::Wide | Format::Name) {
        io.note(&nothing(args, cluster));
        return Ok(Exit::Ok);
    }
    io.print(&text_of_all(&view, args, io))?;
    Ok(Exit::Ok)
}

fn nothing(args: &Args, cluster: &Cluster) -> String {
    if args.all_namespaces {
        return "no services found in any namespace; create one with `kubectl csop init`".to_owned();
    }
    format!("no services found in namespace {}; create one with `kubectl csop init`", cluster.namespace)
}

fn text_of_one(view: &ServiceView, format: Format, io: &Io) -> String {
    match format {
        Format::Json => output::json(view),
        Format::Yaml => output::yaml(view),
        Format::Name => format!("cashservice.csop.dev/{}\n", view.name),
        Format::Table | Format::Wide => {
            let style = service::Style {
                wide: format == Format::Wide,
                width: io.terminal.width(),
                unicode: io.terminal.unicode,
                paint: Paint::new(io.terminal.live_stdout()),
            };
            service::text(view, style, Timestamp::now())
        }
    }
}

fn text_of_all(view: &ServicesView, args: &Args, io: &Io) -> String {
    match args.output {
        Format::Json => output::json(view),
        Format::Yaml => output::yaml(view),
        Format::Name => services::names(view),
        Format::Table | Format::Wide => {
            let style = services::Style {
                namespaces: args.all_namespaces,
                wide: args.output == Format::Wide,
                width: io.terminal.width(),
            };
            services::text(view, style, Timestamp::now())
        }
    }
}
