//! What the schedules of a target come to at an instant.

use crate::api::CashServiceScheduledScale;
use crate::api::cash_service::AutoscalingMode;
use crate::scale::Floor;
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use super::{Calendar, InForce, Window, floors, refusal};

/// What the schedules of a target come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Situation {
    /// The floors in force.
    pub floors: Vec<Floor>,
    /// The names of the schedules in force, sorted.
    pub names: Vec<String>,
    /// When that may change next.
    pub next_change: Option<Timestamp>,
}

/// What these schedules of a target with this mode and these bounds come to. Those that cannot be kept, are suspended or are being deleted
/// ask for nothing.
pub fn situation(
    schedules: &[CashServiceScheduledScale],
    mode: AutoscalingMode,
    (min, max): (i32, Option<i32>),
    now: Timestamp,
) -> Situation {
    let mut sorted: Vec<_> = schedules.iter().filter(|schedule| counts(schedule, mode)).collect();
    sorted.sort_by_key(|schedule| schedule.name_any());
    let mut in_force = vec![];
    let mut next_change: Option<Timestamp> = None;
    for schedule in sorted {
        let Ok(calendar) = Calendar::new(&schedule.spec) else { continue };
        let lead = lead(schedule, &calendar);
        next_change = [next_change, calendar.next_change(now, lead)].into_iter().flatten().min();
        let Some(window) = calendar.active(now, lead) else { continue };
        let base = base(schedule, &window);
        if schedule.spec.adds_to_current() && base.is_none() {
            // It begins when the count at its start is known; the schedule's own status tells.
            continue;
        }
        in_force.push((schedule.name_any(), schedule, base));
    }
    let in_force: Vec<_> = in_force
        .iter()
        .map(|(name, schedule, base)| InForce { name, spec: &schedule.spec, base: *base })
        .collect();
    Situation {
        floors: floors(&in_force, min, max),
        names: in_force.iter().map(|schedule| schedule.name.to_owned()).collect(),
        next_change,
    }
}

fn counts(schedule: &CashServiceScheduledScale, mode: AutoscalingMode) -> bool {
    schedule.spec.suspend != Some(true)
        && schedule.metadata.deletion_timestamp.is_none()
        && refusal(&schedule.spec, mode).is_none()
}

/// By how much its windows begin earlier; what was measured counts for `auto`.
pub fn lead(schedule: &CashServiceScheduledScale, calendar: &Calendar) -> SignedDuration {
    let measured = schedule.status.as_ref().and_then(|status| status.lead_seconds);
    calendar.lead().unwrap_or_else(|| SignedDuration::from_secs(measured.unwrap_or(0).max(0)))
}

/// The replicas when a window began, as the status remembers them.
pub fn base(schedule: &CashServiceScheduledScale, window: &Window) -> Option<i32> {
    let status = schedule.status.as_ref()?;
    let active = status.active.iter().map(|active| (active.scheduled_time.0, active.base_replicas));
    let past = status.history.iter().map(|entry| (entry.scheduled_time.0, entry.base_replicas));
    active.chain(past).find_map(|(scheduled, base)| base.filter(|_| scheduled == window.scheduled))
}
