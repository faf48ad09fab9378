//! A place for services in real containers, and the plugin to look at them.

use std::process::Command;

use csop_shared::api::CashService;
use csop_tests::{Cluster, kubectl::Output, namespace::Namespace, node::image, wait};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::real::{self, SOON};

/// A restricted namespace on the shared cluster.
pub struct Site {
    pub cluster: &'static Cluster,
    pub namespace: Namespace<'static>,
}

impl Site {
    /// Nothing where there can be no real node.
    pub async fn new(prefix: &str) -> Option<Self> {
        let cluster = real::cluster().await?;
        let namespace = cluster.restricted_namespace(prefix).await;
        Some(Self { cluster, namespace })
    }

    pub async fn apply(&self, object: &Value) {
        self.cluster.apply(&self.namespace, &object.to_string()).await.ok();
    }

    /// Makes a service of one small pod that ends at once when it is told to; `more` is merged into its spec.
    pub async fn service(&self, name: &str, more: &Value) {
        let mut spec = json!({
            "image": image::SERVER, "replicas": 1, "autoscaling": {"mode": "Fixed"}, "terminationGracePeriodSeconds": 1,
            "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        });
        for (field, value) in more.as_object().unwrap() {
            spec[field] = value.clone();
        }
        let kind =
            json!({"apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "metadata": {"name": name}});
        let mut service = kind;
        service["spec"] = spec;
        self.apply(&service).await;
    }

    pub async fn services(&self) -> Api<CashService> {
        Api::namespaced(self.cluster.client().await, &self.namespace)
    }

    /// Merges a patch into the spec of a service.
    pub async fn change(&self, name: &str, spec: &Value) {
        let patch = Patch::Merge(json!({"spec": spec}));
        self.services().await.patch(name, &PatchParams::default(), &patch).await.unwrap();
    }

    /// The pods of a service.
    pub async fn pods(&self, service: &str) -> Vec<Pod> {
        let pods: Api<Pod> = Api::namespaced(self.cluster.client().await, &self.namespace);
        let params = ListParams::default().labels(&format!("csop.dev/service={service}"));
        pods.list(&params).await.unwrap().items
    }

    /// Waits until each pod of a service was restarted so often.
    pub async fn restarted(&self, service: &str, times: i32) {
        wait::until_ok(SOON, &format!("{service} was restarted {times} times"), async || {
            let pods = self.pods(service).await;
            let counts: Vec<i32> = pods
                .iter()
                .flat_map(|pod| {
                    pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten())
                })
                .map(|container| container.restart_count)
                .collect();
            let enough = !counts.is_empty() && counts.iter().all(|count| *count >= times);
            if enough { Ok(()) } else { Err(format!("{counts:?}")) }
        })
        .await;
    }

    /// Waits until the plugin calls a service Ready.
    pub async fn ready(&self, service: &str) {
        wait::until_ok(SOON, &format!("{service} is Ready"), async || {
            let ran = self.csop(&["status", service]).await;
            if ran.status.success() { Ok(()) } else { Err(ran.stdout) }
        })
        .await;
    }

    /// The plugin's command line.
    pub fn command(&self, arguments: &[&str]) -> Command {
        real::plugin(self.cluster, &self.namespace, arguments)
    }

    /// Runs the plugin as the administrator.
    pub async fn csop(&self, arguments: &[&str]) -> Output {
        real::csop(self.cluster, &self.namespace, arguments).await
    }
}
