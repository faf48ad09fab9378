//! Targets that need no pods, and scalers for them.

use std::ops::Range;

use csop_shared::api::GeneralScaler;
use csop_tests::Error;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::apps::v1::Deployment;
use kube::{Api, Client, api::PostParams};
use serde_json::{Value, json};

use crate::{load::Made, scene::PARALLEL};

/// Where scalers are made.
pub struct Load<'a> {
    pub client: &'a Client,
    /// The Prometheus that they ask.
    pub server: String,
    pub namespaces: &'a [String],
}

/// The name of a scaler and of its target.
pub fn name(n: usize) -> String {
    format!("load-{n:05}")
}

impl Load<'_> {
    /// The namespace of a scaler.
    pub fn namespace(&self, n: usize) -> &str {
        &self.namespaces[n % self.namespaces.len()]
    }

    /// Makes Deployments that have a size and, being paused from birth, never a pod.
    pub async fn targets(&self, range: Range<usize>) -> Result<(), Error> {
        self.make(range, |n| {
            let labels = json!({"app": name(n)});
            let container = json!({"name": "app", "image": "registry.example.com/app:1"});
            let object = json!({"metadata": {"name": name(n)}, "spec": {
                "paused": true, "replicas": 1, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}});
            serde_json::from_value::<Deployment>(object).expect("a fixed object has its kind's shape")
        })
        .await
    }

    /// Makes scalers that want what their targets have, with so many distinct queries among them.
    pub async fn scalers(&self, range: Range<usize>, queries: usize) -> Result<(), Error> {
        self.make(range, |n| self.scaler(n, &format!("vector({})", 50 + n % queries))).await
    }

    /// A scaler with this query: a value up to 1,050 asks for one replica.
    pub fn scaler(&self, n: usize, query: &str) -> GeneralScaler {
        let config = json!({"query": query, "serverAddress": self.server});
        let metric =
            json!({"type": "prometheus", "mode": "PerReplica", "targetValue": 1050, "config": config});
        let spec = json!({
            "targetDeployment": name(n), "maxReplicas": 10, "intervalSeconds": 1,
            "safety": {"cooldownSeconds": 0}, "metrics": [metric]});
        let object: Value = json!({"metadata": {"name": name(n)}, "spec": spec,
            "apiVersion": "csop.dev/v1alpha1", "kind": "GeneralScaler"});
        serde_json::from_value(object).expect("a fixed object has its kind's shape")
    }

    /// Makes objects, a bounded number of them at a time.
    pub async fn make<K>(&self, range: Range<usize>, object: impl Fn(usize) -> K) -> Result<(), Error>
    where
        K: Made,
    {
        let made = stream::iter(range).map(|n| {
            let (object, api) = (object(n), Api::<K>::namespaced(self.client.clone(), self.namespace(n)));
            async move {
                let made = api.create(&PostParams::default(), &object).await;
                made.map(|_| ()).map_err(Error::api(format!("create {} {}", K::kind(&()), name(n))))
            }
        });
        made.buffer_unordered(PARALLEL).try_collect().await
    }
}
