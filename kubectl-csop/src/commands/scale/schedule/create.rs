//! Showing what a schedule will do, and creating it.

use super::plan::Plan;
use super::{Args, DryRun, Format, ask, print};
use crate::cli::Global;
use crate::client::Cluster;
use crate::commands::connect;
use crate::commands::prompt::Prompt;
use crate::commands::scale::facts;
use crate::commands::status::fetch;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::output::forecast::{clocks, line};
use crate::view::clocks::{rows, span};
use crate::view::forecast::{Facts, Forecast, forecast};
use csop_shared::api::CashServiceScheduledScale;
use csop_shared::api::cash_service::AutoscalingMode;
use csop_shared::names::managers;
use csop_shared::schedule::{self, Window};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kube::api::PostParams;

/// Windows of a cron that are shown.
const SHOWN: usize = 3;

pub(super) async fn run(
    plan: &Plan,
    args: &Args,
    global: &Global,
    now: Timestamp,
    io: &mut Io,
) -> Result<Exit, Error> {
    let cluster = connect(global, io).await?;
    let facts = facts::read(plan.target.kind, &plan.target.name, &cluster, io).await?;
    refuse(plan, &facts)?;
    if args.called.is_some() {
        absent(plan, &cluster).await?;
    }
    let asks = args.dry_run.is_none() && !args.yes;
    let others = others(plan, &cluster, io).await?;
    let at = windows(plan, now).first().map_or(now, |window| window.start.max(now));
    announce(plan, args, (&facts.name, &forecast(&plan.spec, &facts, &others, at)), now, asks, io);
    if args.dry_run == Some(DryRun::Client) {
        return created(plan, args, " (dry run)", io);
    }
    if asks && !Prompt::new(io, ask::NOTHING).yes("Create it?").await? {
        return Err(Error::Declined(ask::NOTHING.to_owned()));
    }
    let dry_run = args.dry_run.is_some();
    let params = PostParams { dry_run, field_manager: Some(managers::PLUGIN.to_owned()) };
    let object = CashServiceScheduledScale::new(&plan.name, plan.spec.clone());
    let attempt = cluster.on::<CashServiceScheduledScale>("create", &plan.name);
    cluster.call(attempt, cluster.api::<CashServiceScheduledScale>().create(&params, &object)).await?;
    created(plan, args, if dry_run { " (server dry run)" } else { "" }, io)
}

fn created(plan: &Plan, args: &Args, mark: &str, io: &mut Io) -> Result<Exit, Error> {
    match args.output {
        Some(Format::Name) => io.print(&format!("cashservicescheduledscale.csop.dev/{}\n", plan.name))?,
        Some(format) => return print(plan, Some(format), io),
        None => io.print(&format!("created cashservicescheduledscale/{}{mark}\n", plan.name))?,
    }
    Ok(Exit::Ok)
}

/// Refuses what the target cannot do.
fn refuse(plan: &Plan, facts: &Facts) -> Result<(), Error> {
    let Some(refusal) = schedule::refusal(&plan.spec, facts.mode) else { return Ok(()) };
    let hint = match facts.mode {
        AutoscalingMode::External => format!(
            "if a GeneralScaler scales it, schedule that one: kubectl csop scale schedule gs/{}",
            plan.target.name
        ),
        _ => "a --lead with a duration works with every mode".to_owned(),
    };
    Err(Error::Precondition { message: refusal.message, hint })
}

/// Refuses a name that is taken, before anything is asked.
async fn absent(plan: &Plan, cluster: &Cluster) -> Result<(), Error> {
    let attempt = |verb| cluster.on::<CashServiceScheduledScale>(verb, &plan.name);
    let api = cluster.api::<CashServiceScheduledScale>();
    match cluster.call(attempt("get"), api.get_metadata_opt(&plan.name)).await? {
        Some(_) => Err(Error::Exists(attempt("create"))),
        None => Ok(()),
    }
}

/// The target's other schedules; none, and a word on it, where they may not be read.
async fn others(
    plan: &Plan,
    cluster: &Cluster,
    io: &mut Io,
) -> Result<Vec<CashServiceScheduledScale>, Error> {
    let mut all = facts::readable(fetch::schedules(cluster).await, io)?.unwrap_or_default();
    all.retain(|other| other.spec.target() == plan.spec.target());
    Ok(all)
}

/// Says what will happen, when by several clocks, and what its owner should know.
fn announce(
    plan: &Plan,
    args: &Args,
    (target, forecast): (&str, &Forecast),
    now: Timestamp,
    asks: bool,
    io: &mut Io,
) {
    if asks || !io.terminal.quiet {
        let windows = windows(plan, now);
        let width = io.terminal.width();
        let mut when = windows.first().map(span).unwrap_or_default();
        if let Some(cron) = &plan.spec.cron {
            when.push_str(&format!(", and by cron {cron:?} again"));
        }
        io.say(&line(target, forecast, &when, width));
        let zones = zones(plan, io.terminal.zone.as_ref());
        io.say(clocks(&rows(&windows, &zones), width).trim_end());
        if args.tz.is_none() && plan.reads_clocks() {
            let zone = plan.zone.iana_name().unwrap_or("UTC");
            let why = if io.terminal.zone.is_some() {
                "this machine's zone"
            } else {
                "the zone of this machine is not known"
            };
            io.say(&format!("  times are on the clocks of {zone} ({why}); --tz names another zone"));
        }
    }
    for warning in &forecast.warnings {
        io.warn(warning);
    }
}

/// The windows that come next, the one in force included.
fn windows(plan: &Plan, now: Timestamp) -> Vec<Window> {
    let lead = plan.calendar.lead().unwrap_or(SignedDuration::ZERO);
    let active = plan.calendar.active(now, lead);
    active.into_iter().chain(plan.calendar.upcoming(now, lead)).take(SHOWN).collect()
}

/// The clocks that the windows are shown on.
fn zones(plan: &Plan, machine: Option<&TimeZone>) -> Vec<(String, TimeZone)> {
    let name = |zone: &TimeZone| zone.iana_name().unwrap_or("UTC").to_owned();
    let own = machine.map(|zone| (format!("{} (yours)", name(zone)), zone.clone()));
    let given = (name(&plan.zone), plan.zone.clone());
    own.into_iter().chain([given, ("UTC".to_owned(), TimeZone::UTC)]).collect()
}
