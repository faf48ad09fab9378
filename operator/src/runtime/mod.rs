//! What every controller is built on; nothing here names a kind of ours.

pub mod caches;
pub mod children;
pub mod context;
pub mod desired;
pub mod error;
pub mod events;
mod fields;
pub mod foreign;
pub mod kind;
pub mod live;
pub mod metrics;
mod partition;
pub mod scope;
