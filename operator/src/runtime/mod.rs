//! What every controller is built on; nothing here names a kind of ours.

mod alarms;
mod apply;
mod backoff;
mod body;
pub mod caches;
mod changes;
pub mod children;
pub mod clock;
pub mod context;
pub mod desired;
mod driver;
pub mod error;
pub mod events;
mod finalizer;
pub mod foreign;
mod http;
pub mod kind;
pub mod leader;
mod lease;
pub mod live;
mod mandate;
pub mod metrics;
mod partition;
pub mod process;
mod prune;
pub mod rbac;
mod reconcile;
mod references;
mod scale;
pub mod scope;
mod settled;
mod siblings;
mod slots;
mod status;
pub mod telemetry;
mod undo;
pub mod wake;
mod watching;

#[cfg(test)]
mod tests;
