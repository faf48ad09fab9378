//! A scaler in a simulation: the same decisions as in the operator.

use super::{run::Subject, world::Seen};
use crate::{
    api::{GeneralScalerSpec, general_scaler::SourceType},
    scale::{
        Action, Cause, Decision, Expressions, Invalid, MetricPlan, Observation, Plan, Reading, Series, State,
        advance,
    },
};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// A scaler whose decisions are carried out at once.
#[derive(Debug)]
pub struct Scaler {
    plan: Plan,
    state: State,
    observation: Observation,
    decision: Decision,
}

impl Scaler {
    /// A scaler that has just started. Its mode does not matter: it scales.
    ///
    /// # Errors
    /// When the spec asks for what cannot be, or leaves a target to an external scaler, which a trace does not have.
    pub fn new(mut spec: GeneralScalerSpec, expressions: &Arc<dyn Expressions>) -> Result<Self, Invalid> {
        spec.mode = None;
        let plan = Plan::new(spec, expressions)?;
        let stated = plan.metrics.iter().find(|it| it.source == SourceType::External && it.target.is_none());
        if let Some(metric) = stated {
            let field = format!("spec.metrics[{}].targetValue", metric.name);
            let problem = "is missing: a trace does not hold what the external scaler states, so say it here";
            return Err(Invalid { field, problem: problem.to_owned() });
        }
        let readings = vec![Reading::Missing; plan.metrics.len()];
        let observation = Observation { readings, ..Observation::default() };
        Ok(Self { plan, state: State::default(), observation, decision: Decision::default() })
    }

    /// The spec with its defaults.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

fn reading(value: f64, time: Timestamp) -> Reading {
    if value.is_nan() {
        return Reading::Missing;
    }
    Reading::Sample { values: Series::One(value), time, active: None, target: None }
}

impl Subject for Scaler {
    fn interval(&self) -> SignedDuration {
        self.plan.interval
    }

    fn metrics(&self) -> &[MetricPlan] {
        &self.plan.metrics
    }

    fn min(&self) -> i32 {
        self.plan.min
    }

    fn decide(&mut self, seen: &Seen, now: Timestamp) -> i32 {
        self.observation.current = Some(seen.current);
        self.observation.ready = seen.ready;
        for (reading_, value) in self.observation.readings.iter_mut().zip(&seen.values) {
            *reading_ = reading(*value, seen.time);
        }
        self.observation.price = seen.price.map(|price| Box::new(reading(price, seen.time)));
        advance(&self.plan, &mut self.state, &self.observation, now, &mut self.decision);
        if self.decision.action == Action::Scale {
            self.state.settle(true);
        }
        self.decision.result
    }

    fn cause(&self) -> Cause {
        self.decision.cause.clone()
    }
}
