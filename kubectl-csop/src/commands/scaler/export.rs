//! `scaler export`: a trace for `replay`, from the operator's records or from Prometheus.

use super::super::{connect, target};
use super::live::{Away, Operator, Options};
use super::prometheus::{Server, Span, Values};
use crate::cli::Global;
use crate::client::{Cluster, DEFAULT_TIMEOUT};
use crate::duration;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use csop_shared::api::GeneralScaler;
use csop_shared::api::general_scaler::{MetricState, Reduce, SourceType, TargetRef};
use csop_shared::scale::simulate::Trace;
use csop_shared::scale::{Expressions, NoExpressions, Plan, Reading, Records};
use http::Uri;
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Write what a scaler saw as CSV, for `replay`.
///
/// The operator keeps the last 32 decisions of each scaler: minutes. For days, --prometheus asks a Prometheus for the
/// scaler's own queries over a range of time, and for the replicas of its target where kube-state-metrics is there;
/// metrics of other types have empty cells then.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # What it has just seen\n  kubectl csop scaler export shop > trace.csv\n\n  \
    # The last week, through a port-forward of Prometheus\n  \
    kubectl csop scaler export shop --prometheus http://127.0.0.1:9090 --from 7d > trace.csv")]
pub struct Args {
    /// NAME of a scaler
    #[arg(value_name = "NAME", value_parser = target::scaler)]
    scaler: String,
    /// Ask this Prometheus instead of the operator
    #[arg(long, value_name = "URL", requires = "from")]
    prometheus: Option<Uri>,
    /// Begin at this time (RFC 3339), or so long ago (such as 24h)
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "prometheus")]
    from: Option<Moment>,
    /// End at this time, or so long ago [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "prometheus")]
    to: Option<Moment>,
    /// Time between two rows [default: the scaler's interval]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, requires = "prometheus")]
    step: Option<Duration>,
    #[command(flatten)]
    operator: Options,
}

/// A time, or one that is counted back from now.
#[derive(Clone, Copy, Debug)]
enum Moment {
    At(Timestamp),
    Ago(Duration),
}

impl Moment {
    fn time(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}

fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(time) = text.parse() {
        return Ok(Moment::At(time));
    }
    duration::parse(text).map(Moment::Ago).map_err(|_| {
        format!("{text:?} is no time: write it like 2026-11-27T08:00:00Z, or like 24h for so long ago")
    })
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let cluster = connect(global, io).await?;
    let scaler: GeneralScaler = cluster.get(&args.scaler).await?;
    let trace = match &args.prometheus {
        None => recorded(args, &cluster).await?,
        Some(url) => {
            let server = Server { url, timeout: global.request_timeout.unwrap_or(DEFAULT_TIMEOUT) };
            queried(&scaler, server, args, io).await?
        }
    };
    if trace.times.is_empty() {
        io.note("nothing is known of that time");
        return Ok(Exit::Ok);
    }
    io.print(&trace.to_csv())?;
    Ok(Exit::Ok)
}

async fn recorded(args: &Args, cluster: &Cluster) -> Result<Trace, Error> {
    let records = Operator::new(&args.operator, cluster).records(&args.scaler).await;
    let records = records.map_err(|away| match away {
        Away::Error(error) => error,
        Away::Reason(reason) => Error::Precondition {
            message: format!("the operator's records cannot be had: {reason}"),
            hint:
                "--prometheus asks a Prometheus instead, and --operator-url an operator outside the cluster"
                    .to_owned(),
        },
    })?;
    Ok(trace_of(&records))
}

/// The records of the newest spec: older ones may have other metrics.
fn trace_of(records: &Records) -> Trace {
    let Some(last) = records.records.last() else { return Trace::default() };
    let own = || records.records.iter().filter(|record| record.generation == last.generation);
    let priced =
        own().any(|record| matches!(record.observation.price.as_deref(), Some(Reading::Sample { .. })));
    let metrics = last.decision.inputs.iter().map(|input| input.metric.to_string());
    let further = ["replicas", "ready"].into_iter().chain(priced.then_some("price")).map(str::to_owned);
    let mut trace = Trace::new(metrics.chain(further).collect());
    for record in own() {
        let decision = &record.decision;
        let metrics = decision.inputs.iter().map(|input| match (input.state, input.reduced) {
            (MetricState::Fresh, Some(sum)) => sum.to_f64() / f64::from(input.divisor),
            _ => f64::NAN,
        });
        let pods = [decision.current, decision.ready].map(f64::from);
        let price = match record.observation.price.as_deref() {
            Some(Reading::Sample { values, .. }) => values.values().first().copied(),
            _ => None,
        };
        let price = priced.then(|| price.unwrap_or(f64::NAN));
        trace.push(record.time, metrics.chain(pods).chain(price));
    }
    trace
}

async fn queried(
    scaler: &GeneralScaler,
    server: Server<'_>,
    args: &Args,
    io: &mut Io,
) -> Result<Trace, Error> {
    let expressions: Arc<dyn Expressions> = Arc::new(NoExpressions);
    let plan = Plan::new(scaler.spec.clone(), &expressions).map_err(|error| Error::Manifest {
        origin: format!("generalscaler/{}", args.scaler),
        message: error.to_string(),
    })?;
    let span = span(args, plan.interval, Timestamp::now())?;
    let mut columns: Vec<(String, Values)> = vec![];
    for (metric, planned) in scaler.spec.metrics.iter().zip(&plan.metrics) {
        let query = metric.config.query.as_deref().filter(|_| planned.source == SourceType::Prometheus);
        let values = match query {
            Some(query) => {
                let what = format!("metric {}", planned.name);
                server.range(&what, query, span, planned.reduce).await?
            }
            None => {
                let source = planned.source.as_str();
                io.warn(&format!(
                    "{} comes from {source}, not from Prometheus: its cells are empty",
                    planned.name
                ));
                Values::new()
            }
        };
        columns.push((planned.name.to_string(), values));
    }
    let known: BTreeSet<_> = columns.iter().flat_map(|(_, values)| values.keys().copied()).collect();
    columns.extend(replicas(scaler, server, span, io).await?);
    let mut trace = Trace::new(columns.iter().map(|(name, _)| name.clone()).collect());
    for time in known {
        let cells = columns.iter().map(|(_, values)| values.get(&time).copied().unwrap_or(f64::NAN));
        trace.push(time, cells);
    }
    Ok(trace)
}

/// The columns of replicas and ready pods, where kube-state-metrics has them.
async fn replicas(
    scaler: &GeneralScaler,
    server: Server<'_>,
    span: Span,
    io: &mut Io,
) -> Result<Vec<(String, Values)>, Error> {
    let namespace = scaler.namespace().unwrap_or_default();
    let mut columns = vec![];
    for (column, query) in scaler.spec.target().iter().flat_map(|target| sizes(target, &namespace)) {
        let values = server.range(column, &query, span, Reduce::Max).await?;
        if values.is_empty() {
            io.warn(&format!("Prometheus has no {query}: without it the trace has no column {column}"));
        } else {
            columns.push((column.to_owned(), values));
        }
    }
    Ok(columns)
}

/// The queries for the replicas of a target, by the names that kube-state-metrics gives them.
fn sizes(target: &TargetRef, namespace: &str) -> Vec<(&'static str, String)> {
    let (label, asked, ready) = match target.kind.as_str() {
        "Deployment" => {
            ("deployment", "kube_deployment_spec_replicas", "kube_deployment_status_replicas_ready")
        }
        "StatefulSet" => {
            ("statefulset", "kube_statefulset_replicas", "kube_statefulset_status_replicas_ready")
        }
        _ => return vec![],
    };
    let query = |metric: &str| format!("{metric}{{namespace=\"{namespace}\",{label}=\"{}\"}}", target.name);
    vec![("replicas", query(asked)), ("ready", query(ready))]
}

fn span(args: &Args, interval: SignedDuration, now: Timestamp) -> Result<Span, Error> {
    let from = args.from.map_or(now, |from| from.time(now));
    let to = args.to.map_or(now, |to| to.time(now));
    if to <= from {
        let message = format!("--from {from} is not before --to {to}");
        return Err(Error::usage(message, "give the earlier time with --from"));
    }
    let step = args.step.map_or(interval.as_secs(), |step| i64::try_from(step.as_secs()).unwrap_or(i64::MAX));
    // Whole steps: a request ends where the next one begins.
    let whole = |time: Timestamp| Timestamp::from_second(time.as_second()).unwrap_or(time);
    Ok(Span { from: whole(from), to: whole(to), step: step.max(1) })
}
