//! Reconciles of a small kind against an API server in memory.

mod api;
mod caches;
mod conflicts;
mod failures;
mod foreign;
mod lifecycle;
mod replicas;
mod widget;
