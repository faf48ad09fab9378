//! How fast and how often a number of replicas may change.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How fast and how often the number of replicas may change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Safety {
    /// Seconds between two changes, in both directions. Default: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86400))]
    pub cooldown_seconds: Option<i32>,
    /// Seconds that must have passed before a change upwards. Default: cooldownSeconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86400))]
    pub scale_up_cooldown_seconds: Option<i32>,
    /// Seconds that must have passed before a change downwards. Default: cooldownSeconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86400))]
    pub scale_down_cooldown_seconds: Option<i32>,
    /// Most pods that one change adds; 0 adds none. Default: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100000))]
    pub max_scale_up_rate: Option<i32>,
    /// Most pods that one change removes; 0 removes none. Default: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100000))]
    pub max_scale_down_rate: Option<i32>,
    /// How long a higher or lower demand is remembered, so that short swings change nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stabilization_window_seconds: Option<Windows>,
    /// Policies as a HorizontalPodAutoscaler has them. With a rate or window above, the smaller change wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behavior: Option<Behavior>,
}

/// A stabilisation window for each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Windows {
    /// Seconds; growth is held to the lowest demand within them. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3600))]
    pub up: Option<i32>,
    /// Seconds; the way down is held to the highest demand within them. Default: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3600))]
    pub down: Option<i32>,
}

/// The scaling policies of a HorizontalPodAutoscaler; a direction that is left out has its defaults there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Behavior {
    /// Upwards. Default: the larger of 100 percent and 4 pods in 15 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_up: Option<ScalingRules>,
    /// Downwards. Default: 100 percent in 15 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down: Option<ScalingRules>,
}

/// The rules for one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScalingRules {
    /// Seconds that a higher or lower demand is remembered. Default: stabilizationWindowSeconds of safety; with both, the longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3600))]
    pub stabilization_window_seconds: Option<i32>,
    /// Which of several policies counts. Default: Max.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select_policy: Option<SelectPolicy>,
    /// What may change in a period. Default: that of the direction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub policies: Vec<ScalingPolicy>,
}

/// Max (default): the policy that allows the largest change. Min: the smallest. Disabled: no change in this direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SelectPolicy {
    /// The largest change.
    #[default]
    Max,
    /// The smallest change.
    Min,
    /// No change.
    Disabled,
}

/// What may change in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScalingPolicy {
    /// What `value` counts.
    #[serde(rename = "type")]
    pub type_: PolicyUnit,
    /// Pods, or percent of the replicas at the beginning of the period.
    #[schemars(range(min = 1, max = 100000))]
    pub value: i32,
    /// The period.
    #[schemars(range(min = 1, max = 1800))]
    pub period_seconds: i32,
}

/// Pods, or percent of the replicas at the beginning of the period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PolicyUnit {
    /// A number of pods.
    #[default]
    Pods,
    /// Percent of the replicas at the beginning of the period.
    Percent,
}
