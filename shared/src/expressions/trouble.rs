//! What is wrong with an expression, in words of our own: the library's would show values.

use cel::{ExecutionError, ParseErrors, Value};

const MOST_CHARACTERS: usize = 120;

/// The first error of an expression that cannot be read.
pub(super) fn of_reading(errors: &ParseErrors) -> String {
    let Some(error) = errors.errors.first() else { return "cannot be read".to_owned() };
    let message: String = error.msg.split_whitespace().collect::<Vec<_>>().join(" ");
    let message: String = message.chars().take(MOST_CHARACTERS).collect();
    match error.pos {
        (0, _) => "cannot be read: is it nested too deeply?".to_owned(),
        (1, column) => format!("cannot be read at character {}: {message}", column + 1),
        (line, column) => format!("cannot be read in line {line} at character {}: {message}", column + 1),
    }
}

/// Why an expression gives nothing.
pub(super) fn of_evaluation(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => {
            format!("asks for {}, which is not there now: has() tells whether it is", shortened(key))
        }
        ExecutionError::UndeclaredReference(name) => format!("uses {}, which is not there", shortened(name)),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "divides by zero".to_owned()
        }
        ExecutionError::Overflow(..) => "computes a number that no int can hold".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "asks for an element beyond the end of a list".to_owned(),
        ExecutionError::InvalidArgumentCount { expected, actual } => {
            format!("gives a function {actual} arguments where it takes {expected}")
        }
        ExecutionError::MissingArgumentOrTarget => {
            "calls a function without a value that it needs".to_owned()
        }
        ExecutionError::FunctionError { function, .. } => {
            format!("calls {}() with what it is not for", shortened(function))
        }
        _ => "uses an operator or a function on values that it is not for: \
              a whole number and a decimal do not mix, int() and double() make one of the other"
            .to_owned(),
    }
}

/// What a value is.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Float(_) => "a decimal number",
        Value::UInt(_) => "an unsigned number",
        Value::String(_) => "a text",
        Value::Bool(_) => "true or false",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
        Value::Null => "null",
        _ => "something else",
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(MOST_CHARACTERS).collect()
}
