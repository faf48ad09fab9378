//! The benchmark `cli`: the programs as files, and the plugin as a process.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use csop_tests::{Error, binaries, kubectl, run_dir::RunDir, wait};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use serde_json::json;

use crate::{
    machine,
    operator::Operator,
    report::{Report, round},
    say,
    scene::Scene,
    statistics::{count, median, millis, percentile, scaled},
};

/// Runs of commands that ask no cluster.
const OFFLINE: usize = 200;
/// Runs of commands that ask one.
const ONLINE: usize = 50;
const SOON: Duration = Duration::from_secs(60);
const MEGABYTE: f64 = 1e6;

const SERVICE: &str = "shop";
/// Every kind that `status` shows of a service.
const KINDS: &str = "cashservices.csop.dev,deployments.apps,replicasets.apps,pods,services,\
    horizontalpodautoscalers.autoscaling,networkpolicies.networking.k8s.io,poddisruptionbudgets.policy,\
    serviceaccounts,secrets,configmaps,controllerrevisions.apps";

/// Runs it.
pub async fn run(scale: f64) -> Result<Report, Error> {
    let mut report = Report::new("cli");
    machine::describe(&mut report, scale);
    report.context("load_before", round(machine::load()));
    let folder = RunDir::of("bench", None)?;
    let manifest = folder.path().join("shop.json");
    let service = service();
    fs::write(&manifest, service.to_string()).map_err(Error::file("write", &manifest))?;
    let plugin = binaries::beside_tests("kubectl-csop")?;

    offline(&plugin, &manifest, folder.path(), scale, &mut report)?;
    say("a service on a control plane");
    let scene = Scene::new(1).await?;
    let operator = Operator::start(scene.operator_kubeconfig()).await?;
    apply(&scene, &manifest, folder.path())?;
    ready(&scene).await?;
    operator.is_quiet().await?;
    scene.settled().await;
    online(&plugin, &scene, folder.path(), scale, &mut report)?;
    operator.stop().await;

    report.limited("plugin_mb", megabytes(&plugin)?, 12.0);
    report.limited("operator_mb", megabytes(&binaries::beside_tests("csop-operator")?)?, 20.0);
    report.context("load_after", round(machine::load()));
    Ok(report)
}

fn service() -> serde_json::Value {
    json!({
        "apiVersion": "csop.dev/v1alpha1",
        "kind": "CashService",
        "metadata": {"name": SERVICE, "labels": {"csop.dev/service": SERVICE}},
        "spec": {
            "image": "registry.example.com/shop:1.4.2",
            "autoscaling": {"maxReplicas": 10},
            "config": {"data": {"GREETING": "hello"}},
            "secrets": [{"name": "session", "generate": {"key": {}}}],
        },
    })
}

fn offline(
    plugin: &Path,
    manifest: &Path,
    home: &Path,
    scale: f64,
    report: &mut Report,
) -> Result<(), Error> {
    let help = Call::new(plugin, home, ["--help"]);
    let render = Call::new(plugin, home, ["render".as_ref(), "-f".as_ref(), manifest.as_os_str()]);
    let nothing = Call::new(Path::new("/bin/true"), home, [""; 0]);
    let times = alternate(&[&help, &render, &nothing], scaled(OFFLINE, scale))?;
    report.limited("help_ms", median(&times[0]), 5.0);
    report.limited("render_ms", median(&times[1]), 5.0);
    report.context("help_p99_ms", round(percentile(&times[0], 0.99)));
    report.context("render_p99_ms", round(percentile(&times[1], 0.99)));
    report.context("true_ms", round(median(&times[2])));
    report.context("offline_runs", times[0].len());
    Ok(())
}

fn online(plugin: &Path, scene: &Scene, home: &Path, scale: f64, report: &mut Report) -> Result<(), Error> {
    let (kubectl, config) = (kubectl::program()?, scene.kubeconfig());
    let selector = format!("--selector=csop.dev/service={SERVICE}");
    let status = Call::new(plugin, home, ["status", SERVICE]).with_config(config);
    let get = Call::new(&kubectl, home, ["get", KINDS, &selector]).with_config(config);
    let list = Call::new(plugin, home, ["status"]).with_config(config);
    let get_list = Call::new(&kubectl, home, ["get", "cashservices.csop.dev"]).with_config(config);
    let calls = [&status, &get, &list, &get_list];
    // kubectl keeps what it learns of the server in a cache.
    alternate(&calls, 2)?;
    let times = alternate(&calls, scaled(ONLINE, scale))?;
    let medians: Vec<f64> = times.iter().map(|times| median(times)).collect();
    report.limited("status_ratio", medians[0] / medians[1], 1.5);
    for (name, median) in
        ["status_ms", "kubectl_get_ms", "status_list_ms", "kubectl_get_list_ms"].iter().zip(&medians)
    {
        report.context(name, round(*median));
    }
    report.context("online_runs", times[0].len());
    Ok(())
}

/// A command line that is run again and again.
struct Call {
    program: PathBuf,
    arguments: Vec<OsString>,
    home: PathBuf,
    config: Option<PathBuf>,
}

impl Call {
    fn new<A: Into<OsString>>(program: &Path, home: &Path, arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { program: program.to_owned(), arguments, home: home.to_owned(), config: None }
    }

    fn with_config(mut self, config: &Path) -> Self {
        self.config = Some(config.to_owned());
        self
    }

    /// Runs it, and returns the milliseconds until it has ended and all of its output is read.
    fn time(&self) -> Result<f64, Error> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().env("HOME", &self.home).stdin(Stdio::null());
        command.envs(self.config.iter().map(|config| ("KUBECONFIG", config)));
        let begun = Instant::now();
        let output = command.output().map_err(Error::spawn(self.program.display().to_string()))?;
        let took = begun.elapsed();
        if output.status.success() {
            return Ok(millis(took));
        }
        let detail = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Error::Failed { program: self.program.display().to_string(), status: output.status, detail })
    }
}

/// Runs all commands in turn, so often, and returns each one's times.
fn alternate(calls: &[&Call], runs: usize) -> Result<Vec<Vec<f64>>, Error> {
    let mut times = vec![vec![]; calls.len()];
    for _ in 0..runs {
        for (call, times) in calls.iter().zip(&mut times) {
            times.push(call.time()?);
        }
    }
    Ok(times)
}

fn apply(scene: &Scene, manifest: &Path, home: &Path) -> Result<(), Error> {
    let arguments = ["apply".as_ref(), "-f".as_ref(), manifest.as_os_str()];
    Call::new(&kubectl::program()?, home, arguments).with_config(scene.kubeconfig()).time().map(|_| ())
}

async fn ready(scene: &Scene) -> Result<(), Error> {
    let api: Api<Deployment> = Api::namespaced(scene.client().clone(), "default");
    wait::try_until(SOON, "the service has its pods", async || {
        let found = api.get(SERVICE).await.map_err(|error| error.to_string())?;
        let ready = found.status.and_then(|status| status.ready_replicas).unwrap_or(0);
        if ready == 2 { Ok(()) } else { Err(format!("{ready} of 2 are ready")) }
    })
    .await
}

fn megabytes(program: &Path) -> Result<f64, Error> {
    let file = fs::metadata(program).map_err(Error::file("read", program))?;
    Ok(count(usize::try_from(file.len()).expect("a program fits into memory")) / MEGABYTE)
}
