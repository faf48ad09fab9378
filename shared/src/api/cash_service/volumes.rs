//! Volumes of the types that the restricted pod-security profile allows.

use crate::api::{embedded, rules};
use k8s_openapi::api::core::v1::{
    CSIVolumeSource, ConfigMapVolumeSource, DownwardAPIVolumeSource, EmptyDirVolumeSource,
    EphemeralVolumeSource, PersistentVolumeClaimVolumeSource, ProjectedVolumeSource, SecretVolumeSource,
};
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// A volume: a name and exactly one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("[has(self.configMap), has(self.csi), has(self.downwardAPI), has(self.emptyDir), has(self.ephemeral), has(self.persistentVolumeClaim), has(self.projected), has(self.secret)].filter(s, s).size() == 1").message("a volume has exactly one of configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected and secret (the types that the restricted profile allows)"),
    validation = Rule::new("(!has(self.configMap) || (has(self.configMap.name) && self.configMap.name != '')) && (!has(self.secret) || (has(self.secret.secretName) && self.secret.secretName != ''))").message("a volume of a ConfigMap names it with configMap.name, and one of a Secret with secret.secretName"),
)]
pub struct Volume {
    /// Its name.
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && !self.startsWith('csop-')").message("a volume's name has lower-case letters, digits and dashes, and does not begin with csop-"))]
    pub name: String,
    /// A ConfigMap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ConfigMapVolumeSource>,
    /// A CSI driver's inline volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csi: Option<CSIVolumeSource>,
    /// Facts about the pod.
    #[serde(default, rename = "downwardAPI", skip_serializing_if = "Option::is_none")]
    #[schemars(transform = embedded::quantities)]
    pub downward_api: Option<DownwardAPIVolumeSource>,
    /// Scratch space that lives as long as the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = embedded::quantities)]
    pub empty_dir: Option<EmptyDirVolumeSource>,
    /// A claim that lives as long as the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = embedded::quantities)]
    pub ephemeral: Option<EphemeralVolumeSource>,
    /// An existing claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persistent_volume_claim: Option<PersistentVolumeClaimVolumeSource>,
    /// Several sources in one folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = embedded::projected)]
    pub projected: Option<ProjectedVolumeSource>,
    /// A Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretVolumeSource>,
}

/// Where a volume appears in the container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mount {
    /// One of `spec.volumes`.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// Absolute path in the container.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = Rule::new(rules::MOUNT_PATH).message("mountPath must be an absolute path without ':'"))]
    pub mount_path: String,
    /// Path within the volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = Rule::new("!self.startsWith('/') && !self.split('/').exists(p, p == '..')").message("subPath is a path within the volume: without a leading / and without '..'"))]
    pub sub_path: Option<String>,
    /// Whether the container may only read. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}
