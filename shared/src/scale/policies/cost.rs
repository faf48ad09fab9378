//! A budget: it only limits.

use super::{CauseKind, Invalid, Number, Policy, PolicyStep, PolicyType, PriceKnown, Situation};
use crate::api::{GeneralScaler, general_scaler::PolicyConfig};

/// A month as cloud providers count it.
const HOURS_PER_MONTH: i64 = 730;

#[derive(Debug)]
pub(super) struct Cost {
    /// For the whole period.
    budget: Number,
    /// For the whole period.
    fixed: Number,
    hours: u64,
    /// For a pod and an hour, as the spec says.
    given: Option<Number>,
    /// Whether a source says more than the spec.
    measured: bool,
}

impl Cost {
    pub(super) fn new(config: &PolicyConfig) -> Result<Self, Invalid> {
        let field = |key: &str| format!("spec.policies[cost].config.{key}");
        let (budget, hours) = match (config.max_cost_per_hour, config.max_cost_per_month) {
            (Some(budget), None) => (budget, 1),
            (None, Some(budget)) => (budget, HOURS_PER_MONTH),
            _ => {
                let problem = "is missing: give it or maxCostPerMonth, and not both";
                return Err(Invalid::new(field("maxCostPerHour"), problem));
            }
        };
        let (given, measured) = (config.cost_per_pod, config.price_from.is_some());
        if !measured && !given.is_some_and(Number::is_positive) {
            let problem = "must be above 0: say what a pod costs in an hour, or give priceFrom";
            return Err(Invalid::new(field("costPerPod"), problem));
        }
        let fixed = config.fixed_cost_per_hour.unwrap_or_default().times(Number::integer(hours));
        Ok(Self { budget, fixed, hours: hours.unsigned_abs(), given, measured })
    }

    fn cap(&self, price: Number) -> i32 {
        self.budget.minus(self.fixed).floor_ratio(price, self.hours)
    }

    fn price(&self, known: PriceKnown) -> Option<Number> {
        match known {
            PriceKnown::Known(price) if self.measured => Some(price),
            PriceKnown::Lost if self.measured => None,
            _ => self.given,
        }
    }
}

/// Most replicas that the budget of a scaler pays for by the last price that it knows; none without a budget or a price.
pub fn affordable(scaler: &GeneralScaler) -> Option<i32> {
    let config =
        scaler.spec.all_policies().find(|policy| policy.type_ == PolicyType::Cost)?.config.as_ref()?;
    let cost = Cost::new(config).ok()?;
    let last = scaler.status.as_ref().and_then(|status| status.last_price.as_ref());
    Some(cost.cap(cost.price(last.map_or(PriceKnown::Lost, |price| PriceKnown::Known(price.value)))?))
}

impl Policy for Cost {
    fn apply(&self, situation: &Situation<'_>, desired: i32) -> PolicyStep {
        let price = self.price(situation.price);
        let cap = match price {
            Some(price) => self.cap(price),
            None => situation.current,
        };
        let after = desired.min(cap.max(situation.min));
        PolicyStep { after, cap: Some(cap), price, ..PolicyStep::unchanged(PolicyType::Cost, desired) }
    }

    fn cause(&self) -> CauseKind {
        CauseKind::Budget
    }
}
