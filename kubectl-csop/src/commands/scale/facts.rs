//! Reading what must be known of a target.

use crate::client::{Cluster, Own};
use crate::error::{Attempt, Error};
use crate::io::Io;
use crate::view::forecast::Facts;
use csop_shared::api::cash_service::AutoscalingMode;
use csop_shared::api::cash_service_scheduled_scale::ScheduleTargetKind;
use csop_shared::api::{CashService, GeneralScaler};
use csop_shared::scale::affordable;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ResourceQuota;
use kube::Api;
use kube::api::ListParams;

/// Reads a target and what surrounds it; what beside the target may not be read is left out, and said.
pub async fn read(
    kind: ScheduleTargetKind,
    name: &str,
    cluster: &Cluster,
    io: &mut Io,
) -> Result<Facts, Error> {
    let (mut facts, scaler, deployment) = match kind {
        ScheduleTargetKind::GeneralScaler => {
            let scaler: GeneralScaler = cluster.get(name).await?;
            let scaled = scaler.spec.target().filter(|target| target.kind == "Deployment");
            (of_scaler(name, &scaler), Some(scaler), scaled.map(|target| target.name))
        }
        _ => {
            let service: CashService = cluster.get(name).await?;
            let facts = of_service(name, &service);
            let scaler = match facts.mode {
                AutoscalingMode::GeneralScaler => live::<GeneralScaler>(name, cluster, io).await?,
                _ => None,
            };
            (facts, scaler, Some(name.to_owned()))
        }
    };
    facts.affordable = scaler.as_ref().and_then(affordable);
    facts.replicas = scaler.as_ref().and_then(|scaler| scaler.status.as_ref()?.current_replicas);
    if let Some(deployment) = deployment {
        look_at(&deployment, &mut facts, cluster, io).await?;
    }
    facts.quotas = readable(quotas(cluster).await, io)?;
    Ok(facts)
}

/// What the spec of a service says.
fn of_service(name: &str, service: &CashService) -> Facts {
    Facts {
        name: name.to_owned(),
        mode: service.spec.mode(),
        min: service.spec.bounds().min,
        max: service.spec.autoscaling.max_replicas,
        ..Facts::default()
    }
}

/// What the spec of a scaler says.
fn of_scaler(name: &str, scaler: &GeneralScaler) -> Facts {
    Facts {
        name: name.to_owned(),
        mode: AutoscalingMode::GeneralScaler,
        min: scaler.spec.min_replicas.unwrap_or(1),
        max: Some(scaler.spec.max_replicas),
        ..Facts::default()
    }
}

/// What the spec of a target says; nothing for one that is not there, or may not be read.
pub async fn declared(
    kind: ScheduleTargetKind,
    name: &str,
    cluster: &Cluster,
    io: &mut Io,
) -> Result<Option<Facts>, Error> {
    Ok(match kind {
        ScheduleTargetKind::CashService => {
            live::<CashService>(name, cluster, io).await?.map(|service| of_service(name, &service))
        }
        ScheduleTargetKind::GeneralScaler => {
            live::<GeneralScaler>(name, cluster, io).await?.map(|scaler| of_scaler(name, &scaler))
        }
        ScheduleTargetKind::MoneyPositive => None,
    })
}

async fn live<K: Own>(name: &str, cluster: &Cluster, io: &mut Io) -> Result<Option<K>, Error> {
    let api = cluster.api::<K>();
    let read = cluster.call(cluster.on::<K>("get", name), api.get_opt(name)).await;
    Ok(readable(read, io)?.flatten())
}

/// The live Deployment: how many pods there are, and of what kind.
async fn look_at(name: &str, facts: &mut Facts, cluster: &Cluster, io: &mut Io) -> Result<(), Error> {
    let api = Api::<Deployment>::namespaced(cluster.client.clone(), &cluster.namespace);
    let attempt = Attempt::new("get", "deployments.apps").of(name).within(Some(&cluster.namespace));
    let found = readable(cluster.call(attempt, api.get_opt(name)).await, io)?.flatten();
    if let Some(spec) = found.and_then(|deployment| deployment.spec) {
        facts.replicas = Some(spec.replicas.unwrap_or(1));
        facts.pod = spec.template.spec;
    }
    Ok(())
}

async fn quotas(cluster: &Cluster) -> Result<Vec<ResourceQuota>, Error> {
    let api = Api::<ResourceQuota>::namespaced(cluster.client.clone(), &cluster.namespace);
    let attempt = Attempt::new("list", "resourcequotas").within(Some(&cluster.namespace));
    cluster.pages(&attempt, ListParams::default(), async |page| api.list(&page).await).await
}

/// What was read; nothing, and a word on it, where it may not be.
pub fn readable<T>(answer: Result<T, Error>, io: &mut Io) -> Result<Option<T>, Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error @ (Error::Forbidden(_) | Error::Refused { forbidden: true, .. })) => {
            io.warn(&format!("incomplete: {error}"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
