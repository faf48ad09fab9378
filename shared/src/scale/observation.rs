//! What is known of a target and its metrics when a decision is made.

use super::Name;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::sync::Arc;

/// Everything that a decision looks at, besides the scaler's spec and what it remembers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// Replicas that the target asks for; none when there is no target.
    pub current: Option<i32>,
    /// Ready pods.
    pub ready: i32,
    /// Whether the pause annotation is set.
    #[serde(default)]
    pub paused: bool,
    /// Whether something else scales the target.
    #[serde(default)]
    pub conflict: bool,
    /// The latest of each metric, in the order of the spec; what is not there is missing.
    pub readings: Vec<Reading>,
    /// The price of a pod, when a policy asks for one.
    #[serde(default)]
    pub price: Option<Box<Reading>>,
    /// The schedules that are in force.
    #[serde(default)]
    pub floors: Vec<Floor>,
}

/// The latest of a metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reading {
    /// An answer with values.
    #[serde(rename_all = "camelCase")]
    Sample {
        /// The values.
        values: Series,
        /// When they held.
        time: Timestamp,
        /// Whether the source itself says that there is work; none from sources that say nothing of the kind.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        active: Option<bool>,
        /// The target that the source itself states; it counts where the spec has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<f64>,
    },
    /// An answer without values.
    Empty {
        /// When it was given.
        time: Timestamp,
    },
    /// No answer, or one that cannot be used.
    #[default]
    Missing,
}

/// The values of an answer, as the source gave them.
#[derive(Clone, Debug, PartialEq)]
pub enum Series {
    /// A single one.
    One(f64),
    /// Any number of them.
    Many(Arc<[f64]>),
}

impl Series {
    /// The values.
    pub fn values(&self) -> &[f64] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// JSON has no word for what is no finite number, so that is a text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Plain {
    Number(f64),
    Text(String),
}

impl From<f64> for Plain {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Number(value) } else { Self::Text(value.to_string()) }
    }
}

impl Plain {
    fn value(self) -> Result<f64, String> {
        match self {
            Self::Number(value) => Ok(value),
            Self::Text(text) => text.parse().map_err(|_| format!("{text:?} is no number")),
        }
    }
}

impl Serialize for Series {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(value) => Plain::from(*value).serialize(serializer),
            Self::Many(values) => serializer.collect_seq(values.iter().map(|value| Plain::from(*value))),
        }
    }
}

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            One(Plain),
            Many(Vec<Plain>),
        }
        match Either::deserialize(deserializer)? {
            Either::One(value) => value.value().map(Self::One).map_err(D::Error::custom),
            Either::Many(values) => {
                let values = values.into_iter().map(Plain::value).collect::<Result<Vec<_>, _>>();
                values.map(|values| Self::Many(values.into())).map_err(D::Error::custom)
            }
        }
    }
}

/// A schedule that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Floor {
    /// The schedule's name.
    pub name: Name,
    /// Fewest replicas while it lasts.
    pub replicas: i32,
    /// Whether it may exceed maxReplicas.
    #[serde(default)]
    pub raise_max: bool,
    /// Whether it is climbed by ordinary steps.
    #[serde(default)]
    pub respect_rate_limit: bool,
}
