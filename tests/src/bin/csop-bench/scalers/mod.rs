//! The benchmark `scalers`: thousands of scalers at an interval of a second against one Prometheus, with the operator on one core.

mod load;
mod steps;
mod window;

use std::time::{Duration, Instant};

use csop_tests::{
    Error,
    servers::prometheus::{Prometheus, Settings},
};

use crate::{
    machine,
    operator::{Launch, Operator},
    report::{Report, round},
    say,
    scene::Scene,
    statistics::{count, scaled},
};
use window::Window;

/// Distinct queries, however many scalers there are.
const QUERIES: usize = 1000;
/// Scalers whose metric steps while the others go on.
const STEPPING: usize = 100;
const MINUTE: Duration = Duration::from_secs(60);
/// A status that follows the first decisions is written by then.
const SETTLING: Duration = Duration::from_secs(15);
const MEGABYTE: f64 = 1e6;
const KILOBYTE: f64 = 1e3;

/// Runs it.
pub async fn run(scale: f64) -> Result<Report, Error> {
    let [thousand, all, stepping] = [1000, 10_000, STEPPING].map(|number| scaled(number, scale));
    let minute = MINUTE.mul_f64(scale).max(Duration::from_secs(10));
    let mut report = Report::new("scalers");
    machine::describe(&mut report, scale);
    report.context("distinct_queries", QUERIES.min(thousand));
    let scene = Scene::new(1).await?;
    let server = Prometheus::start(Settings::default()).await;
    let namespaces = scene.namespaces("scaled", all).await?;
    let loads = load::Load { client: scene.client(), server: server.address(), namespaces: &namespaces };
    let launch = Launch { arguments: vec!["--allow-metric-hosts=127.0.0.1".to_owned()], one_core: true };

    say(&format!("{thousand} targets"));
    loads.targets(0..thousand).await?;
    let mut operator = Operator::launch(scene.operator_kubeconfig(), &launch).await?;
    operator.ready().await?;
    say(&format!("{thousand} scalers"));
    let begun = Instant::now();
    loads.scalers(0..thousand, QUERIES.min(thousand)).await?;
    operator.decides_for(count(thousand)).await?;
    report.limited("created_all_evaluated_s", begun.elapsed().as_secs_f64(), 10.0);
    tokio::time::sleep(SETTLING).await;
    let steady = Window::watch(&scene, &operator, &server, minute).await?;
    report.limited("lag_p99_ms_1000", steady.lag_p99_ms(), 100.0);
    report.limited("upstream_queries_ratio", steady.queries_ratio(QUERIES.min(thousand)), 1.05);
    report.limited("cpu_s_per_min_1000", steady.cpu_s_per_min(), 6.0);
    report.limited("steady_mutating_requests", steady.writes(), 0.0);
    report.context("evaluations_per_s_1000", round(steady.evaluations_per_s()));
    let small = operator.memory()?.resident;
    report.limited("rss_mb_1000", bytes(small) / MEGABYTE, 50.0);

    say("steps");
    let steps = steps::run(&loads, thousand, stepping).await?;
    report.limited("step_p99_ms", steps.p99_beyond_interval_ms, 50.0);
    report.context("step_p50_ms_with_interval", round(steps.p50_ms));

    say("restart");
    operator.stop().await;
    let begun = Instant::now();
    operator = Operator::launch(scene.operator_kubeconfig(), &launch).await?;
    operator.decides_for(count(thousand)).await?;
    report.limited("restart_all_evaluated_s", begun.elapsed().as_secs_f64(), 3.0);

    say(&format!("{all} scalers"));
    loads.targets(thousand + stepping..all + stepping).await?;
    let begun = Instant::now();
    loads.scalers(thousand + stepping..all + stepping, QUERIES.min(thousand)).await?;
    operator.decides_for(count(all)).await?;
    report.figure("created_all_evaluated_s_10000", begun.elapsed().as_secs_f64());
    tokio::time::sleep(SETTLING).await;
    let many = Window::watch(&scene, &operator, &server, minute).await?;
    report.limited("lag_p99_ms_10000", many.lag_p99_ms(), 1000.0);
    report.limited("lost_intervals", steady.lost() + many.lost(), 0.0);
    report.context("evaluations_per_s_10000", round(many.evaluations_per_s()));
    report.context("cpu_s_per_min_10000", round(many.cpu_s_per_min()));
    let large = operator.memory()?.resident;
    let each = (bytes(large) - bytes(small)) / KILOBYTE / count(all - thousand);
    report.limited("rss_kb_per_scaler", each, 20.0);
    report.context("rss_mb_10000", round(bytes(large) / MEGABYTE));
    operator.stop().await;
    Ok(report)
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn bytes(bytes: u64) -> f64 {
    bytes as f64
}
