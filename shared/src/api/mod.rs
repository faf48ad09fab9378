//! The kinds of the API group `csop.dev`, and the registry of their CustomResourceDefinitions.

pub mod cash_service;
pub mod common;
mod embedded;
pub mod general_scaler;
mod rules;
mod schema;

pub use cash_service::{CashService, CashServiceSpec, CashServiceStatus};
pub use general_scaler::{GeneralScaler, GeneralScalerSpec, GeneralScalerStatus};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// Every CustomResourceDefinition of csop, in the order in which they are installed.
pub fn all_crds() -> Vec<CustomResourceDefinition> {
    vec![schema::published(CashService::crd())]
}
