//! The children of a service, rendered from its spec: what the operator applies and what `render` and `diff` show.
//!
//! Every function is pure. Secrets' content is not part of what is rendered: see [`secrets`].

pub mod config;
mod deployment;
mod labels;
mod network;
mod pod;
mod probes;
mod resources;
mod revision;
mod scaling;
pub mod secrets;
mod volumes;

pub use labels::{component_selector, workload_selector};
pub use revision::{History, KEPT_REVISIONS, Recorded, relevant, relevant_spec, restored};

use crate::api::{CashService, GeneralScaler, cash_service::AutoscalingMode};
use crate::names::API_VERSION;
use crate::scale::Floor;
use crate::schedule;
use k8s_openapi::api::{apps::v1::Deployment, core::v1::PodTemplateSpec};
use kube::ResourceExt;
use serde::Serialize;
use serde_json::Value;

/// Stands for the digest of the secrets' content where that cannot be known.
pub const UNKNOWN_DIGEST: &str = "known-to-the-operator-only";

/// A child as it is applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Such as `apps/v1`.
    pub api_version: &'static str,
    /// Such as `Deployment`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The whole object, with `apiVersion`, `kind` and `metadata`.
    pub body: Value,
}

impl Manifest {
    fn new<K>(object: &K) -> Self
    where
        K: k8s_openapi::Resource
            + k8s_openapi::Metadata<Ty = k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta>
            + Serialize,
    {
        let body = serde_json::to_value(object).expect("objects of the API serialise to JSON");
        let name = object.metadata().name.clone().expect("every rendered child is named");
        Self { api_version: K::API_VERSION, kind: K::KIND, name, body }
    }

    fn of_scaler(scaler: &GeneralScaler) -> Self {
        let body = serde_json::to_value(scaler).expect("objects of the API serialise to JSON");
        Self { api_version: API_VERSION, kind: "GeneralScaler", name: scaler.name_any(), body }
    }
}

/// A service with what its pod template depends on besides its spec.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The service.
    pub service: &'a CashService,
    /// Digest of the content of the secrets that the pods see, if they see any.
    pub secrets_digest: Option<&'a str>,
    /// The floors of the schedules that are in force.
    pub floors: &'a [Floor],
}

impl Plan<'_> {
    /// The pod template of the stable track.
    pub fn template(&self) -> PodTemplateSpec {
        pod::template(self)
    }

    /// The Deployment, without `replicas`: that number has its own writer.
    pub fn deployment(&self) -> Deployment {
        deployment::deployment(self, self.template())
    }

    /// The children, in the order in which they are applied, without Secrets and ControllerRevisions, whose content depends on what is
    /// live.
    pub fn manifests(&self) -> Vec<Manifest> {
        let service = self.service;
        let spec = &service.spec;
        let mut all = vec![];
        if spec.service_account_name.is_none() {
            all.push(Manifest::new(&pod::account(service)));
        }
        all.extend(config::config_maps(service).iter().map(Manifest::new));
        all.push(Manifest::new(&network::policy(service)));
        all.push(Manifest::new(&self.deployment()));
        all.extend(network::service(service).as_ref().map(Manifest::new));
        match spec.mode() {
            AutoscalingMode::HPA => all.push(Manifest::new(&scaling::autoscaler(service, self.floors))),
            AutoscalingMode::GeneralScaler => all.push(Manifest::of_scaler(&scaling::scaler(service))),
            AutoscalingMode::Fixed | AutoscalingMode::External => {}
        }
        all.extend(scaling::disruption_budget(service).as_ref().map(Manifest::new));
        all
    }
}

/// The children that the operator would make for a new service, without a cluster: secrets show as placeholders. `floors` are those of
/// the schedules that are in force.
pub fn offline(service: &CashService, floors: &[Floor]) -> Vec<Value> {
    let sees_secrets = secrets::sees_secrets(&service.spec);
    let plan = Plan { service, secrets_digest: sees_secrets.then_some(UNKNOWN_DIGEST), floors };
    let first = revision::first(&plan);
    let born = Value::from(schedule::bounds(&service.spec, floors).clamp(service.spec.replicas));
    let mut all: Vec<Manifest> = secrets::redacted(service);
    all.extend(plan.manifests());
    let at = all.iter().position(|m| m.kind == "Deployment").unwrap_or(all.len());
    all.insert(at, first);
    for manifest in &mut all {
        if manifest.kind == "Deployment" {
            manifest.body["spec"]["replicas"] = born.clone();
        }
        if let Some(namespace) = service.namespace() {
            manifest.body["metadata"]["namespace"] = Value::from(namespace);
        }
    }
    all.into_iter().map(|m| m.body).collect()
}
