//! The scaling engine against worked examples and properties.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod causes;
mod manifest;
mod properties;
mod records;
mod row;
mod scene;
mod vectors;
