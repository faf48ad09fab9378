//! Decisions in words and numbers for people.

use csop_shared::scale::{Decision, Input, Number};

/// What led to an operation: value and target of the metric that caused it.
pub(super) fn detail(decision: &Decision) -> String {
    let Some(subject) = &decision.cause.subject else { return String::new() };
    let input = decision.inputs.iter().find(|input| input.metric == *subject);
    match input.map(|input| (value(input), input.target)) {
        Some((Some(value), Some(target))) => format!("{subject} {value} / {target}"),
        _ => String::new(),
    }
}

/// The value of a metric; a mean is rounded to three decimals.
pub fn value(input: &Input) -> Option<Number> {
    let sum = input.reduced?;
    if input.divisor <= 1 {
        return Some(sum);
    }
    Number::parse(&format!("{:.3}", sum.to_f64() / f64::from(input.divisor)))
}
