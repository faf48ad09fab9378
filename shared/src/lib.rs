//! The API types of csop and the pure logic that the operator and the kubectl plugin share.
//!
//! Nothing here talks to a cluster, reads a clock or draws random numbers: time and entropy are arguments.

pub mod action;
pub mod api;
pub mod applied;
pub mod conditions;
pub mod contains;
#[cfg(feature = "cel")]
pub mod expressions;
pub mod fields;
pub mod health;
pub mod names;
pub mod quantity;
pub mod reasons;
pub mod render;
pub mod revision;
pub mod scale;
pub mod schedule;
pub mod yaml;
