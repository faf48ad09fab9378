//! Services in real containers, on a real node.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod causes;
mod files;
mod network;
mod operator;
mod plugin;
mod real;
mod rollouts;
mod scaling;
mod site;
mod smallest;
mod tls;
mod traces;
