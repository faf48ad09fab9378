//! What a row says that must come out.

use csop_shared::scale::{Action, Decision, State};
use serde::Deserialize;

/// Only what is named is compared.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Expect {
    replicas: Option<i32>,
    cause: Option<String>,
    limited: Option<Vec<String>>,
    action: Option<Action>,
    starts_cooldown: Option<bool>,
    effective_max: Option<i32>,
    active: Option<bool>,
    writes: Option<usize>,
    states: Option<Vec<String>>,
    pub(crate) invalid: Option<String>,
}

impl Expect {
    /// Adds to `faults` what differs.
    pub(crate) fn check(
        &self,
        step: &str,
        decision: &Decision,
        state: &State,
        writes: usize,
        faults: &mut Vec<String>,
    ) {
        let mut differ = |what: &str, wanted: Option<String>, found: String| {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
                faults.push(format!(
                    "{step}{what} should be {wanted} and is {found} (cause {})",
                    decision.cause
                ));
            }
        };
        differ("replicas", self.replicas.map(|n| n.to_string()), decision.result.to_string());
        let whole = self.cause.as_ref().is_some_and(|cause| cause.contains('('));
        let found = if whole { decision.cause.to_string() } else { decision.cause.kind.as_str().to_owned() };
        differ("the cause", self.cause.clone(), found);
        let mut limited = self.limited.clone();
        if let Some(list) = &mut limited {
            list.sort();
        }
        differ("limited", limited.map(|list| list.join(", ")), limits(decision).join(", "));
        differ("the action", self.action.map(|a| format!("{a:?}")), format!("{:?}", decision.action));
        differ(
            "startsCooldown",
            self.starts_cooldown.map(|b| b.to_string()),
            decision.starts_cooldown.to_string(),
        );
        let effective = state.effective_max.unwrap_or(0).to_string();
        differ("effectiveMax", self.effective_max.map(|n| n.to_string()), effective);
        differ("active", self.active.map(|b| format!("{:?}", Some(b))), format!("{:?}", decision.active));
        differ("writes", self.writes.map(|n| n.to_string()), writes.to_string());
        let states = decision.inputs.iter().map(|input| format!("{:?}", input.state)).collect::<Vec<_>>();
        differ("states", self.states.as_ref().map(|list| list.join(", ")), states.join(", "));
    }
}

/// The names of what limits a decision, sorted.
fn limits(decision: &Decision) -> Vec<&'static str> {
    let limited = decision.limited;
    let all = [
        ("BudgetBelowMin", limited.budget_below_min),
        ("ByBudget", limited.by_budget),
        ("ByMax", limited.by_max),
        ("ByMin", limited.by_min),
        ("ByRate", limited.by_rate),
        ("BySchedule", limited.by_schedule),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name).collect()
}
