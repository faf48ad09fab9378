//! `init`: create a service.

mod ask;
mod create;
mod image;
mod plan;
mod yaml;

use crate::cli::Global;
use crate::commands::change::DryRun;
use crate::duration;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::output;
use crate::presets;
use clap::ValueEnum;
use plan::Plan;
use std::time::Duration;

/// Create a service, asking for what is missing.
///
/// At a terminal, init asks for what the flags leave open, shows the manifest, asks whether to create it, and
/// follows the new service until it is Ready. In a script, give NAME, --image, --max and --yes. Everything is
/// validated before anything is written. With -o the manifest is only printed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # Ask for everything\n  kubectl csop init\n\n  \
    # Create a service from a script, and wait for it for five minutes at most\n  \
    kubectl csop init shop --image registry.example.com/shop:1.4.2 --max 10 --yes --timeout 5m\n\n  \
    # A web server; only print the manifest, needs no cluster\n  \
    kubectl csop init site --image registry.example.com/site:2.0.0 --preset web --max 6 -o yaml\n\n  \
    # Have the API server check a worker without creating it\n  \
    kubectl csop init mailer --image example.com/mailer:1 --preset worker --max 4 --dry-run=server")]
pub struct Args {
    /// Name of the new service
    #[arg(id = "new_name", value_name = "NAME")]
    name: Option<String>,
    /// Container image, by tag or digest, such as registry.example.com/shop:1.4.2
    #[arg(long)]
    image: Option<String>,
    /// What the container promises
    #[arg(long)]
    preset: Option<presets::Name>,
    /// Port of the application's traffic
    #[arg(long, allow_negative_numbers = true)]
    port: Option<i64>,
    /// Fewest replicas [default: 2, or the most where that is less]
    #[arg(long, value_name = "REPLICAS", allow_negative_numbers = true)]
    min: Option<i64>,
    /// Most replicas
    #[arg(long, value_name = "REPLICAS", allow_negative_numbers = true)]
    max: Option<i64>,
    /// Replicas to begin with [default: 2, or the fewest where that is more]
    #[arg(long, allow_negative_numbers = true)]
    replicas: Option<i64>,
    /// Create nothing: show what would be created (client, the default), or have the API server check it too (server)
    #[arg(long, value_name = "WHERE", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "client")]
    dry_run: Option<DryRun>,
    /// Print the manifest and create nothing
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<Format>,
    /// Create it without asking; required without a terminal
    #[arg(short, long)]
    yes: bool,
    /// Do not wait until it is Ready
    #[arg(long)]
    no_wait: bool,
    /// How long to wait until it is Ready
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "2m")]
    timeout: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Yaml,
    Json,
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let draft = plan::Draft::from(args);
    // What was given is judged before anything is asked.
    draft.check()?;
    let draft = if draft.missing().is_empty() { draft } else { ask::complete(draft, io).await? };
    let mut plan = draft.plan()?;
    plan.namespace.clone_from(&global.namespace);
    plan.check_rules()?;
    if let Some(warning) = image::warning(&plan.image) {
        io.warn(&warning);
    }
    if args.output.is_some() && args.dry_run != Some(DryRun::Server) {
        return print(&plan, args.output, io);
    }
    if args.dry_run == Some(DryRun::Client) {
        io.note(&plan.change(global.namespace.as_deref()));
        io.print(&format!("cashservice.csop.dev/{} created (dry run)\n", plan.name))?;
        return Ok(Exit::Ok);
    }
    create::run(&plan, args, global, io).await
}

fn print(plan: &Plan, format: Option<Format>, io: &mut Io) -> Result<Exit, Error> {
    io.print(&match format {
        Some(Format::Json) => output::json(&plan.manifest()),
        _ => yaml::text(plan),
    })?;
    Ok(Exit::Ok)
}
