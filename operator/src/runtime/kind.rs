//! The one shape of every controller.

use std::fmt::Debug;
use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Duration;

use csop_shared::conditions::Conditioned;
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::children::{ChildId, ChildKind};
use super::context::Context;
use super::desired::{Applied, Desired, Rescale};
use super::error::Error;
use super::events::Notice;
use super::live::Live;
use super::wake::Waker;

/// Related objects that a controller reads from a cache and that wake it.
///
/// Controllers that name the same watch share one cache, so they must give equal values.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Name of the watch in the process; `Context::related` takes it.
    pub name: &'static str,
    /// The kind of the related objects.
    pub kind: ChildKind,
    /// Label selector; without it all objects of the kind.
    pub selector: Option<&'static str>,
    /// Cuts what nobody reads from an object before it is cached; a change of nothing else wakes nobody.
    pub slim: fn(&mut Value),
    /// What it concerns by what it says itself, in its namespace: names of our objects, or keys by which they find it;
    /// `Context::named` and `Context::about` add those that ask for it.
    pub concerns: fn(&Live) -> Vec<String>,
}

/// What `status` decides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict<S> {
    /// The whole status; the driver adds `observedGeneration` and the conditions Paused and Conflict, and turns Ready off for
    /// children that could not be had. None leaves the status as it is.
    pub status: Option<S>,
    /// When to look again without being woken, more or less.
    pub requeue: Option<Duration>,
    /// The instant at which to look again, whatever becomes of the clock until then.
    pub alarm: Option<Timestamp>,
    /// What to tell; published after the status was written, and not at all when the status did not change.
    pub events: Vec<Notice>,
}

/// A controller: pure decisions between an observation and its application.
pub trait Kind: Send + Sync + Sized + 'static {
    /// The custom resource.
    type Object: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + Serialize
        + Debug
        + Send
        + Sync
        + 'static;
    /// What `observe` reads.
    type Observed: Send + Sync;
    /// What `act` reports.
    type Outcomes: Default + Send + Sync;
    /// The status of the custom resource.
    type Status: Conditioned + Serialize + Clone + PartialEq + Default + Send + Sync;

    /// Name of the controller: field manager `csop-operator/NAME` and the metrics' label.
    const NAME: &'static str;
    /// The finalizer, for what owner references cannot undo.
    const FINALIZER: Option<&'static str> = None;

    /// Whether it writes scale subresources of objects that are not its children.
    const RESCALES: bool = false;

    /// The kinds of children, for watching, pruning and permissions.
    fn children() -> Vec<ChildKind>;

    /// Related objects.
    fn watches() -> Vec<Watch> {
        vec![]
    }

    /// Forgets what it remembers of objects that are gone, by namespace and name.
    fn forget(&self, _gone: &dyn Fn(&str, &str) -> bool) {}

    /// What goes on beside the reconciles, until it is dropped; `waker` asks for a reconcile.
    fn beside(self: Arc<Self>, _ctx: Arc<Context>, _waker: Waker) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// What it reads now and then without a watch: group, plural and verb.
    fn reads() -> &'static [(&'static str, &'static str, &'static str)] {
        &[]
    }

    /// Every child that this object wants, from its spec alone. Of two objects that claim one child the older has it.
    fn claims(obj: &Self::Object) -> Vec<ChildId>;

    /// The status as it was last written.
    fn current_status(obj: &Self::Object) -> Option<&Self::Status>;

    /// Reads, and nothing else.
    fn observe(
        &self,
        obj: &Self::Object,
        ctx: &Context,
    ) -> impl Future<Output = Result<Self::Observed, Error>> + Send;

    /// The wanted children: no client, clock, environment or randomness.
    fn desired(
        &self,
        obj: &Self::Object,
        observed: &Self::Observed,
        now: Timestamp,
    ) -> Result<Desired, Error>;

    /// The change of a scale subresource, if one is due: no client, clock, environment or randomness.
    fn rescale(
        &self,
        _obj: &Self::Object,
        _observed: &Self::Observed,
        _now: Timestamp,
    ) -> Option<Rescale<Self::Status>> {
        None
    }

    /// Effects outside Kubernetes.
    fn act(
        &self,
        _obj: &Self::Object,
        _observed: &Self::Observed,
        _applied: &Applied,
        _ctx: &Context,
    ) -> impl Future<Output = Result<Self::Outcomes, Error>> + Send {
        ready(Ok(Self::Outcomes::default()))
    }

    /// Undoes effects outside Kubernetes; called until it succeeds when the object is deleted and FINALIZER is set.
    fn cleanup(&self, _obj: &Self::Object, _ctx: &Context) -> impl Future<Output = Result<(), Error>> + Send {
        ready(Ok(()))
    }

    /// The status: no client, clock, environment or randomness. Conditions start from the current ones, so that transition
    /// times are kept.
    fn status(
        &self,
        obj: &Self::Object,
        observed: &Self::Observed,
        applied: &Applied,
        outcomes: &Self::Outcomes,
        now: Timestamp,
    ) -> Verdict<Self::Status>;
}
