//! The definitions of csop's kinds, as files. Making them from the types takes longer than everything else that `render` does, and
//! needs code that is several megabytes large.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps,
};

/// That of CashService, as JSON without descriptions.
pub const CASH_SERVICES: &str = include_str!("cashservices.json");
/// That of CashServiceScheduledScale, as JSON without descriptions.
pub const SCHEDULED_SCALES: &str = include_str!("cashservicescheduledscales.json");
/// That of GeneralScaler, as JSON without descriptions.
pub const GENERAL_SCALERS: &str = include_str!("generalscalers.json");

/// All of them.
pub fn all() -> Vec<CustomResourceDefinition> {
    [CASH_SERVICES, SCHEDULED_SCALES, GENERAL_SCALERS].map(read).into()
}

fn read(definition: &str) -> CustomResourceDefinition {
    serde_json::from_str(definition).expect("a test compares the file with the types")
}

/// The schema in a definition.
pub(super) fn schema(definition: &str) -> JSONSchemaProps {
    let mut versions = read(definition).spec.versions.into_iter();
    versions.find_map(|version| version.schema?.open_api_v3_schema).unwrap_or_default()
}
