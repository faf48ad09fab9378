//! What a controller wants to exist, and what came of applying it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use csop_shared::conditions::reasons;
use kube::Resource;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::children::{Child, ChildId, ChildKind};
use super::live::Live;

/// What one object wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// The wanted children, in the order in which they are applied.
    pub children: Vec<Child>,
    /// The replica count that the operator itself keeps; without it nobody of the operator writes the count.
    pub scale: Option<ScaleIntent>,
    /// Children that are neither applied nor pruned on this pass.
    pub keep: Vec<ChildId>,
    /// Conflicts that were found before anything was applied.
    pub conflicts: Vec<Conflict>,
    /// Writes no child on this pass and comes back after this long (to let a burst of edits end).
    pub hold: Option<Duration>,
}

/// A replica count to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleIntent {
    /// The child with `spec.replicas`.
    pub child: ChildId,
    /// The wanted count.
    pub replicas: i32,
}

/// A change of a scale subresource, and the status that announces it: a crash between the two writes loses nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Rescale<S> {
    /// The whole status, written before the target is.
    pub ahead: S,
    /// What is scaled; it need not be a child.
    pub target: ChildId,
    /// The resource version of the target that the change was decided for.
    pub version: String,
    /// The wanted count.
    pub replicas: i32,
}

/// What became of a [`Rescale`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rescaled {
    /// The target has the count, and this resource version.
    Written(String),
    /// The target has changed since, and nothing was written.
    Moved,
    /// The API server refused, in these words.
    Refused(String),
    /// No answer tells whether it was written.
    Unknown(String),
}

/// What somebody else stands in the way of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contest {
    /// The name of a wanted child is taken: the child cannot be had.
    Name,
    /// Somebody sets a child back as often as it is restored.
    Content,
    /// Somebody else sets the replica count of a child.
    Replicas,
}

impl Contest {
    /// The reason that the condition Conflict gives.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Name => reasons::NAME_TAKEN,
            Self::Content => reasons::DISPUTED,
            Self::Replicas => reasons::FOREIGN_AUTOSCALER,
        }
    }
}

/// A wanted child that somebody else has, is to have, or keeps changing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The wanted child.
    pub child: ChildId,
    /// What it is about.
    pub contest: Contest,
    /// Who has it, in words that follow the child's name: "is controlled by CashService shop".
    pub words: String,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.child, self.words)
    }
}

/// A child that the API server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The wanted child.
    pub child: ChildId,
    /// What was attempted, with the server's own message.
    pub message: String,
}

/// Fields of a child that somebody else had set, and that are as wanted again, or gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The child.
    pub child: ChildId,
    /// The field managers that had set them.
    pub managers: Vec<String>,
    /// The paths of the fields.
    pub fields: Vec<String>,
}

/// The children as they are after applying.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    live: HashMap<ChildId, Arc<Live>>,
    /// Wanted children that were left alone because of somebody else.
    pub conflicts: Vec<Conflict>,
    /// Wanted children that the API server refused.
    pub rejected: Vec<Rejection>,
    /// Wanted children whose predecessor of the same name is still being deleted.
    pub waiting: Vec<ChildId>,
    /// Children that were not attempted because an essential one before them could not be had.
    pub skipped: Vec<ChildId>,
    /// Changes of others that were undone.
    pub undone: Vec<Undone>,
    /// What became of the change of a scale subresource, if there was one.
    pub rescaled: Option<Rescaled>,
    /// Whether anything was written.
    pub changed: bool,
}

impl Applied {
    /// The live object of a child.
    pub fn live(&self, kind: &ChildKind, name: &str) -> Option<&Arc<Live>> {
        self.live.get(&ChildId { kind: kind.clone(), name: name.to_owned() })
    }

    /// The live object of a child as its Rust type; none when it does not exist or cannot be read as such.
    pub fn get<K: Resource<DynamicType = ()> + DeserializeOwned>(&self, name: &str) -> Option<K> {
        self.live(&ChildKind::of::<K>(), name)?.parse().ok()
    }

    /// Adds a live object, as the API server shows it; tests of `status` build their arguments with it.
    pub fn with(mut self, kind: ChildKind, object: Value) -> Self {
        let live = Live::new(object, |_| {});
        self.put(kind, Arc::new(live));
        self
    }

    pub(super) fn put(&mut self, kind: ChildKind, live: Arc<Live>) {
        self.live.insert(ChildId { kind, name: live.name.to_string() }, live);
    }

    /// Whether every wanted child was had.
    pub fn complete(&self) -> bool {
        self.conflicts.iter().all(|c| c.contest != Contest::Name)
            && self.rejected.is_empty()
            && self.waiting.is_empty()
            && self.skipped.is_empty()
    }
}
