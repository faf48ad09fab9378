//! What a schedule will do to its target, and what stands in its way: told before it is created.

use csop_shared::api::cash_service::AutoscalingMode;
use csop_shared::api::{CashServiceScheduledScale, CashServiceScheduledScaleSpec};
use csop_shared::schedule::{asked, shortfall, situation};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PodSpec, ResourceQuota};

/// What is known of a target.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Its name.
    pub name: String,
    /// Who scales it; a scaler of its own counts as mode GeneralScaler.
    pub mode: AutoscalingMode,
    /// Fewest replicas by its own spec.
    pub min: i32,
    /// Most replicas by its own spec, if there is a limit.
    pub max: Option<i32>,
    /// The replicas that it asks for now.
    pub replicas: Option<i32>,
    /// Most replicas that its budget pays for.
    pub affordable: Option<i32>,
    /// The quotas of its namespace; none where they cannot be read.
    pub quotas: Option<Vec<ResourceQuota>>,
    /// What each of its pods is.
    pub pod: Option<PodSpec>,
}

impl Facts {
    /// Fewest replicas at an instant, with the floors of these schedules; and when that may change next.
    pub fn floor_at(
        &self,
        schedules: &[CashServiceScheduledScale],
        at: Timestamp,
    ) -> (i32, Option<Timestamp>) {
        let situation = situation(schedules, self.mode, (self.min, self.max), None, at);
        let limit = self.limit().unwrap_or(i32::MAX);
        let limited = situation.floors.iter().map(|floor| match floor.raise_max {
            true => floor.replicas,
            false => floor.replicas.min(limit),
        });
        (limited.fold(self.min, i32::max), situation.next_change)
    }

    /// Most replicas without any schedule.
    pub fn limit(&self) -> Option<i32> {
        self.max.map(|max| max.max(self.min))
    }
}

/// Whether there is room for the floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    /// There is.
    Enough,
    /// There is not, for this reason.
    Short(String),
    /// That is not known.
    Unknown,
}

/// What a schedule will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Fewest replicas without it.
    pub before: i32,
    /// Fewest replicas in its windows; none where that is known at their start only.
    pub floor: Option<i32>,
    /// Most replicas.
    pub max: Option<i32>,
    /// Whether it raises that.
    pub raises_max: bool,
    /// The quotas.
    pub quota: Room,
    /// The budget.
    pub budget: Room,
    /// What its owner should know.
    pub warnings: Vec<String>,
}

/// What a schedule will do to a target in a window that is in force at `at`, beside its `others`.
pub fn forecast(
    spec: &CashServiceScheduledScaleSpec,
    facts: &Facts,
    others: &[CashServiceScheduledScale],
    at: Timestamp,
) -> Forecast {
    let (before, _) = facts.floor_at(others, at);
    let asked = asked(spec, facts.replicas, others, (facts.mode, facts.min), at);
    let max = facts.limit();
    let mut warnings = vec![];
    let floor = asked.as_ref().map(|asked| asked.floor(max).max(before));
    if let (Some(asked), Some(max), Some(floor)) = (asked.filter(|asked| asked.exceeds(max)), max, floor) {
        let words = asked.in_words();
        warnings.push(format!(
            "{words}, and maxReplicas is {max}: the floor will be {floor}; --raise-max exceeds it"
        ));
    }
    if floor == Some(before) {
        let always = if before == facts.min { " at all times" } else { ", by other schedules" };
        warnings.push(format!("it adds nothing: there are at least {before} replicas{always}"));
    }
    if spec.adds_to_current() {
        let now = facts
            .replicas
            .map_or_else(String::new, |now| format!("; the figures are those of {now}, as of now"));
        warnings.push(format!("what it adds to is the number of replicas when a window begins{now}"));
    }
    if spec.leads_by_itself() {
        warnings.push("windows begin earlier by a time that the operator measures (--lead auto)".to_owned());
    }
    let budget = match facts.affordable.zip(floor).filter(|(pays, floor)| *floor > (*pays).max(facts.min)) {
        Some((pays, floor)) => {
            Room::Short(format!("the budget pays for {pays} replicas, {floor} are asked for"))
        }
        None => Room::Enough,
    };
    let quota = quota(facts, floor);
    for room in [&quota, &budget] {
        if let Room::Short(reason) = room {
            warnings.push(reason.clone());
        }
    }
    let raises_max = spec.raise_max == Some(true) && max.zip(floor).is_some_and(|(max, floor)| floor > max);
    Forecast { before, floor, max, raises_max, quota, budget, warnings }
}

fn quota(facts: &Facts, floor: Option<i32>) -> Room {
    let Some(quotas) = &facts.quotas else { return Room::Unknown };
    if quotas.is_empty() {
        return Room::Enough;
    }
    let (Some(pod), Some(floor)) = (&facts.pod, floor) else { return Room::Unknown };
    let more = floor.saturating_sub(facts.replicas.unwrap_or(facts.min));
    shortfall(quotas, pod, more).map_or(Room::Enough, Room::Short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::forecast::line;
    use serde_json::{Value, json};

    fn told(spec: Value, facts: Facts) -> String {
        beside(&[], spec, facts)
    }

    fn beside(others: &[Value], spec: Value, facts: Facts) -> String {
        let other = |(n, fields): (usize, &Value)| {
            let mut spec = json!({"at": "2026-11-27 13:00", "duration": "4h"});
            spec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            serde_json::from_value(json!({"metadata": {"name": format!("other-{n}")}, "spec": spec})).unwrap()
        };
        let others: Vec<_> = others.iter().enumerate().map(other).collect();
        let spec = serde_json::from_value(spec).unwrap();
        let forecast = forecast(&spec, &facts, &others, "2026-11-27T14:00:00Z".parse().unwrap());
        let line = line("shop", &forecast, "from A to B", None);
        std::iter::once(line).chain(forecast.warnings).collect::<Vec<_>>().join("\n")
    }

    fn shop() -> Facts {
        Facts {
            name: "shop".into(),
            min: 3,
            max: Some(30),
            quotas: Some(vec![]),
            replicas: Some(5),
            ..Facts::default()
        }
    }

    fn quota(hard: i32, used: i32) -> Option<Vec<ResourceQuota>> {
        let amount = |pods: i32| json!({"pods": pods.to_string()});
        let quota =
            json!({"metadata": {"name": "compute"}, "status": {"hard": amount(hard), "used": amount(used)}});
        Some(vec![serde_json::from_value(quota).unwrap()])
    }

    #[test]
    fn what_will_happen_is_said_with_what_stands_in_its_way() {
        let add = |n: i32| json!({"addReplicas": n});
        let pod = Some(PodSpec::default());
        insta::assert_snapshot!(
            [
                told(add(20), shop()),
                told(add(40), shop()),
                told(json!({"addReplicas": 40, "raiseMax": true}), shop()),
                told(json!({"minReplicas": 2}), shop()),
                told(json!({"addPercent": 50}), Facts { max: None, ..shop() }),
                told(json!({"addReplicas": 2, "base": "CurrentAtStart"}), shop()),
                told(json!({"addReplicas": 2, "base": "CurrentAtStart"}), Facts { replicas: None, ..shop() }),
                told(add(20), Facts { affordable: Some(12), ..shop() }),
                told(add(20), Facts { quotas: quota(10, 5), pod: pod.clone(), ..shop() }),
                told(add(20), Facts { quotas: quota(100, 5), pod, ..shop() }),
                told(json!({"addReplicas": 20, "leadTime": "auto"}), Facts { quotas: None, ..shop() }),
                beside(&[add(20)], add(5), shop()),
                beside(&[add(20)], add(20), shop()),
                beside(&[add(20), json!({"minReplicas": 28})], add(5), shop()),
                beside(&[add(20)], json!({"addReplicas": 20, "raiseMax": true}), shop()),
                beside(&[add(20)], json!({"minReplicas": 12}), shop()),
                beside(&[add(20)], add(5), Facts { affordable: Some(25), ..shop() }),
            ]
            .join("\n\n")
        );
    }
}
