//! The plugin from outside: its output, exit codes and generated files, without a cluster.

mod cluster;
mod examples;
mod process;
mod reference;
mod support;
