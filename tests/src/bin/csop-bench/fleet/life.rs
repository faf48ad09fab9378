//! What a fleet costs when it is there: at rest, when the operator is restarted, and when a service is changed.

use std::time::{Duration, Instant};

use csop_shared::{api::CashService, conditions};
use csop_tests::{Error, requests::Write, wait};
use futures::{Stream, TryStreamExt as _};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::{
    Api, ResourceExt as _,
    api::{ListParams, WatchEvent, WatchParams},
};
use serde_json::{Value, json};

use super::birth::{Fleet, writes_of_operator};
use crate::{
    load,
    operator::Operator,
    report::{Report, round},
    say,
    scene::{LONG, Scene},
    statistics::{count, median, millis, percentile, scaled},
};

const REST: Duration = Duration::from_secs(60);
/// How long a restarted operator is watched after it has looked at every service.
const AFTERMATH: Duration = Duration::from_secs(10);
/// Changes of single services.
const CHANGES: usize = 200;
/// Time between them: what follows a change is not to meet the next one.
const BETWEEN: Duration = Duration::from_millis(50);
const SOON: Duration = Duration::from_secs(30);
const MEGABYTE: f64 = 1e6;

/// Measures a fleet, and ends it.
pub async fn run(scene: &Scene, mut fleet: Fleet, scale: f64, report: &mut Report) -> Result<(), Error> {
    say("every service gets a pod");
    load::change(scene.client(), &fleet.services, &json!({"spec": {"replicas": 1}})).await?;
    serving(scene, &fleet).await?;
    fleet.operator.is_quiet().await?;
    scene.settled().await;
    rest(scene, &fleet.operator, scale, report).await?;
    let memory = fleet.operator.memory()?;
    report.limited("rss_mb_5000", megabytes(memory.resident), 180.0);
    report.context("rss_peak_mb", round(megabytes(memory.peak)));
    fleet.operator = restart(scene, fleet.operator, fleet.services.len(), report).await?;
    changes(scene, &fleet, scale, report).await?;
    fleet.operator.stop().await;
    Ok(())
}

/// Waits until every service is Ready with its pod.
async fn serving(scene: &Scene, fleet: &Fleet) -> Result<(), Error> {
    for namespace in &fleet.namespaces {
        let api: Api<CashService> = Api::namespaced(scene.client().clone(), namespace);
        wait::try_until(LONG, "the services are Ready", async || {
            let list = api.list(&ListParams::default()).await.map_err(|error| error.to_string())?;
            match list.items.iter().filter(|service| !serves(service)).count() {
                0 => Ok(()),
                waiting => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    Err(format!("{waiting} are not in {namespace}"))
                }
            }
        })
        .await?;
    }
    Ok(())
}

fn serves(service: &CashService) -> bool {
    service.status.as_ref().is_some_and(|status| {
        let ready = conditions::find(&status.conditions, conditions::types::READY);
        ready.is_some_and(|c| c.status == "True") && status.ready_replicas == Some(1)
    })
}

/// A time in which nothing is to be done.
pub async fn rest(scene: &Scene, operator: &Operator, scale: f64, report: &mut Report) -> Result<(), Error> {
    let minute = REST.mul_f64(scale).max(Duration::from_secs(10));
    say(&format!("{} s of rest", minute.as_secs()));
    let (requests, cpu) = (scene.requests().await, operator.cpu()?);
    let mark = requests.mark().await;
    tokio::time::sleep(minute).await;
    let all = requests.all(mark).await;
    let writes: Vec<&Write> = writes_of_operator(&all).collect();
    report.limited("steady_mutating_requests", count(writes.len()), 0.0);
    report.context("steady_requests", summary(&writes));
    report.context("steady_cpu_ms", millis(operator.cpu()?.saturating_sub(cpu)));
    report.context("steady_s", minute.as_secs());
    Ok(())
}

/// The next process in place of this one, from its start until it has looked at so many objects and has nothing more to do.
pub async fn restart(
    scene: &Scene,
    operator: Operator,
    objects: usize,
    report: &mut Report,
) -> Result<Operator, Error> {
    say("restart");
    operator.stop().await;
    let requests = scene.requests().await;
    let (mark, begun) = (requests.mark().await, Instant::now());
    let operator = Operator::start(scene.operator_kubeconfig()).await?;
    operator.ready().await?;
    report.context("restart_ready_s", round(begun.elapsed().as_secs_f64()));
    operator.has_reconciled(count(objects)).await?;
    report.figure("restart_synced_s", begun.elapsed().as_secs_f64());
    report.context("restart_cpu_ms", millis(operator.cpu()?));
    operator.is_quiet().await?;
    tokio::time::sleep(AFTERMATH).await;
    let all = requests.all(mark).await;
    let writes: Vec<&Write> = writes_of_operator(&all).collect();
    report.limited("restart_mutating_requests", count(writes.len()), 0.0);
    report.context("restart_requests", summary(&writes));
    let memory = operator.memory()?;
    report.context("restart_rss_mb", round(megabytes(memory.resident)));
    report.context("restart_rss_peak_mb", round(megabytes(memory.peak)));
    Ok(operator)
}

/// From an edit's first byte until its child's change reaches a watch. The edit leaves the pod template alone, for whose changes
/// the operator waits on purpose.
async fn changes(scene: &Scene, fleet: &Fleet, scale: f64, report: &mut Report) -> Result<(), Error> {
    say("changes, one at a time");
    let api: Api<NetworkPolicy> = Api::all(scene.client().clone());
    let list = api.list_metadata(&ListParams::default().limit(1)).await;
    let version =
        list.map_err(Error::api("list NetworkPolicies"))?.metadata.resource_version.unwrap_or_default();
    let events =
        api.watch(&WatchParams::default(), &version).await.map_err(Error::api("watch NetworkPolicies"))?;
    let mut events = std::pin::pin!(events);
    let changes = scaled(CHANGES, scale);
    let mut samples = vec![];
    for n in 0..changes {
        // Spread over the whole fleet.
        let service = &fleet.services[n * fleet.services.len() / changes];
        let begun = Instant::now();
        let edit = json!({"spec": {"network": {"egress": "DNSOnly"}}});
        load::edit(scene.client(), service, &edit).await?;
        let seen = tokio::time::timeout(SOON, changed(&mut events, service)).await;
        let what = || format!("NetworkPolicy of {}", service.name_any());
        seen.map_err(|_| Error::NotReady { what: what(), limit: SOON, detail: String::new() })??;
        samples.push(millis(begun.elapsed()));
        tokio::time::sleep(BETWEEN).await;
    }
    report.limited("apply_p99_ms", percentile(&samples, 0.99), 100.0);
    report.context("apply_p50_ms", round(median(&samples)));
    report.context("apply_max_ms", round(percentile(&samples, 1.0)));
    report.context("apply_samples", samples.len());
    Ok(())
}

/// Waits until the NetworkPolicy of a service has changed.
async fn changed(
    events: &mut (impl Stream<Item = kube::Result<WatchEvent<NetworkPolicy>>> + Unpin),
    service: &CashService,
) -> Result<(), Error> {
    loop {
        let event = events.try_next().await.map_err(Error::api("watch NetworkPolicies"))?;
        let Some(event) = event else { return Err(Error::Missing("the watch has ended".to_owned())) };
        if let WatchEvent::Modified(policy) = event
            && policy.namespace() == service.namespace()
            && policy.name_any() == service.name_any()
        {
            return Ok(());
        }
    }
}

fn summary(writes: &[&Write]) -> Value {
    writes.iter().take(20).map(|w| format!("{} {} {}/{}", w.verb, w.resource, w.namespace, w.name)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / MEGABYTE
}
