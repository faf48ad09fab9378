//! The floors under a service.

use super::status::fetch;
use crate::client::Cluster;
use crate::error::Error;
use csop_shared::api::cash_service_scheduled_scale::ScheduleTargetKind;
use csop_shared::api::{CashService, CashServiceScheduledScale};
use csop_shared::scale::Floor;
use csop_shared::schedule::situation;
use jiff::Timestamp;
use kube::ResourceExt;

/// The floors of the service's schedules that are in force, as the operator counts them.
pub(super) async fn read(service: &CashService, cluster: &Cluster) -> Result<Vec<Floor>, Error> {
    let name = service.name_any();
    let own = |schedule: &CashServiceScheduledScale| {
        schedule.spec.target() == Some((ScheduleTargetKind::CashService, &name))
    };
    let own: Vec<_> = fetch::schedules(cluster).await?.into_iter().filter(own).collect();
    let bounds = (service.spec.bounds().min, service.spec.autoscaling.max_replicas);
    Ok(situation(&own, service.spec.mode(), bounds, None, Timestamp::now()).floors)
}
