//! Reading what the picture of the capacity shows.

use super::facts::declared;
use crate::client::Cluster;
use crate::error::Error;
use crate::io::Io;
use crate::view::capacity::{Capacity, capacity};
use crate::view::schedules::Days;
use csop_shared::api::CashServiceScheduledScale;
use csop_shared::api::cash_service_scheduled_scale::ScheduleTargetKind;
use kube::ResourceExt;
use std::collections::BTreeMap;

/// The bounds over time of all targets of these schedules; those that are not there, or may not be read, are left out. Targets of
/// several namespaces are named with theirs.
pub async fn read(
    schedules: &[CashServiceScheduledScale],
    days: &Days,
    several: bool,
    cluster: &Cluster,
    io: &mut Io,
) -> Result<Vec<Capacity>, Error> {
    let mut targets: BTreeMap<_, (ScheduleTargetKind, Vec<CashServiceScheduledScale>)> = BTreeMap::new();
    for schedule in schedules {
        if let Some((kind, name)) = schedule.spec.target() {
            let key = (schedule.namespace().unwrap_or_default(), kind.to_string(), name.to_owned());
            targets.entry(key).or_insert((kind, vec![])).1.push(schedule.clone());
        }
    }
    let mut all = vec![];
    for ((namespace, _, name), (kind, schedules)) in targets {
        let mut there = cluster.clone();
        there.namespace.clone_from(&namespace);
        let Some(facts) = declared(kind, &name, &there, io).await? else { continue };
        let short = if kind == ScheduleTargetKind::GeneralScaler { format!("gs/{name}") } else { name };
        let shown = if several { format!("{namespace}/{short}") } else { short };
        all.push(capacity(shown, &facts, &schedules, days));
    }
    Ok(all)
}
