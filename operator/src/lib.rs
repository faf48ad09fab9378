//! The csop operator: watches custom resources and keeps the objects that they stand for.

pub mod controllers;
pub mod runtime;
