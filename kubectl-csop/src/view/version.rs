//! The versions of plugin, operator and cluster.

use super::SCHEMA_VERSION;
use k8s_openapi::api::apps::v1::Deployment;
use serde::Serialize;

/// The label by which the operator's Deployment is found.
pub const OPERATOR_SELECTOR: &str = "app.kubernetes.io/name=csop-operator";

/// The versions.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionView {
    schema_version: u32,
    kind: &'static str,
    /// Of this plugin.
    pub client: String,
    /// Of the operators that were found.
    pub operators: Vec<Operator>,
    /// Of the API server.
    pub server: Option<String>,
}

/// An operator in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Operator {
    /// Namespace of its Deployment.
    pub namespace: String,
    /// Name of its Deployment.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Its version: the label, else the image's tag.
    pub version: Option<String>,
    /// Ready pods.
    pub ready: i32,
    /// Wanted pods.
    pub wanted: i32,
}

impl VersionView {
    /// The versions that are known.
    pub fn new(operators: Vec<Operator>, server: Option<String>) -> Self {
        Self { schema_version: SCHEMA_VERSION, kind: "Version", client: client(), operators, server }
    }
}

/// The version of this plugin.
pub fn client() -> String {
    format!("v{}", env!("CARGO_PKG_VERSION"))
}

/// What a Deployment says of the operator that it runs.
pub fn operator(deployment: &Deployment) -> Operator {
    let spec = deployment.spec.clone().unwrap_or_default();
    let image = spec
        .template
        .spec
        .and_then(|pod| pod.containers.into_iter().next())
        .and_then(|container| container.image)
        .unwrap_or_default();
    let label =
        deployment.metadata.labels.iter().flatten().find(|(key, _)| *key == "app.kubernetes.io/version");
    Operator {
        namespace: deployment.metadata.namespace.clone().unwrap_or_default(),
        name: deployment.metadata.name.clone().unwrap_or_default(),
        version: label.map(|(_, version)| version.clone()).or_else(|| tag(&image)),
        image,
        ready: deployment.status.as_ref().and_then(|status| status.ready_replicas).unwrap_or(0),
        wanted: spec.replicas.unwrap_or(1),
    }
}

fn tag(image: &str) -> Option<String> {
    let name = image.split('@').next()?.rsplit('/').next()?;
    name.split_once(':').map(|(_, tag)| tag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn the_tag_is_behind_the_last_slash() {
        assert_eq!(tag("localhost:5000/csop/operator:0.1.0").as_deref(), Some("0.1.0"));
        assert_eq!(tag("localhost:5000/csop/operator"), None);
        assert_eq!(tag("csop/operator:0.1.0@sha256:ab").as_deref(), Some("0.1.0"));
    }
}
