//! The plugin from outside: its output, exit codes and generated files, without a cluster.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cluster;
mod definitions;
mod examples;
mod follow_logs;
mod narrow;
mod owner;
mod paging;
mod process;
mod reference;
mod replay;
mod rows;
mod scaler;
mod schedules;
mod support;
mod troubled;
mod vanishing;
mod without_cluster;
mod without_rights;
