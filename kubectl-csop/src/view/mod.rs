//! Objects to views: pure functions; a view holds every fact that its text shows, and no time of day.

pub mod advice;
pub mod autoscaler;
pub mod cancel;
pub mod capacity;
pub mod check;
pub mod children;
pub mod clocks;
pub mod diff;
pub mod events;
pub mod forecast;
pub mod gitops;
pub mod logs;
pub mod operations;
pub mod pod;
pub mod replay;
pub mod revisions;
pub mod scaler;
pub mod scalers;
pub mod schedules;
pub mod service;
pub mod services;
pub mod told;
pub mod tree;
pub mod undo;
pub mod verdict;
pub mod version;

/// The version of the views' own schema; it grows when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;
