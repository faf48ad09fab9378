//! From the schedules whose windows are in force to the floors of a target.

use crate::api::CashServiceScheduledScaleSpec;
use crate::scale::{Floor, Name};

/// A schedule whose window is in force.
#[derive(Clone, Copy, Debug)]
pub struct InForce<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its spec.
    pub spec: &'a CashServiceScheduledScaleSpec,
    /// base CurrentAtStart: the replicas when the window began.
    pub base: Option<i32>,
}

impl InForce<'_> {
    /// What its amount is added to, where the target has this minReplicas.
    pub(super) fn base(&self, min: i32) -> i32 {
        self.base.filter(|_| self.spec.adds_to_current()).unwrap_or(min)
    }

    /// What it adds; a percentage is rounded up.
    pub(super) fn amount(&self, min: i32) -> i32 {
        let percent = i64::from(self.spec.add_percent.unwrap_or(0)) * i64::from(self.base(min));
        let percent = (percent + 99).div_euclid(100);
        self.spec.add_replicas.unwrap_or(0).saturating_add(i32::try_from(percent).unwrap_or(i32::MAX))
    }

    /// Whether it may exceed maxReplicas.
    pub(super) fn raises_max(&self) -> bool {
        self.spec.raise_max.unwrap_or(false)
    }

    fn respects_rate(&self) -> bool {
        self.spec.respect_rate_limit.unwrap_or(false)
    }
}

/// The floor of a schedule by itself, before maxReplicas limits it; `base` counts for base CurrentAtStart, and nothing is known
/// without it.
pub fn own_floor(spec: &CashServiceScheduledScaleSpec, min: i32, base: Option<i32>) -> Option<i32> {
    if let Some(replicas) = spec.min_replicas {
        return Some(replicas);
    }
    if spec.adds_to_current() && base.is_none() {
        return None;
    }
    let alone = InForce { name: "", spec, base };
    Some(alone.base(min).saturating_add(alone.amount(min)))
}

/// The floors of a target with these bounds: each absolute one, and the sum of the added ones. The highest of them counts.
///
/// What is added without `raiseMax` fills up to `max` at most; what is added with it comes on top. Of added ones with different
/// bases the highest base counts, so that no schedule gets less than it asks for. Added ones that are climbed by ordinary steps make a
/// sum of their own, on top of those that are reached at once.
pub fn floors(in_force: &[InForce<'_>], min: i32, max: Option<i32>) -> Vec<Floor> {
    let absolute = in_force.iter().filter_map(|schedule| {
        Some(Floor {
            name: Name::from(schedule.name),
            replicas: schedule.spec.min_replicas?,
            raise_max: schedule.raises_max(),
            respect_rate_limit: schedule.respects_rate(),
        })
    });
    let adding: Vec<_> = in_force.iter().filter(|schedule| schedule.spec.min_replicas.is_none()).collect();
    let at_once: Vec<_> = adding.iter().copied().filter(|schedule| !schedule.respects_rate()).collect();
    let by_steps = adding.len() > at_once.len();
    let sums = [sum(&at_once, false, min, max), by_steps.then(|| sum(&adding, true, min, max)).flatten()];
    absolute.chain(sums.into_iter().flatten()).collect()
}

fn sum(adding: &[&InForce<'_>], respect_rate_limit: bool, min: i32, max: Option<i32>) -> Option<Floor> {
    let base = adding.iter().map(|schedule| schedule.base(min)).max()?;
    let amount = |raising: bool| {
        let some = adding.iter().filter(|schedule| schedule.raises_max() == raising);
        some.map(|schedule| schedule.amount(min)).fold(0, i32::saturating_add)
    };
    let raise_max = adding.iter().any(|schedule| schedule.raises_max());
    let within = base.saturating_add(amount(false));
    let within = if raise_max { within.min(max.unwrap_or(i32::MAX).max(base)) } else { within };
    let names: Vec<&str> = adding.iter().map(|schedule| schedule.name).collect();
    Some(Floor {
        name: Name::from(names.join(" + ").as_str()),
        replicas: within.saturating_add(amount(true)),
        raise_max,
        respect_rate_limit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn spec(fields: Value) -> CashServiceScheduledScaleSpec {
        serde_json::from_value(fields).unwrap()
    }

    /// Name, replicas, and marks: `!` raises the maximum, `~` goes by steps.
    fn shown(all: &[(&str, Value, Option<i32>)], min: i32, max: i32) -> Vec<String> {
        let specs: Vec<_> =
            all.iter().map(|(name, fields, base)| (*name, spec(fields.clone()), *base)).collect();
        let in_force: Vec<_> =
            specs.iter().map(|(name, spec, base)| InForce { name, spec, base: *base }).collect();
        let mark = |is: bool, mark: &'static str| if is { mark } else { "" };
        let show = |f: Floor| {
            format!("{} {}{}{}", f.name, f.replicas, mark(f.raise_max, "!"), mark(f.respect_rate_limit, "~"))
        };
        floors(&in_force, min, Some(max)).into_iter().map(show).collect()
    }

    #[test]
    fn absolute_floors_stand_beside_the_sum_of_the_added_ones() {
        let all = [
            ("ten", json!({"minReplicas": 10}), None),
            ("five", json!({"addReplicas": 5}), None),
            ("half", json!({"addPercent": 50}), None),
        ];
        assert_eq!(shown(&all, 2, 30), ["ten 10", "five + half 8"]);
        assert_eq!(shown(&all[..2], 2, 30), ["ten 10", "five 7"]);
        assert_eq!(shown(&[], 2, 30), [""; 0]);
    }

    #[test]
    fn percentages_are_rounded_up() {
        let percent = |percent: i32, min| shown(&[("p", json!({"addPercent": percent}), None)], min, 1000);
        assert_eq!(percent(10, 3), ["p 4"]);
        assert_eq!(percent(100, 3), ["p 6"]);
        assert_eq!(percent(1, 100), ["p 101"]);
        assert_eq!(percent(50, 0), ["p 0"]);
    }

    #[test]
    fn the_count_at_the_start_is_a_base_of_its_own() {
        let current = json!({"addReplicas": 3, "base": "CurrentAtStart"});
        assert_eq!(shown(&[("c", current.clone(), Some(6))], 2, 30), ["c 9"]);
        let both = [("c", current, Some(6)), ("m", json!({"addReplicas": 5}), None)];
        assert_eq!(shown(&both, 2, 30), ["c + m 14"], "the higher base counts");
    }

    #[test]
    fn only_what_may_raise_the_maximum_comes_on_top_of_it() {
        let all = [
            ("plain", json!({"addReplicas": 20}), None),
            ("raises", json!({"addReplicas": 5, "raiseMax": true}), None),
        ];
        assert_eq!(shown(&all, 2, 10), ["plain + raises 15!"]);
        assert_eq!(shown(&all, 2, 100), ["plain + raises 27!"]);
        assert_eq!(shown(&all[..1], 2, 10), ["plain 22"], "the target limits it");
    }

    #[test]
    fn what_goes_by_steps_is_a_floor_of_its_own() {
        let all = [
            ("now", json!({"addReplicas": 4}), None),
            ("slow", json!({"addReplicas": 5, "respectRateLimit": true}), None),
            ("slow-too", json!({"minReplicas": 9, "respectRateLimit": true}), None),
        ];
        assert_eq!(shown(&all, 2, 30), ["slow-too 9~", "now 6", "now + slow 11~"]);
    }

    #[test]
    fn huge_amounts_end_at_the_largest_number() {
        let all =
            [("a", json!({"addReplicas": i32::MAX}), None), ("b", json!({"addReplicas": i32::MAX}), None)];
        assert_eq!(shown(&all, 2, 30), [format!("a + b {}", i32::MAX)]);
    }

    #[test]
    fn the_floor_of_one_schedule() {
        let floor = |fields: Value, base| own_floor(&spec(fields), 3, base);
        assert_eq!(floor(json!({"minReplicas": 12}), None), Some(12));
        assert_eq!(floor(json!({"addReplicas": 20}), None), Some(23));
        assert_eq!(floor(json!({"addReplicas": 2, "base": "CurrentAtStart"}), None), None);
        assert_eq!(floor(json!({"addReplicas": 2, "base": "CurrentAtStart"}), Some(9)), Some(11));
    }
}
