//! How a new revision replaces the old one, and the security settings of its pods.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// How a new revision replaces the old one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!(has(self.maxSurge) && string(self.maxSurge).matches('^0+%?$') && (!has(self.maxUnavailable) || string(self.maxUnavailable).matches('^0+%?$')))").message("rollout.maxSurge and rollout.maxUnavailable cannot both be zero: no pod could be replaced"),
)]
pub struct Rollout {
    /// Pods above the wanted number during a rollout, a number or a percentage. Default: 25 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("string(self).matches('^([0-9]+|[0-9]{1,4}%)$')").message("rollout.maxSurge must be a number, not negative, or a percentage such as 25%"))]
    pub max_surge: Option<IntOrString>,
    /// Pods below the wanted number during a rollout, a number or a percentage. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("string(self).matches('^([0-9]+|([0-9]{1,2}|100)%)$')").message("rollout.maxUnavailable must be a number, not negative, or a percentage up to 100%"))]
    pub max_unavailable: Option<IntOrString>,
}

/// The security settings that images really need.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Security {
    /// The user that the container runs as. Default: the image's own, which must not be root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2147483647))]
    #[x_kube(validation = Rule::new("self > 0").message("security.runAsUser must not be 0: a container never runs as root"))]
    pub run_as_user: Option<i64>,
    /// The group that the container runs as. Default: the image's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2147483647))]
    pub run_as_group: Option<i64>,
    /// The group that owns mounted volumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2147483647))]
    pub fs_group: Option<i64>,
    /// Whether the root file system is read-only; `/tmp` is writable either way. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only_root_filesystem: Option<bool>,
}
