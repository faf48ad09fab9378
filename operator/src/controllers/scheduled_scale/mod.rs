//! The controller of `CashServiceScheduledScale`: it tells how schedules are, and remembers what must not be forgotten.
//!
//! The replicas are written by whoever scales the target, from the same specs: a window begins and ends there even if this controller
//! is late.

mod desired;
mod observe;
mod readiness;
mod status;
#[cfg(test)]
mod tests;

use csop_shared::api::{CashServiceScheduledScale, CashServiceScheduledScaleStatus};
use jiff::Timestamp;

use super::related;
use crate::runtime::children::{ChildId, ChildKind};
use crate::runtime::context::Context;
use crate::runtime::desired::{Applied, Desired};
use crate::runtime::error::Error;
use crate::runtime::kind::{Kind, Verdict, Watch};
pub use observe::Observed;

/// Tells how schedules are.
#[derive(Debug, Default)]
pub struct ScheduledScales;

impl Kind for ScheduledScales {
    type Object = CashServiceScheduledScale;
    type Observed = Observed;
    type Outcomes = ();
    type Status = CashServiceScheduledScaleStatus;

    const NAME: &'static str = "scheduled-scale";

    fn children() -> Vec<ChildKind> {
        vec![]
    }

    fn watches() -> Vec<Watch> {
        vec![related::services(), related::scalers(), related::schedules(), related::quotas()]
    }

    fn reads() -> &'static [(&'static str, &'static str, &'static str)] {
        // How large the target is, and how soon its pods are ready.
        &[("csop.dev", "generalscalers", "get"), ("apps", "deployments", "get"), ("", "pods", "list")]
    }

    fn claims(_: &CashServiceScheduledScale) -> Vec<ChildId> {
        vec![]
    }

    fn current_status(obj: &CashServiceScheduledScale) -> Option<&CashServiceScheduledScaleStatus> {
        obj.status.as_ref()
    }

    async fn observe(&self, obj: &CashServiceScheduledScale, ctx: &Context) -> Result<Observed, Error> {
        observe::observe(obj, ctx).await
    }

    fn desired(&self, _: &CashServiceScheduledScale, _: &Observed, _: Timestamp) -> Result<Desired, Error> {
        Ok(desired::desired())
    }

    fn status(
        &self,
        obj: &CashServiceScheduledScale,
        observed: &Observed,
        _: &Applied,
        _: &(),
        now: Timestamp,
    ) -> Verdict<CashServiceScheduledScaleStatus> {
        status::status(obj, observed, now)
    }
}
