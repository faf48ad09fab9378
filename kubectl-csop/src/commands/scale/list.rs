//! `scale list`: the schedules, and when they are in force.

use super::super::{connect, target};
use crate::cli::Global;
use crate::client::{Cluster, SCHEDULES};
use crate::commands::target::Scheduled;
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use crate::output::{self, plot, schedules};
use crate::view::schedules::{self as view, Days, SchedulesView};
use clap::ValueEnum;
use csop_shared::api::CashServiceScheduledScale;
use csop_shared::schedule::{Bound, instant_of};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use kube::Api;
use kube::api::ListParams;
use kube::core::DeserializeGuard;
use std::path::PathBuf;

/// List the schedules, with a calendar of the next days.
///
/// Times are on the clocks of this machine, or of UTC where its zone is not known. A row of the calendar is a day, a bar
/// in it the hours in which there is more capacity.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # All schedules of the namespace, and their windows of the next seven days\n  kubectl csop scale list\n\n  \
    # Those of one service, or of one scaler\n  kubectl csop scale list shop\n  kubectl csop scale list gs/shop\n\n  \
    # The capacity of the next month as a picture: minimum, maximum and floors\n  \
    kubectl csop scale list --days 30 --plot capacity.svg\n\n  \
    # In a script: when does each one begin next?\n  \
    kubectl csop scale list -o json | jq '.items[] | {name, next: .next.start}'")]
pub struct Args {
    /// NAME of a service, or gs/NAME of a scaler: only its schedules
    #[arg(id = "name", value_name = "TARGET", conflicts_with = "all_namespaces", value_parser = target::scheduled)]
    target: Option<Scheduled>,
    /// The schedules of all namespaces
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// How many days the calendar and the picture show, today included
    #[arg(long, value_name = "N", default_value = "7", value_parser = clap::value_parser!(i64).range(1..=366))]
    days: i64,
    /// Write a picture of the capacity in these days, as SVG
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
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

pub(in crate::commands) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let cluster = connect(global, io).await?;
    let zone = io.terminal.zone.clone().unwrap_or(TimeZone::UTC);
    let days = days(Timestamp::now(), &zone, args.days);
    let mut schedules = read(args.all_namespaces, &cluster).await?;
    if let Some(target) = &args.target {
        schedules.retain(|guarded| guarded.0.as_ref().is_ok_and(|schedule| is_for(schedule, target)));
    }
    let readable: Vec<_> = schedules.iter().filter_map(|guarded| guarded.0.as_ref().ok().cloned()).collect();
    let view = view::view(schedules, &days);
    let is_for_people = matches!(args.output, Format::Table | Format::Wide | Format::Name);
    if view.items.is_empty() && is_for_people && args.plot.is_none() {
        io.note(&nothing(args, &cluster));
        return Ok(Exit::Ok);
    }
    if let Some(path) = &args.plot {
        let targets = super::capacity::read(&readable, &days, args.all_namespaces, &cluster, io).await?;
        let svg = plot::capacity::svg(&targets, &days, &zone);
        std::fs::write(path, svg).map_err(|source| Error::WriteFile { path: path.clone(), source })?;
        io.note(&format!("wrote {}", path.display()));
    }
    io.print(&text(&view, args, &zone, io))?;
    Ok(Exit::Ok)
}

/// So many days, the first of them today.
fn days(now: Timestamp, zone: &TimeZone, count: i64) -> Days {
    let today = zone.to_datetime(now).date();
    let midnight = |date: jiff::civil::Date| {
        instant_of(date.to_datetime(Time::midnight()), zone, Bound::Start).unwrap_or(Timestamp::MAX)
    };
    Days {
        now,
        time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        from: midnight(today),
        to: midnight(today.saturating_add(count.days())),
    }
}

async fn read(
    everywhere: bool,
    cluster: &Cluster,
) -> Result<Vec<DeserializeGuard<CashServiceScheduledScale>>, Error> {
    let (api, place): (Api<DeserializeGuard<CashServiceScheduledScale>>, _) = if everywhere {
        (Api::all(cluster.client.clone()), None)
    } else {
        (Api::namespaced(cluster.client.clone(), &cluster.namespace), Some(cluster.namespace.as_str()))
    };
    let attempt = Attempt::new("list", SCHEDULES).within(place);
    cluster.pages(&attempt, ListParams::default(), async |page| api.list(&page).await).await
}

fn is_for(schedule: &CashServiceScheduledScale, target: &Scheduled) -> bool {
    schedule.spec.target() == Some((target.kind, target.name.as_str()))
}

fn nothing(args: &Args, cluster: &Cluster) -> String {
    match &args.target {
        _ if args.all_namespaces => "no schedules found in any namespace".to_owned(),
        Some(target) => {
            format!(
                "no schedules found for {} {} in namespace {}",
                target.kind, target.name, cluster.namespace
            )
        }
        None => format!(
            "no schedules found in namespace {}; create one with `kubectl csop scale schedule`",
            cluster.namespace
        ),
    }
}

fn text(view: &SchedulesView, args: &Args, zone: &TimeZone, io: &Io) -> String {
    match args.output {
        Format::Json => output::json(view),
        Format::Yaml => output::yaml(view),
        Format::Name => schedules::names(view),
        Format::Table | Format::Wide => {
            let style = schedules::Style {
                namespaces: args.all_namespaces,
                wide: args.output == Format::Wide,
                width: io.terminal.width(),
                unicode: io.terminal.unicode,
                zone: zone.clone(),
            };
            schedules::text(view, &style)
        }
    }
}
