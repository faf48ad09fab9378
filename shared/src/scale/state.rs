//! What a scaler remembers between two decisions.

use super::{Name, Number, Shared};
use crate::api::general_scaler::{GeneralScalerStatus, LastPrice, Operation};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// What a scaler remembers. Operations, idle time, missing metrics, the price and the effective maximum outlive the operator in the
/// status; the history of demands is seeded anew, which only ever delays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct State {
    /// The demands that stabilisation looks back on.
    pub history: History,
    /// The last changes, the newest at the end.
    pub operations: Shared<Vec<Operation>>,
    /// Since when no metric has been active.
    pub idle_since: Option<Timestamp>,
    /// What is remembered of metrics.
    pub metrics: BTreeMap<Name, Memory>,
    /// The last price that was known.
    pub last_price: Option<Price>,
    /// What is left of a raise of maxReplicas.
    pub effective_max: Option<i32>,
}

/// The demands that can still matter: the falling peaks for the way down, the rising lows for the way up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct History {
    /// Whether the number of replicas at the start has been entered.
    pub seeded: bool,
    /// Each higher than all later ones.
    pub highs: VecDeque<Recommendation>,
    /// Each lower than all later ones.
    pub lows: VecDeque<Recommendation>,
}

/// A demand at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// When.
    pub time: Timestamp,
    /// Replicas.
    pub replicas: i32,
}

/// What is remembered of a metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Memory {
    /// Since when it has been missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<Timestamp>,
    /// Its value when it last began to raise the number of replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
}

/// A value of a metric and the replicas that it was measured with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Replicas.
    pub replicas: i32,
    /// The sum of its series.
    pub value: Number,
}

/// A price of a pod in an hour, and when it was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// For an hour.
    pub value: Number,
    /// When.
    pub time: Timestamp,
}

impl State {
    /// What a status kept.
    pub fn from_status(status: &GeneralScalerStatus) -> Self {
        let missing = status.metrics.iter().filter_map(|metric| {
            let since = metric.missing_since.as_ref()?.0;
            Some((Name::from(metric.name.as_str()), Memory { missing_since: Some(since), baseline: None }))
        });
        Self {
            history: History::default(),
            operations: Shared::new(status.operations.clone()),
            idle_since: status.idle_since.as_ref().map(|time| time.0),
            metrics: missing.collect(),
            last_price: status.last_price.as_ref().map(|p| Price { value: p.value, time: p.time.0 }),
            effective_max: status.effective_max,
        }
    }

    /// Puts into a status what must outlive the operator; its metrics are the caller's, who knows their values.
    pub fn write_to(&self, status: &mut GeneralScalerStatus) {
        status.operations.clone_from(&self.operations);
        status.idle_since = self.idle_since.map(MicroTime);
        status.last_price = self.last_price.map(|p| LastPrice { value: p.value, time: MicroTime(p.time) });
        status.effective_max = self.effective_max;
    }

    /// Moves what lies in the future to now: after a step of the clock nothing waits longer than it was meant to.
    pub(super) fn end_at(&mut self, now: Timestamp) {
        if self.operations.last().is_some_and(|operation| operation.time.0 > now) {
            for operation in self.operations.to_mut() {
                operation.time.0 = operation.time.0.min(now);
            }
        }
        for recommendation in self.history.highs.iter_mut().chain(&mut self.history.lows).rev() {
            recommendation.time = recommendation.time.min(now);
        }
        self.idle_since = self.idle_since.map(|time| time.min(now));
        for memory in self.metrics.values_mut() {
            memory.missing_since = memory.missing_since.map(|time| time.min(now));
        }
        if let Some(price) = &mut self.last_price {
            price.time = price.time.min(now);
        }
    }
}
