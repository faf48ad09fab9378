//! Simulated CPU load.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Node;
use kube::{
    Api, Client,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::json;

use crate::{Cluster, Error, kwok};

/// Lets every container in the namespace, or only those of pods labelled `app.kubernetes.io/instance: INSTANCE`, consume
/// this much CPU, such as `150m`; pods that are made later too. `None` takes the setting back.
///
/// A pod's annotation `kwok.x-k8s.io/usage-cpu` goes before. The metrics API follows within two scrapes (20 s).
pub async fn set_cpu(
    client: &Client,
    namespace: &str,
    instance: Option<&str>,
    cpu: Option<&str>,
) -> Result<(), Error> {
    let nodes: Api<Node> = Api::all(client.clone());
    let list = nodes.list(&ListParams::default()).await.map_err(Error::api("list the nodes"))?;
    let annotations = BTreeMap::from([(kwok::cpu_key(namespace, instance), cpu)]);
    let patch = Patch::Merge(json!({"metadata": {"annotations": annotations}}));
    for name in list.items.into_iter().filter_map(|node| node.metadata.name) {
        let patched = nodes.patch(&name, &PatchParams::default(), &patch).await;
        patched.map_err(Error::api(format!("annotate the node {name}")))?;
    }
    Ok(())
}

impl Cluster {
    /// Sets the CPU that containers consume, see [`set_cpu`].
    ///
    /// # Panics
    /// When the nodes cannot be changed.
    pub async fn set_cpu(&self, namespace: &str, instance: Option<&str>, cpu: &str) {
        let client = self.client().await;
        if let Err(error) = set_cpu(&client, namespace, instance, Some(cpu)).await {
            panic!("{error}");
        }
    }
}
