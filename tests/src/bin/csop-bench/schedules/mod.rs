//! The benchmark `schedules`: thousands of schedules at rest, and a few hundred whose windows begin and end.

mod calendars;
mod load;
mod transitions;

use csop_shared::api::{CashService, CashServiceScheduledScale};
use csop_tests::Error;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    fleet, load as objects, machine,
    operator::Operator,
    report::{Report, round},
    say,
    scene::Scene,
    statistics::{count, median, millis, percentile, scaled},
};
use transitions::{Plan, Took};

const SERVICES: usize = 1000;
const SCHEDULES: usize = 10_000;
/// Windows that begin, and end, spread over a stretch of time.
const SPREAD: usize = 300;
/// The stretch of time.
const STRETCH: SignedDuration = SignedDuration::from_secs(60);
/// Windows that begin, and end, at one instant.
const BURST: usize = 100;
/// Simulated nodes for the pods of the windows.
const NODES: usize = 2;
const KILOBYTE: f64 = 1e3;
const MEGABYTE: f64 = 1e6;

/// Runs it.
pub async fn run(scale: f64) -> Result<Report, Error> {
    let services = scaled(SERVICES, scale);
    let schedules = scaled(SCHEDULES, scale).max(services);
    let mut report = Report::new("schedules");
    machine::describe(&mut report, scale);
    report.context("services", services);
    report.context("schedules", schedules);
    report.context("load_before", round(machine::load()));
    let next = calendars::next_occurrence();
    report.limited("next_occurrence_ns", median(&next), 5000.0);
    report.context("next_occurrence_slowest_ns", round(percentile(&next, 1.0)));

    let scene = Scene::new(NODES).await?;
    let namespaces = scene.namespaces("sched", services).await?;
    let services = objects::services(&namespaces, services);
    let operator = with_services(&scene, &services).await?;
    let before = resident(&operator)?;
    let schedules = load::schedules(&services, schedules);
    say(&format!("{} schedules", schedules.len()));
    objects::create(scene.client(), &schedules, |_, _| {}).await?;
    settled(&scene, &operator).await?;
    let after = resident(&operator)?;
    let each = |bytes: f64| (bytes - before) / KILOBYTE / count(schedules.len());
    report.limited("rss_kb_per_schedule", each(after), 4.0);
    report.context("rss_mb", json!({"services": round(before / MEGABYTE), "all": round(after / MEGABYTE)}));

    say(&format!("rest with {} schedules", schedules.len()));
    fleet::rest(&scene, &operator, scale, &mut report).await?;
    let operator = fleet::restart(&scene, operator, services.len() + schedules.len(), &mut report).await?;
    report.context("restart_rss_kb_per_schedule", round(each(resident(&operator)?)));
    measure_transitions(&scene, &operator, &schedules, scale, &mut report).await?;
    operator.stop().await;
    report.context("load_after", round(machine::load()));
    Ok(report)
}

/// An operator that was started when the services and their children were there.
async fn with_services(scene: &Scene, services: &[CashService]) -> Result<Operator, Error> {
    say(&format!("{} services", services.len()));
    let maker = Operator::start(scene.operator_kubeconfig()).await?;
    maker.ready().await?;
    objects::create(scene.client(), services, |_, _| {}).await?;
    settled(scene, &maker).await?;
    maker.stop().await;
    let operator = Operator::start(scene.operator_kubeconfig()).await?;
    operator.has_reconciled(count(services.len())).await?;
    settled(scene, &operator).await?;
    Ok(operator)
}

async fn settled(scene: &Scene, operator: &Operator) -> Result<(), Error> {
    operator.is_quiet().await?;
    scene.settled().await;
    Ok(())
}

async fn measure_transitions(
    scene: &Scene,
    operator: &Operator,
    schedules: &[CashServiceScheduledScale],
    scale: f64,
    report: &mut Report,
) -> Result<(), Error> {
    // The first schedules are of different services, and have a window of their own each.
    let [spread, burst] = [SPREAD, BURST].map(|windows| scaled(windows, scale));
    let (spread, rest) = schedules.split_at(spread);
    say(&format!("{} windows spread over {} s", spread.len(), STRETCH.as_secs()));
    let cpu = operator.cpu()?;
    let spread = Plan { schedules: spread, stretch: STRETCH, length: STRETCH / 2 }.run(scene).await?;
    report.limited("transition_p99_ms", percentile(&spread.all(), 0.99), 1000.0);
    report.context("transitions", told(&spread));
    report.context("transitions_cpu_ms", millis(operator.cpu()?.saturating_sub(cpu)));
    settled(scene, operator).await?;
    let burst = &rest[..burst.min(rest.len())];
    say(&format!("{} windows at one instant", burst.len()));
    let burst =
        Plan { schedules: burst, stretch: SignedDuration::ZERO, length: STRETCH / 2 }.run(scene).await?;
    report.figure("burst_p99_ms", percentile(&burst.all(), 0.99));
    report.context("burst", told(&burst));
    settled(scene, operator).await
}

fn told(took: &Took) -> Value {
    let of = |samples: &[f64]| {
        json!({
            "samples": samples.len(),
            "p50_ms": round(median(samples)),
            "p99_ms": round(percentile(samples, 0.99)),
            "max_ms": round(percentile(samples, 1.0)),
        })
    };
    json!({"starts": of(&took.starts), "ends": of(&took.ends)})
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn resident(operator: &Operator) -> Result<f64, Error> {
    Ok(operator.memory()?.resident as f64)
}
