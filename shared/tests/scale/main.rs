//! The scaling engine against worked examples and properties.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod row;
mod vectors;
