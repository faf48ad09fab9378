//! The controllers, one module for each kind.

pub mod cash_service;

use crate::runtime::process::Controllers;

/// Adds every controller of the operator.
pub fn register(controllers: &mut Controllers) {
    controllers.add(cash_service::CashServices::default());
}
