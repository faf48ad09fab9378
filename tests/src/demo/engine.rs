//! The part of the story in which csop's own engine scales, on a real Redis and a real Prometheus.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    narrator::Narrator,
    servers::Progress,
    shell::{PATIENCE, repository},
    stage::Stage,
    story::until,
};
use crate::{Error, binaries};

/// What the demo applies: quicker than the samples' own manifests. `$REDIS` and `$PROMETHEUS` are the addresses of the servers.
const SCALERS: [(&str, &str); 2] = [
    ("redis-worker.yaml", include_str!("manifests/redis-worker.yaml")),
    ("http-app.yaml", include_str!("manifests/http-app.yaml")),
];
const SERVERS: &str = "kubectl apply -f tests/src/demo/manifests/servers.yaml";
const SERVERS_READY: &str =
    "kubectl wait --for=condition=Available deployment/redis deployment/prometheus --timeout=60s";
const APPLICATIONS: &str = "kubectl apply -f examples/apps/redis-worker/deployment.yaml \
                            -f examples/apps/http-app/deployment.yaml";
const EXPLAIN: &str = "kubectl csop scaler status redis-worker --explain";
const REQUESTS: &str = "kubectl csop scaler status http-app";
const LIST: &str = "kubectl csop scaler status";
const EXPORT: &str = "kubectl csop scaler export redis-worker";
/// How the row of a trace ends in which there is nothing any more: no jobs, no replicas, none ready.
const NOTHING_LEFT: &str = ",0,0,0";
const HEADING: &str = "Scale by csop's own engine: jobs in Redis, requests in Prometheus";
const JOBS: usize = 240;
/// The pods of http-app when the load has reached it.
const LOADED: i32 = 3;

const LOOK_EVERY: Duration = Duration::from_millis(200);
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Says why this part is not told.
pub(super) fn leave_out(narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Scale", HEADING)?;
    narrator.note("Left out: it needs redis-server, redis-cli and prometheus on the PATH.")
}

/// Lets the servers start where they are pods: that takes a while, in which the story goes on.
pub(super) async fn prepare(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    if !stage.pods().are_real() {
        return Ok(());
    }
    narrator.heading("Servers", "Let a Redis and a Prometheus start, for later")?;
    stage.shell().show(narrator, SERVERS).await
}

/// Scales two services by real metrics, down to zero and back.
pub(super) async fn tell(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Scale", HEADING)?;
    if stage.pods().are_real() {
        stage.shell().show(narrator, SERVERS_READY).await?;
    }
    stage.start_servers().await?;
    deploy(stage, narrator).await?;
    work(stage, narrator).await?;
    replay(stage, narrator).await
}

async fn deploy(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    write_scalers(stage)?;
    let shell = stage.shell();
    shell.show(narrator, APPLICATIONS).await?;
    shell.show(narrator, "cat \"$SCALERS\"/redis-worker.yaml").await?;
    shell.show(narrator, "grep -A7 metrics: \"$SCALERS\"/http-app.yaml").await?;
    shell.show(narrator, "kubectl apply -f \"$SCALERS\"").await?;
    let zero = "kubectl wait --for=jsonpath={.spec.replicas}=0 deployment/redis-worker --timeout=60s";
    shell.show(narrator, zero).await?;
    narrator.note("There are no jobs, so there are no workers.")
}

fn write_scalers(stage: &mut Stage) -> Result<(), Error> {
    let Some(servers) = stage.servers() else { return Ok(()) };
    let (redis, prometheus) = (servers.redis(), servers.prometheus());
    let folder = stage.folder_for("SCALERS")?;
    for (name, text) in SCALERS {
        let path = folder.join(name);
        fs::write(&path, text.replace("$REDIS", &redis).replace("$PROMETHEUS", &prometheus))
            .map_err(Error::file("write", path))?;
    }
    Ok(())
}

/// Work comes, is done, and ends.
async fn work(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    let Some(servers) = stage.servers() else { return Ok(()) };
    servers.send_requests().await?;
    let push = servers.push(JOBS);
    stage.shell().show(narrator, &push).await?;
    if stage.pods().are_real() {
        narrator.note(
            "Real jobs for real pods. Meanwhile 40 requests a second go to http-app, for 15 seconds.",
        )?;
    } else {
        narrator.note(
            "Real jobs, real metrics. Pods are simulated, so for each Ready pod of redis-worker one real",
        )?;
        narrator
            .note("process works here. Meanwhile 40 requests a second go to http-app, for 15 seconds.")?;
    }
    let flag = stage.operator_flag();
    let began = Instant::now();
    follow(stage, narrator, began, |now| now.ready > 1 && now.queue > 0).await?;
    narrator.pictured(true);
    stage.shell().show(narrator, &format!("{EXPLAIN}{flag}")).await?;
    narrator.pictured(false);
    narrator.note("Every step from the number in Redis to the number of pods. And on it goes:")?;
    follow(stage, narrator, began, |now| now.http >= LOADED).await?;
    stage.shell().show(narrator, &format!("{REQUESTS}{flag}")).await?;
    stage.shell().show(narrator, LIST).await?;
    follow(stage, narrator, began, Progress::is_over).await?;
    narrator.note("All jobs are done, and the last worker has gone.")
}

/// Lets the workers follow their pods, and tells every second how far the work is, until it is far enough.
async fn follow(
    stage: &mut Stage,
    narrator: &mut Narrator,
    began: Instant,
    far_enough: impl Fn(&Progress) -> bool,
) -> Result<(), Error> {
    narrator.output("   TIME    JOBS  PODS WANTED  READY  WORKERS  HTTP-APP PODS")?;
    let mut told = None::<Instant>;
    loop {
        let Some(servers) = stage.servers() else { return Ok(()) };
        let progress = servers.follow().await?;
        let enough = far_enough(&progress);
        if enough || told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            narrator.output(&row(began.elapsed(), progress))?;
            told = Some(Instant::now());
        }
        if enough {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            let what = "the jobs are done and the workers follow".to_owned();
            return Err(Error::NotReady { what, limit: PATIENCE, detail: format!("{progress:?}") });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn row(since: Duration, now: Progress) -> String {
    let Progress { queue, wanted, ready, workers, http } = now;
    let seconds = since.as_secs_f32();
    format!("{seconds:>5.1} s  {queue:>6}  {wanted:>11}  {ready:>5}  {workers:>7}  {http:>13}")
}

/// What has just happened, as a file and as a picture.
async fn replay(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Replay", "Replay what just happened")?;
    let plot = plot()?;
    let shown = plot.strip_prefix(repository()).unwrap_or(&plot).display();
    let shell = stage.shell();
    let export = format!("{EXPORT}{}", stage.operator_flag());
    until(stage, "the operator has seen the end", &export, |trace| trace.trim_end().ends_with(NOTHING_LEFT))
        .await?;
    shell.show(narrator, &format!("{export} > \"$SCALERS\"/trace.csv")).await?;
    let replay = format!(
        "kubectl csop scaler replay -f \"$SCALERS\"/redis-worker.yaml --trace \"$SCALERS\"/trace.csv --plot {shown}"
    );
    shell.show(narrator, &replay).await?;
    narrator.note("Decided anew from the recorded numbers, with the operator's own code.")?;
    narrator.note(&format!("The picture: {}", plot.display()))
}

/// Where the picture goes, in a folder that is there.
fn plot() -> Result<PathBuf, Error> {
    let target = binaries::target_folder()?;
    let folder = target.parent().unwrap_or(Path::new(".")).join("demo");
    fs::create_dir_all(&folder).map_err(Error::file("make the folder", &folder))?;
    Ok(folder.join("replay.svg"))
}
