//! The kinds of the API group `csop.dev`, and the registry of their CustomResourceDefinitions.

pub mod cash_service;
pub mod cash_service_scheduled_scale;
pub mod common;
mod embedded;
pub mod general_scaler;
mod rules;
mod schema;

pub use cash_service::{CashService, CashServiceSpec, CashServiceStatus};
pub use cash_service_scheduled_scale::{
    CashServiceScheduledScale, CashServiceScheduledScaleSpec, CashServiceScheduledScaleStatus,
};
pub use general_scaler::{GeneralScaler, GeneralScalerSpec, GeneralScalerStatus};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// Every CustomResourceDefinition of csop, in the order in which they are installed.
pub fn all_crds() -> Vec<CustomResourceDefinition> {
    [CashService::crd(), CashServiceScheduledScale::crd(), GeneralScaler::crd()].map(schema::published).into()
}
