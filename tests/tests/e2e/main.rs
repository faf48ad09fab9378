//! csop on a real control plane: operator and plugin as processes, each test in a namespace of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod barrier;
mod clockwork;
mod dial;
mod scene;
mod witness;

mod autoscaling;
mod conflicts;
mod drift;
mod faults_control_plane;
mod faults_kills;
mod faults_load;
mod ha;
mod lifecycle;
mod owner;
mod plugin;
mod plugin_dispatch;
mod plugin_errors;
mod plugin_interrupts;
mod plugin_many;
mod plugin_narrow;
mod plugin_prompts;
mod plugin_schedules;
mod plugin_status;
mod plugin_terminal;
mod plugin_vanishing;
mod quiet;
mod refusals;
mod rollout;
mod scalers;
mod schedules;
mod schedules_live;
mod scope;
mod secrets;
mod smallest;
mod source_resource;
mod uninstall;
