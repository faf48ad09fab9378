//! What several kinds share.

use super::rules;
use k8s_openapi::api::core::v1::{Affinity, Toleration, TopologySpreadConstraint};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where pods may run. Passed through to the pod; nothing here loosens its security.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodPlacement {
    /// Labels that a node must carry.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32))]
    #[x_kube(validation = Rule::new(rules::METADATA_KEYS).message("pod.nodeSelector has keys of labels, such as disk or topology.kubernetes.io/zone"), validation = Rule::new(rules::LABEL_VALUES).message("pod.nodeSelector has values of labels: up to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"))]
    #[schemars(transform = super::embedded::label_values)]
    pub node_selector: BTreeMap<String, String>,
    /// Taints that the pods tolerate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
    /// Affinity rules, as in a pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Affinity>,
    /// How pods spread. Default: evenly over zones and hosts, where that can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16), transform = super::embedded::spread)]
    #[x_kube(validation = Rule::new("self.all(c, self.exists_one(o, o.topologyKey == c.topologyKey && o.whenUnsatisfiable == c.whenUnsatisfiable))").message("pod.topologySpreadConstraints has a topologyKey twice with the same whenUnsatisfiable"))]
    pub topology_spread_constraints: Option<Vec<TopologySpreadConstraint>>,
    /// Name of a PriorityClass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    #[x_kube(validation = Rule::new(rules::OBJECT_NAME).message("pod.priorityClassName is the name of a PriorityClass: lower-case letters, digits, '-' and '.'"))]
    pub priority_class_name: Option<String>,
}

/// The answer to the last verb that arrived in the annotation `csop.dev/action`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastAction {
    /// The unique id that the caller chose.
    pub id: String,
    /// What was asked for.
    pub verb: String,
    /// `Applied` or `Refused`.
    pub outcome: ActionOutcome,
    /// What was done, or why not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// What became of an action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ActionOutcome {
    /// It was carried out, once.
    Applied,
    /// It was not carried out.
    #[default]
    Refused,
}
