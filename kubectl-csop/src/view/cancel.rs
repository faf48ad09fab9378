//! What ends with a schedule.

use super::clocks::span;
use super::forecast::Facts;
use csop_shared::api::CashServiceScheduledScale;
use csop_shared::schedule::{self, Calendar};
use jiff::Timestamp;
use kube::ResourceExt;

/// `shop: floor 23 -> 3 now`, or the next window, which will not come. `kept` are the schedules that stay.
pub fn line(
    doomed: &CashServiceScheduledScale,
    kept: &[CashServiceScheduledScale],
    facts: Option<&Facts>,
    now: Timestamp,
) -> String {
    let target = doomed.spec.target().map_or_else(String::new, |(_, name)| name.to_owned());
    let name = doomed.name_any();
    let suspended = doomed.spec.suspend == Some(true);
    let Some(calendar) = Calendar::new(&doomed.spec).ok().filter(|_| !suspended) else {
        return format!("{target}: {name:?} keeps no window, so nothing ends");
    };
    let lead = schedule::lead(doomed, &calendar);
    if let Some(window) = calendar.active(now, lead) {
        let floors = facts.and_then(|facts| floors(doomed, kept, facts, now));
        return match floors {
            Some((before, after)) if before == after => {
                format!("{target}: floor {before} stays: {name:?} is in force, and others ask for as much")
            }
            Some((before, after)) => format!("{target}: floor {before} -> {after} now"),
            None => format!("{target}: the window {} ends now", span(&window)),
        };
    }
    match calendar.upcoming(now, lead).next() {
        Some(window) if doomed.spec.cron.is_some() => {
            format!("{target}: no window {}, nor any later one of {name:?}", span(&window))
        }
        Some(window) => format!("{target}: no window {}", span(&window)),
        None => format!("{target}: {name:?} has no window to come, so nothing ends"),
    }
}

/// Fewest replicas with the schedule and without it; nothing for a target that nothing of this reaches.
fn floors(
    doomed: &CashServiceScheduledScale,
    kept: &[CashServiceScheduledScale],
    facts: &Facts,
    now: Timestamp,
) -> Option<(i32, i32)> {
    let target = doomed.spec.target();
    let mut all: Vec<_> = kept.iter().filter(|other| other.spec.target() == target).cloned().collect();
    let (after, _) = facts.floor_at(&all, now);
    all.push(doomed.clone());
    schedule::refusal(&doomed.spec, facts.mode).is_none().then(|| (facts.floor_at(&all, now).0, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn schedule(name: &str, mut spec: Value) -> CashServiceScheduledScale {
        spec["serviceRef"] = json!({"name": "shop"});
        serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec})).unwrap()
    }

    #[test]
    fn what_ends_is_said() {
        let facts = Facts { min: 3, max: Some(30), ..Facts::default() };
        let now = "2026-11-27T13:30:00Z".parse().unwrap();
        let add = |at: &str, n: i32| json!({"at": at, "duration": "4h", "addReplicas": n});
        let shop = schedule("friday", add("2026-11-27 13:00", 20));
        let told = |doomed: Value, kept: &[CashServiceScheduledScale], facts: Option<&Facts>| {
            line(&schedule("friday", doomed), kept, facts, now)
        };
        let other =
            [schedule("other", json!({"at": "2026-11-27 13:00", "duration": "4h", "minReplicas": 23}))];
        assert_eq!(line(&shop, &[], Some(&facts), now), "shop: floor 23 -> 3 now");
        assert_eq!(
            line(&shop, &other, Some(&facts), now),
            "shop: floor 23 stays: \"friday\" is in force, and others ask for as much"
        );
        assert_eq!(line(&shop, &[], None, now), "shop: the window from 2026-11-27 13:00Z to 17:00Z ends now");
        assert_eq!(
            told(add("2026-11-28 13:00", 1), &[], Some(&facts)),
            "shop: no window from 2026-11-28 13:00Z to 17:00Z"
        );
        assert_eq!(
            told(json!({"cron": "0 9 * * *", "duration": "1h", "addReplicas": 1}), &[], Some(&facts)),
            "shop: no window from 2026-11-28 09:00Z to 10:00Z, nor any later one of \"friday\""
        );
        assert_eq!(
            told(add("2026-11-26 13:00", 1), &[], Some(&facts)),
            "shop: \"friday\" has no window to come, so nothing ends"
        );
        let suspended = json!({"cron": "0 9 * * *", "duration": "1h", "addReplicas": 1, "suspend": true});
        assert_eq!(told(suspended, &[], Some(&facts)), "shop: \"friday\" keeps no window, so nothing ends");
    }
}
