//! Services in real containers, on a real node.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod causes;
mod plugin;
mod real;
mod site;
mod traces;
