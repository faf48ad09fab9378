//! Expressions of cel policies.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::general_scaler::MetricState;
use crate::scale::{Expressions, Input, Situation};
use cel::{Context, Value};
use jiff::Zoned;
use jiff::tz::TimeZone;

use super::functions::scope;
use super::program::Program;
use super::trouble;

/// Most expressions that are kept read.
const MOST_KEPT: usize = 4096;
const VARIABLES: [&str; 7] = ["current", "ready", "desired", "min", "max", "metrics", "now"];

/// Evaluates expressions of policies; each is read once.
#[derive(Default)]
pub struct Cel {
    read: Mutex<HashMap<String, Arc<Result<Program, String>>>>,
}

impl Cel {
    /// Whether an expression can be evaluated at all.
    ///
    /// # Errors
    /// Why not: what follows "the expression".
    pub fn check(&self, expression: &str) -> Result<(), String> {
        self.program(expression).as_ref().as_ref().map(|_| ()).map_err(Clone::clone)
    }

    /// Whether there is such a time zone.
    ///
    /// # Errors
    /// What is wrong, and what would be right.
    pub fn check_time_zone(&self, name: &str) -> Result<(), String> {
        zone(Some(name)).map(|_| ())
    }

    fn program(&self, expression: &str) -> Arc<Result<Program, String>> {
        let lock = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(expression) {
            return known.clone();
        }
        let program = Arc::new(Program::read(expression, &VARIABLES));
        let mut read = lock();
        if read.len() >= MOST_KEPT {
            read.clear();
        }
        read.insert(expression.to_owned(), program.clone());
        program
    }
}

impl fmt::Debug for Cel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cel").finish_non_exhaustive()
    }
}

impl Expressions for Cel {
    fn evaluate(
        &self,
        expression: &str,
        time_zone: Option<&str>,
        situation: &Situation<'_>,
        desired: i32,
    ) -> Result<i64, String> {
        let program = self.program(expression);
        let program = program.as_ref().as_ref().map_err(|problem| format!("the expression {problem}"))?;
        let now = zone(time_zone)?;
        let variables = variables(situation, desired, &situation.now.to_zoned(now));
        match program.evaluate(&variables).map_err(|problem| format!("the expression {problem}"))? {
            Value::Int(replicas) => Ok(replicas),
            other => Err(format!(
                "the expression gives {}, not a whole number: int() makes one",
                trouble::kind(&other)
            )),
        }
    }
}

fn zone(name: Option<&str>) -> Result<TimeZone, String> {
    let Some(name) = name else { return Ok(TimeZone::UTC) };
    TimeZone::get(name)
        .map_err(|_| format!("there is no time zone {name:?}: its name is one such as Europe/Berlin"))
}

fn variables(situation: &Situation<'_>, desired: i32, now: &Zoned) -> Context<'static> {
    let mut scope = scope();
    let numbers = [
        ("current", situation.current),
        ("ready", situation.ready),
        ("desired", desired),
        ("min", situation.min),
        ("max", situation.max),
    ];
    for (name, value) in numbers {
        scope.add_variable_from_value(name, value);
    }
    scope.add_variable_from_value("metrics", metrics(situation.inputs));
    let parts = [
        ("hour", i64::from(now.hour())),
        ("minute", now.minute().into()),
        ("weekday", now.weekday().to_monday_one_offset().into()),
        ("day", now.day().into()),
        ("month", now.month().into()),
    ];
    scope.add_variable_from_value("now", HashMap::from(parts));
    scope
}

/// The values of those that are not missing.
fn metrics(inputs: &[Input]) -> HashMap<String, f64> {
    let fresh = inputs.iter().filter(|input| input.state == MetricState::Fresh);
    let value = |input: &Input| Some(input.reduced?.to_f64() / f64::from(input.divisor));
    fresh.filter_map(|input| Some((input.metric.to_string(), value(input)?))).collect()
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
