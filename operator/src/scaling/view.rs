//! A scaler as a reconcile and the evaluation show it to each other.

use std::sync::Arc;
use std::time::Duration;

use csop_shared::scale::{Decision, Floor, Plan, State};

use crate::metric_sources::Failure;

/// The target as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetView {
    /// Replicas that it asks for.
    pub replicas: i32,
    /// Ready pods.
    pub ready: i32,
    /// Its resource version.
    pub version: String,
}

/// What is known of a scaler's surroundings, besides the samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The target; none when it does not exist.
    pub target: Option<TargetView>,
    /// Whether the pause annotation is set.
    pub paused: bool,
    /// Whether something else scales the target.
    pub conflict: bool,
    /// The schedules that are in force.
    pub floors: Vec<Floor>,
}

/// A change that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Number of the decision's record.
    pub seq: u64,
    /// Replicas before.
    pub from: i32,
    /// Replicas after.
    pub to: i32,
    /// The target's resource version that it was decided for.
    pub version: String,
}

/// A scaler as a reconcile sees it.
#[derive(Clone, Debug)]
pub struct View {
    /// The plan.
    pub plan: Arc<Plan>,
    /// What is remembered.
    pub state: State,
    /// The last decision; none before the first.
    pub decision: Option<Decision>,
    /// Why the last attempt to read each metric failed, in the order of the spec.
    pub failures: Vec<Option<Arc<Failure>>>,
    /// The target.
    pub target: Option<TargetView>,
    /// What is to be written.
    pub outgoing: Option<Outgoing>,
    /// How long a status that tells of no operation must still wait.
    pub quiet: Duration,
    /// Why the last change could not be made.
    pub trouble: Option<String>,
}
