//! What is wrong with a field.

use std::ops::Range;
use thiserror::Error;

/// What is wrong with a field, in words for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {message}")]
pub struct Problem {
    /// The field, such as `spec.timeZone`.
    pub field: &'static str,
    /// The bytes of the field's text that are wrong; absent if it is all of it, or no text.
    pub part: Option<Range<usize>>,
    /// What is wrong with it and what would be right.
    pub message: String,
}

impl Problem {
    /// All of a field is wrong.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, part: None, message: message.into() }
    }

    /// Some bytes of a field's text are wrong.
    pub fn at(field: &'static str, part: Range<usize>, message: impl Into<String>) -> Self {
        Self { field, part: Some(part), message: message.into() }
    }
}
