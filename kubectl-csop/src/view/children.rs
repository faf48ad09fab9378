//! The children of a service, as they were read from the cluster.

use crate::error::{Attempt, Error};
use csop_shared::api::CashServiceScheduledScale;
use jiff::Timestamp;
use k8s_openapi::Metadata;
use k8s_openapi::api::apps::v1::{ControllerRevision, Deployment, ReplicaSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

/// A Secret without its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretKeys {
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// The names of its keys.
    pub keys: Vec<String>,
}

impl From<Secret> for SecretKeys {
    fn from(secret: Secret) -> Self {
        Self { metadata: secret.metadata, keys: secret.data.unwrap_or_default().into_keys().collect() }
    }
}

/// A kind of children that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Missing {
    /// The resource.
    pub resource: String,
    /// Why it is missing.
    pub reason: String,
}

/// All objects that carry a service's label, by kind.
#[derive(Clone, Debug, Default)]
pub struct Children {
    /// Deployments.
    pub deployments: Vec<Deployment>,
    /// ReplicaSets.
    pub replica_sets: Vec<ReplicaSet>,
    /// Pods.
    pub pods: Vec<Pod>,
    /// Services.
    pub services: Vec<Service>,
    /// When they were read.
    pub read_at: Option<Timestamp>,
    /// HorizontalPodAutoscalers.
    pub autoscalers: Vec<HorizontalPodAutoscaler>,
    /// NetworkPolicies.
    pub network_policies: Vec<NetworkPolicy>,
    /// PodDisruptionBudgets.
    pub budgets: Vec<PodDisruptionBudget>,
    /// ServiceAccounts.
    pub accounts: Vec<ServiceAccount>,
    /// Secrets, without their values.
    pub secrets: Vec<SecretKeys>,
    /// ConfigMaps.
    pub config_maps: Vec<ConfigMap>,
    /// ControllerRevisions.
    pub revisions: Vec<ControllerRevision>,
    /// The schedules of the namespace, which the service does not own.
    pub schedules: Vec<CashServiceScheduledScale>,
    /// What nodes tell of pods, where they do not serve and their states do not say why.
    pub pod_events: Vec<Event>,
    /// What could not be read.
    pub missing: Vec<Missing>,
}

impl Children {
    /// The metadata of all objects.
    pub fn metadata(&self) -> impl Iterator<Item = &ObjectMeta> {
        fn of<T: Metadata<Ty = ObjectMeta>>(objects: &[T]) -> impl Iterator<Item = &ObjectMeta> {
            objects.iter().map(Metadata::metadata)
        }
        let workload = of(&self.deployments).chain(of(&self.replica_sets)).chain(of(&self.pods));
        let network = of(&self.services).chain(of(&self.network_policies));
        let scaling = of(&self.autoscalers).chain(of(&self.budgets));
        let content = self.secrets.iter().map(|secret| &secret.metadata).chain(of(&self.config_maps));
        let rest = of(&self.accounts).chain(of(&self.revisions));
        workload.chain(network).chain(scaling).chain(content).chain(rest)
    }

    /// The objects of an answer; a refusal leaves that kind out and is remembered, any other error stops.
    ///
    /// # Errors
    /// Whatever is not a refusal.
    pub fn take<T>(&mut self, attempt: &Attempt, answer: Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
        match answer {
            Err(error @ (Error::Forbidden(_) | Error::Refused { forbidden: true, .. })) => {
                self.missing.push(Missing { resource: attempt.resource.clone(), reason: error.to_string() });
                Ok(vec![])
            }
            other => other,
        }
    }
}
