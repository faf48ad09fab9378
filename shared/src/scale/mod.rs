//! The scaling engine: from what is known of a target to the replicas it should have, as a pure function.

pub mod number;

pub use number::Number;
