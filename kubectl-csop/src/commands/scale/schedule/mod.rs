//! `scale schedule`: more capacity in windows of time.

mod ask;
mod create;
mod name;
mod plan;
mod refused;
#[cfg(test)]
mod tests;

use crate::cli::Global;
use crate::commands::change::DryRun;
use crate::commands::target::{self, Scheduled};
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::output;
use clap::ValueEnum;
use csop_shared::api::cash_service_scheduled_scale::ScheduleTargetKind;
use jiff::Timestamp;
use plan::{Draft, Plan};

/// Add capacity to a service or a scaler in a window of time, once or again and again.
///
/// The window is shown on your clocks, on those of --tz and in UTC, with what the schedule will do and what stands in its
/// way (maxReplicas, the namespace's quotas, the scaler's budget), before anything is created. A time is written as
/// "2026-11-27 08:00", "tomorrow 18:00", "friday 08:00", "18:00" (the next time that clocks show it), "in 30m" or now, or
/// with its offset, such as 2026-11-27T13:00:00Z. Without --tz, the zone of this machine counts, or UTC where it is not
/// known. What is missing is asked for on a terminal.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # Twenty more replicas than the minimum, for four hours\n  \
    kubectl csop scale schedule shop --at \"2026-11-27 08:00\" --tz America/New_York --for 4h --add 20\n\n  \
    # At least 12 on every working day; no window starts on Christmas\n  \
    kubectl csop scale schedule shop --cron \"0 9 * * MON-FRI\" --tz Europe/London --for 9h --replicas 12 \\\n      \
    --exclude 2026-12-25\n\n  \
    # Half as many again as there are, in half an hour, beyond maxReplicas if need be\n  \
    kubectl csop scale schedule shop --at \"in 30m\" --for 2h --add-percent 50 --base current --raise-max\n\n  \
    # For a scaler, early enough that the last pod is ready at the start\n  \
    kubectl csop scale schedule gs/shop --at \"friday 18:00\" --until 23:00 --replicas 30 --lead auto\n\n  \
    # What would happen?\n  \
    kubectl csop scale schedule shop --at \"tomorrow 18:00\" --for 4h --add 20 --dry-run")]
pub struct Args {
    /// NAME of a service, or gs/NAME for a scaler
    #[arg(value_parser = target::scheduled)]
    name: Scheduled,
    /// When the only window begins
    #[arg(long, value_name = "TIME", conflicts_with = "cron")]
    at: Option<String>,
    /// When it ends: a time as of --at; a time of day or a weekday is the next one after the start
    #[arg(long, value_name = "TIME", conflicts_with_all = ["length", "cron"])]
    until: Option<String>,
    /// How long each window is, such as 4h, 90m, 1h30m or 2d
    #[arg(long = "for", id = "length", value_name = "DURATION")]
    length: Option<String>,
    /// When windows begin, again and again: minute, hour, day of the month, month and day of the week
    #[arg(long)]
    cron: Option<String>,
    /// With --cron: a date on which no window starts; may be given more than once
    #[arg(long, value_name = "DATE", requires = "cron")]
    exclude: Vec<String>,
    /// The zone on whose clocks these times are, such as America/New_York [default: that of this machine, or UTC]
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// Fewest replicas in a window
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with_all = ["add", "add_percent", "base"],
        value_parser = clap::value_parser!(i32).range(1..=100_000))]
    replicas: Option<i32>,
    /// So many more than the minimum
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with = "add_percent",
        value_parser = clap::value_parser!(i32).range(1..=100_000))]
    add: Option<i32>,
    /// So many percent more than the minimum, rounded up
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true,
        value_parser = clap::value_parser!(i32).range(1..=10_000))]
    add_percent: Option<i32>,
    /// What --add and --add-percent add to: the minimum, or the replicas that there are when a window begins
    #[arg(long, value_name = "BASE", default_value = "min")]
    base: Base,
    /// Begin earlier: by a duration such as 10m, or auto, where a scaler acts, so that the last pod is ready at the start
    #[arg(long, value_name = "DURATION|auto")]
    lead: Option<String>,
    /// Let the floor exceed maxReplicas
    #[arg(long)]
    raise_max: bool,
    /// Where a scaler acts: climb by its ordinary steps, not at once
    #[arg(long)]
    respect_rate_limit: bool,
    /// Name of the schedule [default: made of the target, the start, and four characters by chance]
    #[arg(long = "name", id = "called", value_name = "NAME")]
    called: Option<String>,
    /// Create nothing: show what would happen (client, the default), or have the API server check it too (server)
    #[arg(long, value_name = "WHERE", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "client")]
    dry_run: Option<DryRun>,
    /// yaml, json: print the manifest and create nothing; name: print only the name of what is created
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<Format>,
    /// Create it without asking; required without a terminal
    #[arg(short, long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Base {
    Min,
    Current,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Yaml,
    Json,
    Name,
}

impl Args {
    fn prints_manifest(&self) -> bool {
        matches!(self.output, Some(Format::Yaml | Format::Json))
    }
}

pub(in crate::commands) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    if args.name.kind == ScheduleTargetKind::MoneyPositive {
        return Err(Error::Precondition {
            message: format!(
                "mp/{} cannot be scheduled: the kind MoneyPositive is not installed",
                args.name.name
            ),
            hint: "name a service, or gs/NAME for a scaler".to_owned(),
        });
    }
    let now = Timestamp::now();
    let draft = Draft::from(args);
    // What was given is judged before anything is asked.
    draft.check(now, io.terminal.zone.as_ref())?;
    let draft = if draft.missing().is_empty() { draft } else { ask::complete(draft, now, io).await? };
    let mut plan = draft.plan(now, io.terminal.zone.as_ref(), &name::tail())?;
    plan.namespace.clone_from(&global.namespace);
    plan.check_rules()?;
    if args.prints_manifest() && args.dry_run != Some(DryRun::Server) {
        return print(&plan, args.output, io);
    }
    if args.dry_run.is_none() && !args.yes && !io.terminal.can_ask() {
        return Err(Error::usage(
            "there is no terminal to ask at, so nothing is created without --yes",
            "add --yes, or --dry-run to see what would happen first",
        ));
    }
    create::run(&plan, args, global, now, io).await
}

fn print(plan: &Plan, format: Option<Format>, io: &mut Io) -> Result<Exit, Error> {
    io.print(&match format {
        Some(Format::Json) => output::json(&plan.manifest()),
        _ => output::yaml(&plan.manifest()),
    })?;
    Ok(Exit::Ok)
}
