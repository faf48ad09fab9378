//! `tree`: what a service owns.

use super::status::fetch;
use super::{connect, target};
use crate::cli::Global;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::output::paint::Paint;
use crate::output::{self, service};
use clap::ValueEnum;
use jiff::Timestamp;

/// Show the objects that a service owns, as a tree, and its conditions.
///
/// Every object is there with what it is doing: the Deployment with its ReplicaSets and pods, what scales it, what
/// leads to it, its secrets (without values), configuration and revisions. Old, empty ReplicaSets are left out unless
/// the output is wide.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # What does it consist of?\n  kubectl csop tree shop\n\n  \
    # With what is kept for history\n  kubectl csop tree shop -o wide")]
pub struct Args {
    /// Name of a service
    #[arg(value_parser = target::parse)]
    name: String,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "tree")]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Tree,
    Wide,
    Json,
    Yaml,
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let cluster = connect(global, io).await?;
    let view = fetch::service(&args.name, &cluster).await?;
    for missing in &view.missing {
        io.warn(&format!("incomplete: {}", missing.reason));
    }
    io.print(&match args.output {
        Format::Json => output::json(&view),
        Format::Yaml => output::yaml(&view),
        Format::Tree | Format::Wide => {
            let style = service::Style {
                wide: args.output == Format::Wide,
                width: io.terminal.width(),
                unicode: io.terminal.unicode,
                paint: Paint::new(io.terminal.live_stdout()),
            };
            service::rooted(&view, style, Timestamp::now())
        }
    })?;
    Ok(Exit::Ok)
}
