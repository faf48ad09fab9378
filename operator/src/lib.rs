//! The csop operator: watches custom resources and keeps the objects that they stand for.

pub mod controllers;
pub mod metric_sources;
pub mod runtime;
pub mod sampling;
pub mod scaling;
