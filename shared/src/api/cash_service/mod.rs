//! `CashService`: one custom resource from which csop makes and keeps everything that a service needs.

mod autoscaling;
mod config;
mod contract;
mod defaults;
mod network;
mod rollout;
mod secrets;
mod status;
mod volumes;

pub use autoscaling::{Autoscaling, AutoscalingMode, ScalerTemplate};
pub use config::Config;
pub use contract::{Contract, ContractType, Port, Probes, Scheme, Tls};
pub use defaults::DEFAULTS_VERSION;
pub use network::{Egress, Network};
pub use rollout::{Rollout, Security};
pub use secrets::{Alphabet, GeneratedKey, SecretSource};
pub use status::{Bounds, BoundsSource, CashServiceStatus};
pub use volumes::{Mount, Volume};

use super::{common::PodPlacement, embedded, rules};
use k8s_openapi::api::core::v1::{EnvFromSource, EnvVar, LocalObjectReference, ResourceRequirements};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The wanted state of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "csop.dev",
    version = "v1alpha1",
    kind = "CashService",
    namespaced,
    shortname = "csvc",
    category = "csop",
    status = "CashServiceStatus",
    derive = "PartialEq",
    doc = "A service that csop runs the safe way: from an image and a little configuration it makes and keeps a Deployment, HorizontalPodAutoscaler, NetworkPolicy, Service, Secrets, ConfigMaps, ServiceAccount and PodDisruptionBudget. It is Ready when the wanted revision serves at its wanted size (growth by an autoscaler never turns Ready off).",
    scale(spec_replicas_path = ".spec.replicas", status_replicas_path = ".status.replicas"),
    printcolumn(name = "Image", type_ = "string", json_path = ".spec.image"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.ready", description = "Ready and wanted pods"),
    printcolumn(name = "Min", type_ = "integer", json_path = ".status.bounds.min", description = "Fewest replicas now in force"),
    printcolumn(name = "Max", type_ = "integer", json_path = ".status.bounds.max", description = "Most replicas now in force"),
    printcolumn(name = "Status", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason", description = "Ready, or the first cause why not"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')").message("metadata.name becomes the name of a Service: at most 63 lower-case letters, digits and dashes, beginning with a letter and not ending with a dash"),
)]
#[cfg_attr(feature = "cel", kube(cel))]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.volumeMounts) || self.volumeMounts.all(m, has(self.volumes) && self.volumes.exists(v, v.name == m.name))").message("each volumeMounts entry names one of spec.volumes"),
    validation = Rule::new(rules::NOT_IN_OWN_FOLDERS).message("a mountPath is that of a folder which csop mounts, or lies within: /etc/config/service for config.files, /etc/secrets/tls for contract.tls; choose another one"),
    validation = Rule::new(rules::NOT_IN_SECRETS).message("a volumeMounts entry is at or within the folder of one of spec.secrets (its mountPath, or /etc/secrets/service/NAME); choose another mountPath"),
    validation = Rule::new(rules::NO_TOKEN_WITHOUT_ACCOUNT).message("a projected serviceAccountToken needs serviceAccountName: a service has no token unless it names the account that it acts as"),
    validation = Rule::new(rules::ENV_APART_FROM_SECRETS).message("an environment variable is set by both spec.env and spec.secrets[].env: remove one of the two"),
)]
pub struct CashServiceSpec {
    /// The container image, by tag or digest, such as `registry.example.com/shop:1.4.2`.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^[^\\\\s]+$')").message("image must be a reference such as registry.example.com/shop:1.4.2, without spaces"))]
    pub image: String,
    /// Secrets of type kubernetes.io/dockerconfigjson that open the image's registry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), transform = embedded::names)]
    #[x_kube(validation = Rule::new("self.all(s, has(s.name) && s.name.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$') && self.exists_one(o, has(o.name) && o.name == s.name))").message("imagePullSecrets are names of Secrets, each once: lower-case letters, digits, '-' and '.'"))]
    pub image_pull_secrets: Vec<LocalObjectReference>,
    /// When the node pulls the image. Default: IfNotPresent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<ImagePullPolicy>,
    /// Labels for every managed object, never for selectors.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[x_kube(validation = Rule::new("self.all(k, !k.startsWith('csop.dev/') && k != 'app.kubernetes.io/managed-by')").message("labels under csop.dev/ and app.kubernetes.io/managed-by are csop's own"), validation = Rule::new(rules::METADATA_KEYS).message("a label's key is a name such as team or example.com/team: up to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit, after an optional domain and /"), validation = Rule::new(rules::LABEL_VALUES).message("a label's value has up to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit; put other text into annotations"), validation = Rule::new("!('pod-template-hash' in self)").message("the label pod-template-hash is that of Deployments: Kubernetes sets it"))]
    #[schemars(extend("maxProperties" = 32))]
    #[schemars(transform = embedded::label_values)]
    pub labels: BTreeMap<String, String>,
    /// Annotations for every managed object.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[x_kube(validation = Rule::new("self.all(k, !k.startsWith('csop.dev/'))").message("annotations under csop.dev/ are csop's own"), validation = Rule::new(rules::METADATA_KEYS).message("an annotation's key is a name such as owner or example.com/owner: up to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit, after an optional domain and /"), validation = Rule::new(rules::NO_CONTROLLER_ANNOTATIONS).message("annotations kubectl.kubernetes.io/last-applied-configuration and those under deployment.kubernetes.io/ and autoscaling.alpha.kubernetes.io/ are written by Kubernetes, which would rewrite them for ever: remove them"), validation = Rule::new(rules::NO_SECURITY_ANNOTATIONS).message("AppArmor and seccomp are not set by annotations: csop sets the secure profile of every pod; remove the annotation"))]
    #[schemars(extend("maxProperties" = 32))]
    pub annotations: BTreeMap<String, String>,
    /// Replaces the image's entrypoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Replaces the image's arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// The size in mode Fixed; in the other modes the first size, raised to minReplicas.
    #[serde(default = "default_replicas")]
    #[schemars(range(min = 0, max = 10000))]
    pub replicas: i32,
    /// Who decides the number of replicas, and between which bounds.
    pub autoscaling: Autoscaling,
    /// What the container promises: ports, health paths, TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Contract>,
    /// The security settings that images really need; what the restricted profile forbids is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// Environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    #[schemars(transform = embedded::env)]
    #[x_kube(
        validation = Rule::new("self.all(e, e.name.matches('^[ -<>-~]+$'))").message("the name of an environment variable is not empty and has no ="),
        validation = Rule::new("self.all(e, !has(e.valueFrom) || ((!has(e.value) || e.value == '') && [has(e.valueFrom.configMapKeyRef), has(e.valueFrom.fieldRef), has(e.valueFrom.resourceFieldRef), has(e.valueFrom.secretKeyRef)].filter(s, s).size() == 1))").message("an environment variable has either value, or valueFrom with exactly one of configMapKeyRef, fieldRef, resourceFieldRef and secretKeyRef"),
    )]
    pub env: Vec<EnvVar>,
    /// Whole ConfigMaps or Secrets as environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(validation = Rule::new("self.all(e, has(e.configMapRef) != has(e.secretRef))").message("an entry of envFrom has exactly one of configMapRef and secretRef"))]
    pub env_from: Vec<EnvFromSource>,
    /// Configuration; a change of it is one rolling update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Config>,
    /// Secrets, generated once or taken from existing ones; a change of their content is one rolling update.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    #[x_kube(validation = Rule::new(rules::SECRETS_APART).message("two of spec.secrets are mounted at the same path, or one within the other: give each a mountPath of its own"), validation = Rule::new("self.all(s, !has(s.env) || s.env.all(k, self.exists_one(o, has(o.env) && k in o.env)))").message("two of spec.secrets set the same environment variable: remove one of them"))]
    pub secrets: Vec<SecretSource>,
    /// CPU and memory. Default: requests of 100m and 128Mi, and a memory limit of twice the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = embedded::resources)]
    pub resources: Option<ResourceRequirements>,
    /// Volumes of the types that the restricted profile allows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub volumes: Vec<Volume>,
    /// Where the volumes appear in the container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(validation = Rule::new(rules::OWN_MOUNT_PATHS).message("volumeMounts has a mountPath twice: each mount needs a path of its own"))]
    pub volume_mounts: Vec<Mount>,
    /// Probes that replace those of the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<Probes>,
    /// Who may reach the service, and what it may reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// A ServiceAccount to run as, with its token mounted. Default: an account of its own without a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new(rules::OBJECT_NAME).message("serviceAccountName is the name of a ServiceAccount: lower-case letters, digits, '-' and '.'"))]
    pub service_account_name: Option<String>,
    /// How a new revision replaces the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// Seconds that a pod gets to end, the draining of endpoints included. Default: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86400))]
    pub termination_grace_period_seconds: Option<i64>,
    /// Where the pods may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<PodPlacement>,
}

fn default_replicas() -> i32 {
    2
}

/// When the node pulls the image: IfNotPresent (default), Always or Never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ImagePullPolicy {
    /// At every start of a container.
    Always,
    /// Unless the node has it.
    #[default]
    IfNotPresent,
    /// Never; the node must have it.
    Never,
}

impl ImagePullPolicy {
    /// The value as the pod's API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}
