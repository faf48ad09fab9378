//! `scale cancel`: the end of schedules.

use super::super::{connect, target};
use super::facts::declared;
use crate::cli::Global;
use crate::client::Cluster;
use crate::commands::change::{DryRun, Options};
use crate::commands::prompt::Prompt;
use crate::commands::status::fetch;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::view::cancel;
use crate::view::gitops::{self, Touched};
use csop_shared::api::CashServiceScheduledScale;
use jiff::Timestamp;
use kube::ResourceExt;
use kube::api::{DeleteParams, Preconditions};

/// What was not done when it is called off.
const NOTHING: &str = "nothing was cancelled";

/// End schedules: delete them, and with them the windows that are in force or to come.
///
/// A floor that ends now lets go at once; the way down is the scaler's ordinary one. `scale list` shows the names.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # Show what ends, and ask\n  kubectl csop scale cancel shop-20261127-0800-x7k2\n\n  \
    # All schedules of a service, in a script\n  \
    kubectl csop scale list shop -o name | cut -d/ -f2 | xargs -r kubectl csop scale cancel --yes")]
pub struct Args {
    /// Names of schedules
    #[arg(required = true, value_name = "ID", value_parser = target::schedule)]
    schedules: Vec<String>,
    #[command(flatten)]
    options: Options,
}

pub(in crate::commands) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    args.options.check(io)?;
    let cluster = connect(global, io).await?;
    let (doomed, kept) = read(&args.schedules, &cluster).await?;
    let asks = args.options.dry_run.is_none() && !args.options.yes;
    show(&doomed, &kept, asks, &cluster, io).await?;
    if args.options.dry_run == Some(DryRun::Client) {
        return tell(&doomed, " (dry run)", io);
    }
    let question = if doomed.len() == 1 { "Cancel it?" } else { "Cancel them?" };
    if asks && !Prompt::new(io, NOTHING).yes(question).await? {
        return Err(Error::Declined(NOTHING.to_owned()));
    }
    let dry_run = args.options.dry_run.is_some();
    for schedule in &doomed {
        delete(schedule, dry_run, &cluster).await?;
        tell(std::slice::from_ref(schedule), if dry_run { " (server dry run)" } else { "" }, io)?;
    }
    Ok(Exit::Ok)
}

fn tell(cancelled: &[CashServiceScheduledScale], mark: &str, io: &mut Io) -> Result<Exit, Error> {
    for schedule in cancelled {
        io.print(&format!("cancelled cashservicescheduledscale/{}{mark}\n", schedule.name_any()))?;
    }
    Ok(Exit::Ok)
}

/// Says what ends, in a line each.
async fn show(
    doomed: &[CashServiceScheduledScale],
    kept: &[CashServiceScheduledScale],
    asks: bool,
    cluster: &Cluster,
    io: &mut Io,
) -> Result<(), Error> {
    let now = Timestamp::now();
    for schedule in doomed {
        let facts = match schedule.spec.target() {
            Some((kind, name)) => declared(kind, name, cluster, io).await?,
            None => None,
        };
        if asks || !io.terminal.quiet {
            io.say(&cancel::line(schedule, kept, facts.as_ref(), now));
        }
        if let Some(warning) = gitops::warning(&schedule.metadata, Touched::Existence) {
            io.warn(&warning);
        }
    }
    Ok(())
}

/// The schedules of these names, and those that stay.
async fn read(
    names: &[String],
    cluster: &Cluster,
) -> Result<(Vec<CashServiceScheduledScale>, Vec<CashServiceScheduledScale>), Error> {
    let all = fetch::schedules(cluster).await?;
    let (doomed, kept): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| names.contains(&one.name_any()));
    match names.iter().find(|name| doomed.iter().all(|one| one.name_any() != **name)) {
        Some(name) => Err(Error::NotFound(cluster.on::<CashServiceScheduledScale>("get", name))),
        None => Ok((doomed, kept)),
    }
}

/// Deletes the schedule that was shown, and no other one of its name.
async fn delete(schedule: &CashServiceScheduledScale, dry_run: bool, cluster: &Cluster) -> Result<(), Error> {
    let name = schedule.name_any();
    let preconditions = Some(Preconditions { uid: schedule.uid(), resource_version: None });
    let params = DeleteParams { dry_run, preconditions, ..DeleteParams::default() };
    let attempt = cluster.on::<CashServiceScheduledScale>("delete", &name);
    cluster.call(attempt, cluster.api::<CashServiceScheduledScale>().delete(&name, &params)).await.map(drop)
}
