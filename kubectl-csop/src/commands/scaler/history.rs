//! `scaler history`: the changes of a target's replicas that a scaler has made.

use super::super::{connect, target};
use crate::cli::Global;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::output::{self, operations};
use crate::view;
use clap::ValueEnum;
use csop_shared::api::GeneralScaler;
use jiff::Timestamp;

/// List what a scaler has changed, the newest first: when, from which size to which, and why.
///
/// The status keeps the last ten changes, and all that a cooldown or a scaling policy still looks back on.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # What has it done, and why?\n  kubectl csop scaler history shop\n\n  \
    # ... in a script\n  kubectl csop scaler history shop -o json | jq '.operations[0].to'")]
pub struct Args {
    /// NAME of a scaler
    #[arg(value_name = "NAME", value_parser = target::scaler)]
    scaler: String,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Table,
    Json,
    Yaml,
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let cluster = connect(global, io).await?;
    let scaler: GeneralScaler = cluster.get(&args.scaler).await?;
    let view = view::operations::view(&scaler);
    let text = match args.output {
        Format::Json => output::json(&view),
        Format::Yaml => output::yaml(&view),
        Format::Table if view.operations.is_empty() => {
            io.note(&format!("generalscaler/{} has changed nothing yet", view.name));
            return Ok(Exit::Ok);
        }
        Format::Table => operations::text(&view.operations, io.terminal.width(), Timestamp::now()),
    };
    io.print(&text)?;
    Ok(Exit::Ok)
}
