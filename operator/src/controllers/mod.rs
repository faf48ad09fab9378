//! The controllers, one module for each kind.

pub mod cash_service;
pub mod general_scaler;
mod related;

use std::sync::Arc;

use csop_shared::scale::Expressions;

use crate::metric_sources::Sources;
use crate::runtime::process::Controllers;

/// Adds every controller of the operator. With `pages`, whoever reaches the port sees the scalers' last decisions.
pub fn register(
    controllers: &mut Controllers,
    sources: Sources,
    expressions: Arc<dyn Expressions>,
    pages: bool,
) {
    controllers.add(cash_service::CashServices::default());
    let scalers = general_scaler::GeneralScalers::new(sources, expressions);
    if pages {
        controllers.serve(scalers.pages());
    }
    controllers.add(scalers);
}
