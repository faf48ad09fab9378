//! Expressions over a JSON document.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;
use cel::objects::Key;
use serde_json::Value as Json;

use super::functions::scope;
use super::program::Program;
use super::trouble;

/// Most values of a document: an expression may copy it for each of its parts.
const MOST_VALUES: usize = 10_000;
/// Most values of a document times its elements, for an expression with a macro, which copies what it has found for each element.
const MOST_COPIES: usize = 1_000_000;

/// An expression over `body` that gives numbers.
#[derive(Debug)]
pub struct OverBody(Program);

impl OverBody {
    /// Reads an expression.
    ///
    /// # Errors
    /// Why it cannot be evaluated: what follows the name of a field.
    pub fn new(expression: &str) -> Result<Self, String> {
        Program::read(expression, &["body"]).map(Self)
    }

    /// The number that it gives, or the numbers of a list.
    ///
    /// # Errors
    /// Why it gives none: what follows "answers with".
    pub fn numbers(&self, body: &Json) -> Result<Vec<f64>, String> {
        let (values, longest) = measure(body);
        let copies = if self.0.repeats { values.saturating_mul(longest) } else { 0 };
        if values > MOST_VALUES || copies > MOST_COPIES {
            return Err("more JSON than an expression can be applied to: use jsonPath".to_owned());
        }
        let mut scope = scope();
        scope.add_variable_from_value("body", value(body));
        let given =
            self.0.evaluate(&scope).map_err(|problem| format!("JSON for which the expression {problem}"))?;
        match given {
            Value::List(list) => list.iter().map(number).collect(),
            other => number(&other).map(|number| vec![number]),
        }
    }
}

fn number(value: &Value) -> Result<f64, String> {
    let text = match value {
        Value::Int(int) => return Ok(*int as f64),
        Value::UInt(uint) => return Ok(*uint as f64),
        Value::Float(float) => return Ok(*float),
        Value::String(text) => text.trim().parse::<f64>().ok().filter(|number| number.is_finite()),
        _ => None,
    };
    text.ok_or_else(|| format!("JSON for which the expression gives {}, not a number", trouble::kind(value)))
}

/// How many values there are, and how many are in the longest list or map.
fn measure(json: &Json) -> (usize, usize) {
    fn sum<'a>(parts: impl ExactSizeIterator<Item = &'a Json>) -> (usize, usize) {
        let length = parts.len();
        parts
            .map(measure)
            .fold((1, length), |(values, longest), (more, length)| (values + more, longest.max(length)))
    }
    match json {
        Json::Array(elements) => sum(elements.iter()),
        Json::Object(fields) => sum(fields.values()),
        _ => (1, 0),
    }
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or(f64::NAN)), Value::Int)
        }
        Json::String(text) => Value::String(Arc::new(text.clone())),
        Json::Array(elements) => Value::List(Arc::new(elements.iter().map(value).collect())),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(name, json)| (Key::from(name.as_str()), value(json)));
            Value::Map(fields.collect::<HashMap<_, _>>().into())
        }
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
