//! The part of the story in which the load of the service rises and falls.

use super::{
    inside::{self, BURN_MILLIS, REQUESTS_PER_SECOND},
    narrator::Narrator,
    pods::Pods,
    stage::Stage,
};
use crate::Error;

/// How many replicas the load makes the autoscaler want: the most that it may have.
const MOST: &str = "4";
const FEWEST: &str = "2";
/// What every container of a simulated pod consumes, of a request of 100m.
pub(super) const HIGH: &str = "300m";
const LOW: &str = "10m";

/// Lets the load rise, until the service is as large as it may be.
pub(super) async fn rise(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Load", "Let the load rise: the HorizontalPodAutoscaler follows")?;
    match stage.pods() {
        Pods::Real => burn(stage, narrator).await,
        Pods::Simulated => {
            stage.shell().show(narrator, &annotate(HIGH)).await?;
            narrator.note(
                "Simulated pods burn no CPU. metrics-server reads this instead, the autoscaler reads",
            )?;
            narrator
                .note("metrics-server; both are the real ones. Two scrapes, up to 20 s, until it knows:")?;
            grow(stage, narrator).await
        }
    }?;
    narrator
        .note("The number of replicas is the autoscaler's; csop never writes it, whatever else it restores.")
}

/// Real requests, and meanwhile all pods are replaced.
async fn burn(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.pictured(true);
    narrator.output(&format!(
        "{REQUESTS_PER_SECOND} requests a second, over TLS from within the cluster; each burns {BURN_MILLIS} ms of CPU"
    ))?;
    let load = inside::burn(stage.cluster()?).await?;
    grow(stage, narrator).await?;
    narrator.pictured(true);
    stage.shell().show(narrator, "kubectl csop restart shop --yes").await?;
    let report = load.end().await;
    narrator.output(&format!("{} requests, {} lost", report.sent(), report.lost))?;
    for reason in &report.reasons {
        narrator.output(reason)?;
    }
    narrator.pictured(false);
    narrator.note("From two pods to four, and all of them replaced by new ones: every request was counted.")
}

/// Watches the service until it is as large as it may be.
async fn grow(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.pictured(true);
    watch_size(stage, narrator, MOST).await?;
    narrator.pictured(false);
    let ready =
        format!("kubectl wait --for=jsonpath='{{.status.ready}}'={MOST}/{MOST} csvc/shop --timeout=60s");
    stage.shell().show(narrator, &ready).await?;
    stage.shell().show(narrator, "kubectl get csvc").await
}

/// Lets the load fall, and watches the service until it is as small as it may be. Real load has ended before.
pub(super) async fn fall(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Relief", "Let the load fall")?;
    if !stage.pods().are_real() {
        stage.shell().show(narrator, &annotate(LOW)).await?;
    }
    watch_size(stage, narrator, FEWEST).await?;
    narrator
        .note("Here an autoscaler waits for 2 s before it follows a falling load, by default for 5 minutes.")
}

/// The command that lets all simulated pods consume so much.
pub(super) fn annotate(cpu: &str) -> String {
    format!("kubectl annotate nodes --all --overwrite cpu.test.csop.dev/default={cpu}")
}

/// Watches the autoscaler until it reports this many replicas.
async fn watch_size(stage: &Stage, narrator: &mut Narrator, replicas: &str) -> Result<(), Error> {
    let reached = |line: &str| line.split_whitespace().rev().nth(1) == Some(replicas);
    stage.shell().watch(narrator, "kubectl get hpa shop --watch", reached).await
}
