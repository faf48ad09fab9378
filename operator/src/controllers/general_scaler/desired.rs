//! What a scaler wants of the API server: nothing but another size of its target.

use csop_shared::api::{GeneralScaler, GeneralScalerStatus};
use jiff::Timestamp;

use super::observe::Observed;
use super::status;
use crate::runtime::desired::{Conflict, Contest, Desired, Rescale};

pub(super) fn desired(observed: &Observed) -> Desired {
    let conflict = observed.rival.as_ref().map(|words| Conflict {
        child: observed.target_id.clone(),
        contest: Contest::Replicas,
        words: words.clone(),
    });
    Desired { conflicts: conflict.into_iter().collect(), ..Desired::default() }
}

/// The change that was decided, unless somebody else has come to scale the target since.
pub(super) fn rescale(
    obj: &GeneralScaler,
    observed: &Observed,
    now: Timestamp,
) -> Option<Rescale<GeneralScalerStatus>> {
    let outgoing = observed.view.outgoing.as_ref().filter(|_| observed.rival.is_none())?;
    Some(Rescale {
        ahead: status::full(obj, observed, &observed.view, now),
        target: observed.target_id.clone(),
        version: outgoing.version.clone(),
        replicas: outgoing.to,
    })
}
