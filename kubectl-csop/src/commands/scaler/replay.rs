//! `scaler replay`: what a scaler would have done over a recorded series.

use super::super::render::read;
use crate::duration;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::manifest;
use crate::output::plot::{self, Drawn};
use crate::output::{self, replay};
use crate::view::replay::{ReplayView, RunView, TraceView};
use clap::ValueEnum;
use csop_shared::api::general_scaler::{
    GeneralScaler, GeneralScalerSpec, MetricMode, PolicyType, ScalerMode, SourceType,
};
use csop_shared::expressions::Cel;
use csop_shared::scale::simulate::{Columns, Hpa, Run, Scaler, Settings, Subject, Trace, simulate};
use csop_shared::scale::{Expressions, MetricPlan, Number, Plan};
use jiff::SignedDuration;
use kube::ResourceExt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Try a scaler on recorded load: the decisions of the operator, made offline.
///
/// The trace is CSV: a column `time` (RFC 3339 or seconds), one for each metric by its name (an empty cell is a
/// missing value), and, where they are known, `replicas` and `ready` as they were and the `price` of a pod. A total
/// (PerReplica) is the same whatever the size; a level (Ratio, Latency) is carried over to the size of the replay,
/// which needs the column replicas. `scaler export` writes such a file. Needs no cluster.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # What would it have done, and what would that have cost?\n  \
    kubectl csop scaler replay -f scaler.yaml --trace trace.csv\n\n  \
    # As a picture, beside what a HorizontalPodAutoscaler would have done, with pods that take 20s to start\n  \
    kubectl csop scaler replay -f scaler.yaml --trace trace.csv --against hpa --pod-start 20s --plot out.svg\n\n  \
    # Before and after an edit\n  \
    kubectl csop scaler replay -f new.yaml --trace trace.csv --against old.yaml")]
pub struct Args {
    /// Manifest of the GeneralScaler; - is standard input
    #[arg(short, long, value_name = "SPEC")]
    filename: PathBuf,
    /// The recorded series, as CSV
    #[arg(long, value_name = "FILE")]
    trace: PathBuf,
    /// What to compare it with: hpa, or the manifest of another GeneralScaler
    #[arg(long, value_name = "hpa|FILE")]
    against: Option<PathBuf>,
    /// Write a picture of it, as SVG
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// How long a new pod takes until it is ready
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "0s")]
    pod_start: Duration,
    /// Replicas to begin with [default: as recorded, else minReplicas]
    #[arg(long, value_name = "REPLICAS", value_parser = clap::value_parser!(i32).range(0..))]
    start: Option<i32>,
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

/// A scaler that is tried.
struct Tried {
    name: String,
    spec: GeneralScalerSpec,
    plan: Plan,
    subject: Box<dyn Subject>,
    columns: Columns,
    run: Run,
}

pub(super) fn run(args: &Args, io: &mut Io) -> Result<Exit, Error> {
    let (origin, text) = csv(&args.trace, io)?;
    let trace = Trace::parse(&text)
        .map_err(|error| Error::Manifest { origin: origin.clone(), message: error.to_string() })?;
    let mut tried = vec![scaler(&args.filename, &trace, &origin, io)?];
    match args.against.as_deref() {
        None => {}
        Some(path) if path == Path::new("hpa") => tried.push(hpa(&tried[0])),
        Some(path) => tried.push(scaler(path, &trace, &origin, io)?),
    }
    name_apart(&mut tried, args.against.as_deref());
    let mut notes = notes(&tried, &trace, args);
    for it in &mut tried {
        let settings = settings(it, args);
        it.run = simulate(&trace, &it.columns, it.subject.as_mut(), settings);
    }
    notes.extend(tried.iter().filter_map(unpriced));
    let runs = tried.iter().map(view).collect();
    let view = ReplayView::new(TraceView::new(&origin, &trace), args.pod_start.as_secs_f64(), runs, notes);
    if let Some(path) = &args.plot {
        draw(path, &view, &tried, io)?;
    }
    io.print(&match args.output {
        Format::Json => output::json(&view),
        Format::Yaml => output::yaml(&view),
        Format::Table => replay::text(&view, io.terminal.width()),
    })?;
    Ok(Exit::Ok)
}

/// Reads the series, and says what it is called in messages.
fn csv(path: &Path, io: &mut Io) -> Result<(String, String), Error> {
    let failed = |source| Error::ReadFile { path: path.to_owned(), source };
    if path == Path::new("-") {
        let mut text = String::new();
        io.input.read_to_string(&mut text).map_err(failed)?;
        return Ok(("standard input".to_owned(), text));
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok((name, std::fs::read_to_string(path).map_err(failed)?))
}

fn scaler(path: &Path, trace: &Trace, series: &str, io: &mut Io) -> Result<Tried, Error> {
    let (origin, text) = read(path, io)?;
    let wrong = |message: String| Error::Manifest { origin: origin.clone(), message };
    let mut scalers = manifest::read::<GeneralScaler>(&origin, &text)?;
    if scalers.len() > 1 {
        return Err(wrong(format!("holds {} scalers: one is replayed at a time", scalers.len())));
    }
    let (_, scaler) = scalers.remove(0);
    let cel = Cel::default();
    expressions(&scaler.spec, &cel).map_err(wrong)?;
    let expressions: Arc<dyn Expressions> = Arc::new(cel);
    let subject = Scaler::new(scaler.spec.clone(), &expressions).map_err(|error| wrong(error.to_string()))?;
    let plan = subject.plan().clone();
    let columns = trace
        .columns_of(&plan.metrics)
        .map_err(|error| Error::Manifest { origin: series.to_owned(), message: error.to_string() })?;
    let (name, spec) = (scaler.name_any(), scaler.spec);
    Ok(Tried { name, spec, plan, subject: Box::new(subject), columns, run: Run::default() })
}

/// Refuses expressions that would fail at every decision.
fn expressions(spec: &GeneralScalerSpec, cel: &Cel) -> Result<(), String> {
    let field = |key: &str, problem: String| format!("spec.policies[cel].config.{key}: {problem}");
    for config in spec.all_policies().filter_map(|policy| policy.config.as_deref()) {
        let expression = config.expression.as_deref();
        expression
            .map_or(Ok(()), |text| cel.check(text))
            .map_err(|it| field("expression", format!("it {it}")))?;
        let zone = config.time_zone.as_deref();
        zone.map_or(Ok(()), |name| cel.check_time_zone(name)).map_err(|it| field("timeZone", it))?;
    }
    Ok(())
}

/// A HorizontalPodAutoscaler with the bounds and the metrics of a scaler.
fn hpa(of: &Tried) -> Tried {
    Tried {
        name: "hpa".to_owned(),
        spec: of.spec.clone(),
        plan: of.plan.clone(),
        subject: Box::new(Hpa::new(&of.plan)),
        columns: of.columns.clone(),
        run: Run::default(),
    }
}

/// Two scalers of the same name are told apart by the other's file.
fn name_apart(tried: &mut [Tried], against: Option<&Path>) {
    if let ([one, other], Some(path)) = (tried, against)
        && one.name == other.name
    {
        other.name = path.display().to_string();
    }
}

fn settings(tried: &Tried, args: &Args) -> Settings {
    let cost = tried.spec.all_policies().find(|it| it.type_ == PolicyType::Cost);
    let config = cost.and_then(|policy| policy.config.as_deref());
    Settings {
        pod_start: SignedDuration::try_from(args.pod_start).unwrap_or(SignedDuration::MAX),
        start: args.start,
        price: config.and_then(|config| config.cost_per_pod).map(Number::to_f64),
        fixed: config.and_then(|config| config.fixed_cost_per_hour).map_or(0.0, Number::to_f64),
    }
}

fn view(tried: &Tried) -> RunView {
    let cost = tried.spec.all_policies().filter_map(|policy| policy.config.as_deref());
    let currency = cost.filter_map(|config| config.currency.clone()).next();
    RunView::new(tried.name.clone(), (tried.subject.min(), tried.plan.max), currency, &tried.run)
}

/// What to know when reading the figures.
fn notes(tried: &[Tried], trace: &Trace, args: &Args) -> Vec<String> {
    let first = &tried[0];
    let mut notes = vec![];
    if first.columns.replicas.is_none() {
        let levels = first.plan.metrics.iter().filter(|metric| metric.mode != MetricMode::PerReplica);
        let levels: Vec<_> = levels.map(|metric: &MetricPlan| metric.name.to_string()).collect();
        if !levels.is_empty() {
            notes.push(format!(
                "{} is taken as measured, whatever the size here: the trace has no column replicas that says at which \
                 size it was measured",
                levels.join(", ")
            ));
        }
        if args.start.is_none() {
            notes.push(format!(
                "it begins with {} replicas (minReplicas); --start says otherwise",
                first.subject.min()
            ));
        }
    }
    let columns: Vec<_> = tried.iter().map(|it| &it.columns).collect();
    let unread: Vec<_> = trace.unread(&columns).collect();
    if !unread.is_empty() {
        notes.push(format!("no metric is named like the column {}: it is not read", unread.join(", ")));
    }
    notes.extend(tried.iter().flat_map(about));
    notes.dedup();
    notes
}

/// What to know of one scaler.
fn about(tried: &Tried) -> Vec<String> {
    let Tried { name, spec, plan, .. } = tried;
    let mut notes = vec![];
    if name == "hpa" {
        notes.push(
            "hpa follows the published rules of HorizontalPodAutoscaler with the scaler's bounds, metrics and \
             safety.behavior; it knows no policies, cooldowns, rates or fallbacks"
                .to_owned(),
        );
        if plan.min == 0 {
            notes.push("hpa keeps 1 pod: without a feature gate it does not scale to zero".to_owned());
        }
        return notes;
    }
    if let Some(mode @ (ScalerMode::Recommend | ScalerMode::Off)) = spec.mode {
        notes.push(format!("{name} has mode {mode:?}, and is tried as if it were Auto"));
    }
    if plan.metrics.iter().any(|metric| metric.source == SourceType::External) {
        notes.push(format!("{name}: whether its external scaler says that there is work is not in a trace"));
    }
    notes
}

/// A cost policy without a price.
fn unpriced(tried: &Tried) -> Option<String> {
    let has_policy = tried.spec.all_policies().any(|policy| policy.type_ == PolicyType::Cost);
    (has_policy && tried.run.summary.cost.is_none()).then(|| {
        format!(
            "{}: the price of a pod is not known throughout: add a column price to the trace, or costPerPod to the spec",
            tried.name
        )
    })
}

fn draw(path: &Path, view: &ReplayView, tried: &[Tried], io: &mut Io) -> Result<(), Error> {
    let drawn: Vec<_> =
        tried.iter().map(|it| Drawn { run: &it.run, metrics: it.subject.metrics() }).collect();
    std::fs::write(path, plot::svg(view, &drawn))
        .map_err(|source| Error::WriteFile { path: path.to_owned(), source })?;
    io.note(&format!("the picture is in {}", path.display()));
    Ok(())
}
