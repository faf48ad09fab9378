//! The controllers, one module for each kind.

pub mod cash_service;
pub mod general_scaler;
mod related;
pub mod scheduled_scale;

use crate::metric_sources::Sources;
use crate::runtime::process::Controllers;

/// Adds every controller of the operator. With `pages`, whoever reaches the port sees the scalers' last decisions.
pub fn register(controllers: &mut Controllers, sources: Sources, pages: bool) {
    controllers.add(cash_service::CashServices::default());
    controllers.add(scheduled_scale::ScheduledScales);
    let scalers = general_scaler::GeneralScalers::new(sources, controllers.metrics());
    if pages {
        controllers.serve(scalers.pages());
    }
    controllers.add(scalers);
}
