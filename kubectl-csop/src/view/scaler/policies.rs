//! What each policy made of the number of replicas.

use super::words;
use csop_shared::api::general_scaler::{PolicyConfig, PolicyType};
use csop_shared::scale::{Decision, Number, Plan, PolicyStep};
use serde::Serialize;

/// What a policy made of the number of replicas.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyView {
    /// Which policy.
    pub policy: PolicyType,
    /// Replicas before.
    pub before: i32,
    /// Replicas after.
    pub after: i32,
    /// cost: most replicas that the budget pays for.
    pub cap: Option<i32>,
    /// cost: the price of a pod in an hour that it counted with.
    pub price: Option<Number>,
    /// cost: the budget, as the spec has it.
    pub budget: Option<String>,
    /// cel: what the expression gave.
    pub answer: Option<i64>,
    /// cel: why it gave nothing.
    pub error: Option<String>,
}

/// The policies of a decision, in their order.
pub fn views(plan: &Plan, decision: &Decision) -> Vec<PolicyView> {
    let configs = plan.spec.all_policies().map(|policy| policy.config.as_deref());
    decision.policies.iter().zip(configs).map(|(step, config)| view(step, config)).collect()
}

fn view(step: &PolicyStep, config: Option<&PolicyConfig>) -> PolicyView {
    let (answer, error) = match &step.answer {
        None => (None, None),
        Some(Ok(replicas)) => (Some(*replicas), None),
        Some(Err(error)) => (None, Some(error.clone())),
    };
    PolicyView {
        policy: step.policy,
        before: step.before,
        after: step.after,
        cap: step.cap,
        price: step.price,
        budget: config.and_then(budget),
        answer,
        error,
    }
}

/// `5.00/h`, `1000.00 EUR/month`.
fn budget(config: &PolicyConfig) -> Option<String> {
    let (amount, unit) = match (config.max_cost_per_hour, config.max_cost_per_month) {
        (Some(amount), _) => (amount, "h"),
        (None, Some(amount)) => (amount, "month"),
        (None, None) => return None,
    };
    let currency = config.currency.as_ref().map(|currency| format!(" {currency}")).unwrap_or_default();
    Some(format!("{}{currency}/{unit}", words::money(amount)))
}

/// One line: `slo 10 -> cost cap 12 (budget 5.00/h at 0.40) -> 10`.
pub fn line(policies: &[PolicyView], demand: i32) -> String {
    let mut parts = vec![];
    if policies.first().is_none_or(|first| first.policy != PolicyType::Slo) {
        parts.push(format!("slo {demand}"));
    }
    parts.extend(policies.iter().map(|policy| match policy.policy {
        PolicyType::Slo => format!("slo {}", policy.after),
        PolicyType::Cost => format!("cost {}", cost(policy)),
        PolicyType::Cel => match (&policy.answer, &policy.error) {
            (Some(answer), _) => format!("cel {answer} -> {}", policy.after),
            (None, error) => {
                format!("cel failed ({}) -> {}", error.as_deref().unwrap_or("no answer"), policy.after)
            }
        },
    }));
    parts.join(" -> ")
}

fn cost(policy: &PolicyView) -> String {
    let budget = policy.budget.as_deref().unwrap_or_default();
    match (policy.cap, policy.price) {
        (Some(cap), Some(price)) => {
            format!("cap {cap} (budget {budget} at {}) -> {}", words::money(price), policy.after)
        }
        (Some(cap), None) => format!("cap {cap} (price unknown) -> {}", policy.after),
        (None, _) => format!("{}", policy.after),
    }
}

/// What each policy did, in sentences.
pub fn sentences(plan: &Plan, decision: &Decision) -> Vec<String> {
    let stabilized = decision.stabilized;
    let mut lines: Vec<_> = views(plan, decision).iter().map(sentence).collect();
    if !super::explain::has(plan, PolicyType::Slo) {
        lines.insert(0, format!("slo: the demand as it is: {stabilized}."));
    }
    lines
}

fn sentence(policy: &PolicyView) -> String {
    let after = policy.after;
    match policy.policy {
        PolicyType::Slo => format!("slo: the demand as it is: {after}."),
        PolicyType::Cost => {
            let budget = policy.budget.as_deref().unwrap_or_default();
            match (policy.cap, policy.price) {
                (Some(cap), Some(price)) => format!(
                    "cost: a budget of {budget} at {} for each pod and hour pays for {}: {after}.",
                    words::money(price),
                    words::pods(cap)
                ),
                _ => format!(
                    "cost: the price of a pod has been unknown for an hour, so nothing grows: {after}."
                ),
            }
        }
        PolicyType::Cel => match (&policy.answer, &policy.error) {
            (Some(answer), _) => format!("cel: the expression says {answer}: {after}."),
            (None, error) => {
                format!(
                    "cel: the expression failed ({}): {after} stay.",
                    error.as_deref().unwrap_or("no answer")
                )
            }
        },
    }
}
