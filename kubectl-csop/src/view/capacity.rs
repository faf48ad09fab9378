//! What schedules make of a target's bounds over time.

use super::forecast::Facts;
use super::schedules::Days;
use csop_shared::api::CashServiceScheduledScale;
use jiff::Timestamp;

/// Most changes of one target that are followed.
const MOST_CHANGES: usize = 10_000;

/// A target's bounds over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The target, as on the command line.
    pub name: String,
    /// Its own minimum.
    pub min: i32,
    /// Its bounds, from each of these moments on.
    pub steps: Vec<Step>,
}

/// Bounds from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The moment.
    pub from: Timestamp,
    /// Fewest replicas, floors included.
    pub floor: i32,
    /// Most replicas, if there is a limit.
    pub max: Option<i32>,
}

/// The bounds of a target in these days, by its schedules.
pub fn capacity(
    name: String,
    facts: &Facts,
    schedules: &[CashServiceScheduledScale],
    days: &Days,
) -> Capacity {
    let mut steps: Vec<Step> = vec![];
    let mut next = Some(days.from);
    while let Some(from) = next.filter(|from| *from < days.to && steps.len() < MOST_CHANGES) {
        let (floor, change) = facts.floor_at(schedules, from);
        steps.push(Step { from, floor, max: facts.limit().map(|max| max.max(floor)) });
        next = change;
    }
    Capacity { name, min: facts.min, steps }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bounds_change_with_the_windows() {
        let schedule = |name: &str, spec| {
            serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec})).unwrap()
        };
        let schedules: [CashServiceScheduledScale; 2] = [
            schedule(
                "add",
                json!({"serviceRef": {"name": "shop"}, "at": "2026-11-27 08:00", "duration": "4h", "addReplicas": 5}),
            ),
            schedule(
                "raise",
                json!({"serviceRef": {"name": "shop"}, "at": "2026-11-27 10:00", "duration": "1h", "minReplicas": 12, "raiseMax": true}),
            ),
        ];
        let days = Days {
            now: "2026-11-27T07:00:00Z".parse().unwrap(),
            time_zone: "UTC".to_owned(),
            from: "2026-11-27T00:00:00Z".parse().unwrap(),
            to: "2026-11-28T00:00:00Z".parse().unwrap(),
        };
        let facts = Facts { min: 2, max: Some(10), ..Facts::default() };
        let steps: Vec<_> = capacity("shop".to_owned(), &facts, &schedules, &days)
            .steps
            .iter()
            .map(|step| format!("{} {}..{}", step.from.strftime("%H:%M"), step.floor, step.max.unwrap()))
            .collect();
        assert_eq!(steps, ["00:00 2..10", "08:00 7..10", "10:00 12..12", "11:00 7..10", "12:00 2..10"]);
    }
}
