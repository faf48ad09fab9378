//! Waiting for CustomResourceDefinitions.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, Client};

use crate::{Error, wait};

/// An API server serves a new definition within a second, even on a busy machine within this.
const SOON: Duration = Duration::from_secs(60);

/// Waits until the API server serves the kind of this definition.
///
/// `kubectl wait --for=condition=Established` cannot be used for it: it fails when it comes before the definition has a
/// status.
pub async fn established(client: &Client, name: &str) -> Result<(), Error> {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    wait::try_until(SOON, &format!("the definition {name} is established"), async || {
        let definition = definitions.get(name).await.map_err(|error| error.to_string())?;
        let conditions = definition.status.and_then(|status| status.conditions).unwrap_or_default();
        let serves = conditions.iter().any(|c| c.type_ == "Established" && c.status == "True");
        serves.then_some(()).ok_or_else(|| "not yet".to_owned())
    })
    .await
}
