//! What a schedule asks for together with those that are in force beside it.

use crate::api::CashServiceScheduledScale;
use crate::api::CashServiceScheduledScaleSpec;
use crate::api::cash_service::AutoscalingMode;
use jiff::Timestamp;

use super::in_force::{base, counts, lead};
use super::{Calendar, InForce, own_floor};

/// Names of others that are told; of more only how many there are.
const NAMES_TOLD: usize = 3;

/// What a schedule asks for. An absolute floor stands by itself; what is added is added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The replicas that are added to.
    base: i32,
    /// The replicas that maxReplicas limits.
    within: i32,
    /// Those that come on top, by `raiseMax`.
    above: i32,
    /// Whether it is the schedule's own amount that maxReplicas limits.
    is_limited: bool,
    /// Who else adds to it, sorted.
    beside: Vec<String>,
}

/// What a schedule with this spec asks for at `at`, where `others` are the target's other schedules; nothing while the count at its
/// start, `start`, matters and is not known.
pub fn asked(
    spec: &CashServiceScheduledScaleSpec,
    start: Option<i32>,
    others: &[CashServiceScheduledScale],
    (mode, min): (AutoscalingMode, i32),
    at: Timestamp,
) -> Option<Asked> {
    let own = own_floor(spec, min, start)?;
    let raises = spec.raise_max == Some(true);
    if spec.min_replicas.is_some() {
        let (within, above) = if raises { (0, own) } else { (own, 0) };
        return Some(Asked { base: 0, within, above, is_limited: !raises, beside: vec![] });
    }
    let mut beside: Vec<_> =
        others.iter().filter(|other| counts(other, mode)).filter_map(|other| adding(other, at)).collect();
    beside.sort_by_key(|other| other.name);
    let all = || beside.iter().copied().chain([InForce { name: "", spec, base: start }]);
    let base = all().map(|one| one.base(min)).fold(0, i32::max);
    let amount = |raising: bool| {
        let some = all().filter(|one| one.raises_max() == raising);
        some.map(|one| one.amount(min)).fold(0, i32::saturating_add)
    };
    Some(Asked {
        base,
        within: base.saturating_add(amount(false)),
        above: amount(true),
        is_limited: !raises,
        beside: beside.iter().map(|other| other.name.to_owned()).collect(),
    })
}

/// A schedule that adds at this instant, where what it adds to is known.
fn adding(schedule: &CashServiceScheduledScale, at: Timestamp) -> Option<InForce<'_>> {
    let spec = Some(&schedule.spec).filter(|spec| spec.min_replicas.is_none())?;
    let calendar = Calendar::new(spec).ok()?;
    let window = calendar.active(at, lead(schedule, &calendar))?;
    let base = base(schedule, &window);
    let is_known = base.is_some() || !spec.adds_to_current();
    is_known.then(|| InForce { name: schedule.metadata.name.as_deref().unwrap_or_default(), spec, base })
}

impl Asked {
    /// The floor of a target with this maximum.
    pub fn floor(&self, max: Option<i32>) -> i32 {
        let max = max.unwrap_or(i32::MAX);
        let max = if self.above > 0 { max.max(self.base) } else { max };
        self.within.min(max).saturating_add(self.above)
    }

    /// Whether this maximum cuts what the schedule asks for.
    pub fn exceeds(&self, max: Option<i32>) -> bool {
        self.is_limited && max.is_some_and(|max| self.within > max)
    }

    /// `23 replicas are asked for`, and together with whom.
    pub fn in_words(&self) -> String {
        let replicas = self.within.saturating_add(self.above);
        let beside = match &self.beside[..] {
            [] => String::new(),
            some if some.len() <= NAMES_TOLD => {
                let names: Vec<_> = some.iter().map(|name| format!("{name:?}")).collect();
                format!(" together with {}", names.join(", "))
            }
            many => format!(" together with {} other schedules", many.len()),
        };
        format!("{replicas} replicas are asked for{beside}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn schedule(name: &str, fields: Value) -> CashServiceScheduledScale {
        let mut spec = json!({"at": "2026-11-27 09:00", "duration": "1h"});
        for (key, value) in fields.as_object().unwrap() {
            spec[key] = value.clone();
        }
        serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec})).unwrap()
    }

    /// The words, the floor, and `!` where maxReplicas cuts it, of a target with at least 2 and at most 10 replicas.
    fn told(own: Value, others: &[Value]) -> String {
        let others: Vec<_> =
            others.iter().zip(["a", "b", "c", "d"]).map(|(f, n)| schedule(n, f.clone())).collect();
        let at = "2026-11-27T09:30:00Z".parse().unwrap();
        let asked = asked(&schedule("own", own).spec, None, &others, (AutoscalingMode::HPA, 2), at);
        asked.map_or_else(
            || "nothing".to_owned(),
            |asked| {
                let mark = if asked.exceeds(Some(10)) { "!" } else { "" };
                format!("{}: {}{mark}", asked.in_words(), asked.floor(Some(10)))
            },
        )
    }

    #[test]
    fn added_ones_are_added_up_and_absolute_ones_stand_alone() {
        let add = |n: i32| json!({"addReplicas": n});
        let raise = |n: i32| json!({"addReplicas": n, "raiseMax": true});
        let absolute = |n: i32| json!({"minReplicas": n});
        for (own, others, says) in [
            (add(5), vec![], "7 replicas are asked for: 7"),
            (add(20), vec![], "22 replicas are asked for: 10!"),
            (add(5), vec![add(5)], "12 replicas are asked for together with \"a\": 10!"),
            (
                add(5),
                vec![add(1), absolute(40), add(2)],
                "10 replicas are asked for together with \"a\", \"c\": 10",
            ),
            (
                add(1),
                vec![add(1), add(1), add(1), add(1)],
                "7 replicas are asked for together with 4 other schedules: 7",
            ),
            (absolute(8), vec![add(40)], "8 replicas are asked for: 8"),
            (absolute(12), vec![add(40)], "12 replicas are asked for: 10!"),
            (json!({"minReplicas": 12, "raiseMax": true}), vec![], "12 replicas are asked for: 12"),
            (add(5), vec![raise(5)], "12 replicas are asked for together with \"a\": 12"),
            (add(9), vec![raise(5)], "16 replicas are asked for together with \"a\": 15!"),
            (raise(5), vec![add(9)], "16 replicas are asked for together with \"a\": 15"),
            (
                json!({"addReplicas": 3, "respectRateLimit": true}),
                vec![add(6)],
                "11 replicas are asked for together with \"a\": 10!",
            ),
            (json!({"addReplicas": 3, "base": "CurrentAtStart"}), vec![add(6)], "nothing"),
            (
                add(9),
                vec![json!({"addReplicas": 3, "base": "CurrentAtStart"})],
                "11 replicas are asked for: 10!",
            ),
        ] {
            assert_eq!(told(own.clone(), &others), says, "{own} beside {others:?}");
        }
    }

    #[test]
    fn only_those_in_force_count() {
        let off = |field: &str, value: Value| {
            let mut fields = json!({"addReplicas": 9});
            fields[field] = value;
            fields
        };
        let alone = "7 replicas are asked for: 7";
        for other in [
            off("suspend", json!(true)),
            off("at", json!("2026-11-27 07:00")),
            off("at", json!("2026-11-27 09:31")),
            off("leadTime", json!("auto")),
        ] {
            assert_eq!(told(json!({"addReplicas": 5}), std::slice::from_ref(&other)), alone, "{other}");
        }
    }
}
