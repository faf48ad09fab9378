//! Reading what the picture of the capacity shows.

use super::facts::{of_scaler, of_service, readable};
use crate::client::{Cluster, Own};
use crate::error::Error;
use crate::io::Io;
use crate::view::capacity::{Capacity, capacity};
use crate::view::schedules::Days;
use csop_shared::api::cash_service_scheduled_scale::ScheduleTargetKind;
use csop_shared::api::{CashService, CashServiceScheduledScale, GeneralScaler};
use kube::ResourceExt;
use std::collections::BTreeMap;

/// What a target is known by: namespace, kind and name.
type Key = (String, String, String);

/// The bounds over time of all targets of these schedules; those that are not there, or may not be read, are left out.
pub async fn read(
    schedules: &[CashServiceScheduledScale],
    days: &Days,
    cluster: &Cluster,
    io: &mut Io,
) -> Result<Vec<Capacity>, Error> {
    let mut targets: BTreeMap<Key, Vec<CashServiceScheduledScale>> = BTreeMap::new();
    for schedule in schedules {
        if let Some((kind, name)) = schedule.spec.target() {
            let key = (schedule.namespace().unwrap_or_default(), kind.to_string(), name.to_owned());
            targets.entry(key).or_default().push(schedule.clone());
        }
    }
    let several =
        targets.keys().map(|(namespace, ..)| namespace).collect::<std::collections::BTreeSet<_>>().len() > 1;
    let mut all = vec![];
    for ((namespace, kind, name), schedules) in targets {
        let mut there = cluster.clone();
        there.namespace.clone_from(&namespace);
        let is_scaler = kind == ScheduleTargetKind::GeneralScaler.to_string();
        let facts = if is_scaler {
            live::<GeneralScaler>(&name, &there, io).await?.map(|scaler| of_scaler(&name, &scaler))
        } else {
            live::<CashService>(&name, &there, io).await?.map(|service| of_service(&name, &service))
        };
        let Some(facts) = facts else { continue };
        let short = if is_scaler { format!("gs/{name}") } else { name };
        let shown = if several { format!("{namespace} {short}") } else { short };
        all.push(capacity(shown, &facts, &schedules, days));
    }
    Ok(all)
}

async fn live<K: Own>(name: &str, cluster: &Cluster, io: &mut Io) -> Result<Option<K>, Error> {
    let api = cluster.api::<K>();
    let read = cluster.call(cluster.on::<K>("get", name), api.get_opt(name)).await;
    Ok(readable(read, io)?.flatten())
}
