//! What the schedules of a target come to at an instant.

use crate::api::CashServiceScheduledScale;
use crate::api::cash_service::AutoscalingMode;
use crate::api::cash_service_scheduled_scale::ActiveWindow;
use crate::scale::{Floor, Name};
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
///
/// Where the count at the start is not known yet, the target keeps what it asks for now, `current`.
pub fn situation(
    schedules: &[CashServiceScheduledScale],
    mode: AutoscalingMode,
    (min, max): (i32, Option<i32>),
    current: Option<i32>,
    now: Timestamp,
) -> Situation {
    let mut sorted: Vec<_> = schedules.iter().filter(|schedule| counts(schedule, mode)).collect();
    sorted.sort_by_key(|schedule| schedule.name_any());
    let (mut in_force, mut held) = (vec![], vec![]);
    let mut next_change: Option<Timestamp> = None;
    for schedule in sorted {
        let Ok(calendar) = Calendar::new(&schedule.spec) else { continue };
        let lead = lead(schedule, &calendar);
        next_change = [next_change, calendar.next_change(now, lead)].into_iter().flatten().min();
        let Some(window) = calendar.active(now, lead) else { continue };
        let base = base(schedule, &window);
        if schedule.spec.adds_to_current() && base.is_none() {
            // It begins when the count at its start is known, which the schedule's own status tells. Until then nothing falls:
            // another window may have ended at this instant.
            held.extend(current.map(|current| kept(schedule, current)));
            continue;
        }
        in_force.push((schedule.name_any(), schedule, base));
    }
    let in_force: Vec<_> = in_force
        .iter()
        .map(|(name, schedule, base)| InForce { name, spec: &schedule.spec, base: *base })
        .collect();
    Situation {
        floors: floors(&in_force, min, max).into_iter().chain(held).collect(),
        names: in_force.iter().map(|schedule| schedule.name.to_owned()).collect(),
        next_change,
    }
}

/// Whether its windows are kept.
pub(super) fn counts(schedule: &CashServiceScheduledScale, mode: AutoscalingMode) -> bool {
    schedule.spec.suspend != Some(true)
        && schedule.metadata.deletion_timestamp.is_none()
        && refusal(&schedule.spec, mode).is_none()
}

/// A floor that keeps what there is.
fn kept(schedule: &CashServiceScheduledScale, current: i32) -> Floor {
    let name = Name::from(schedule.name_any().as_str());
    Floor { name, replicas: current, raise_max: false, respect_rate_limit: false }
}

/// By how much its windows begin earlier; what was measured counts for `auto`.
pub fn lead(schedule: &CashServiceScheduledScale, calendar: &Calendar) -> SignedDuration {
    let measured = schedule.status.as_ref().and_then(|status| status.lead_seconds);
    calendar.lead().unwrap_or_else(|| SignedDuration::from_secs(measured.unwrap_or(0).max(0)))
}

/// The replicas when a raise began, as the status remembers them. Windows of one schedule that overlap or meet are one raise.
pub fn base(schedule: &CashServiceScheduledScale, window: &Window) -> Option<i32> {
    let status = schedule.status.as_ref()?;
    let mut past = status.history.iter().map(|entry| (entry.scheduled_time.0, entry.base_replicas));
    let again = past.find_map(|(scheduled, base)| base.filter(|_| scheduled == window.scheduled));
    let touches = |active: &&ActiveWindow| active.start.0 <= window.end && window.start <= active.end.0;
    let going_on = || status.active.as_ref().filter(touches)?.base_replicas;
    again.or_else(going_on)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn schedule(name: &str, spec: Value, status: Value) -> CashServiceScheduledScale {
        let object = json!({"metadata": {"name": name}, "spec": spec, "status": status});
        serde_json::from_value(object).unwrap()
    }

    fn shown(schedules: &[CashServiceScheduledScale], time: &str) -> (Vec<(String, i32)>, Vec<String>) {
        let now = format!("2026-11-27T{time}Z").parse().unwrap();
        let found = situation(schedules, AutoscalingMode::HPA, (2, Some(30)), Some(5), now);
        (found.floors.iter().map(|floor| (floor.name.to_string(), floor.replicas)).collect(), found.names)
    }

    #[test]
    fn nothing_falls_while_the_count_at_a_start_is_not_known() {
        let ends = json!({"at": "2026-11-27 08:00", "duration": "1h", "minReplicas": 5});
        let begins =
            json!({"at": "2026-11-27 09:00", "duration": "1h", "addReplicas": 2, "base": "CurrentAtStart"});
        let known = json!({"active": {"scheduledTime": "2026-11-27T09:00:00Z", "start": "2026-11-27T09:00:00Z",
            "end": "2026-11-27T10:00:00Z", "baseReplicas": 5}});
        let mut all = [schedule("a", ends, Value::Null), schedule("b", begins.clone(), Value::Null)];
        assert_eq!(shown(&all, "08:59:59"), (vec![("a".into(), 5)], vec!["a".into()]));
        assert_eq!(shown(&all, "09:00:00"), (vec![("b".into(), 5)], vec![]));
        all[1] = schedule("b", begins, known);
        assert_eq!(shown(&all, "09:00:00"), (vec![("b".into(), 7)], vec!["b".into()]));
        assert_eq!(shown(&all, "10:00:00"), (vec![], vec![]));
    }

    #[test]
    fn windows_that_meet_keep_the_count_of_the_first() {
        let again =
            json!({"cron": "0 * * * *", "duration": "1h", "addReplicas": 2, "base": "CurrentAtStart"});
        let active = json!({"active": {"scheduledTime": "2026-11-27T08:00:00Z", "start": "2026-11-27T08:00:00Z",
            "end": "2026-11-27T09:00:00Z", "baseReplicas": 3}});
        let all = [schedule("a", again, active)];
        assert_eq!(shown(&all, "08:30:00").0, [("a".into(), 5)]);
        assert_eq!(shown(&all, "09:00:00").0, [("a".into(), 5)]);
        assert_eq!(shown(&all, "10:00:00").0, [("a".into(), 5)], "the current number is kept: 5");
    }
}
