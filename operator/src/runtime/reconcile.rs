//! One reconcile of one object.

use std::sync::Arc;
use std::time::{Duration, Instant};

use csop_shared::conditions::{Conditioned, State, find, types};
use csop_shared::names::annotations;
use csop_shared::reasons;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Resource, ResourceExt};
use tracing::Instrument;

use super::alarms::Alarms;
use super::apply::Applier;
use super::backoff;
use super::body::Parent;
use super::children::ChildId;
use super::context::Context;
use super::desired::{Applied, Desired, Rescale};
use super::error::{Error, Retry};
use super::events::Notice;
use super::finalizer;
use super::kind::{Kind, Verdict};
use super::siblings::older_claimant;
use super::slots::Slots;
use super::status;

/// When to look again at names that somebody else has: their objects are not watched.
const CONFLICT_RETRY: Duration = Duration::from_secs(60);
/// When to look again at objects that are being deleted, should their end be missed.
const WAITING_RETRY: Duration = Duration::from_secs(10);
/// When to try a refused object again.
const REJECTED_RETRY: Duration = Duration::from_secs(300);

/// A controller's objects, and what is needed to reconcile one.
pub(super) struct Reconciler<K: Kind> {
    pub(super) kind: Arc<K>,
    pub(super) ctx: Arc<Context>,
    pub(super) store: Store<DeserializeGuard<K::Object>>,
    pub(super) slots: Arc<Slots<K::Object>>,
    pub(super) alarms: Arc<Alarms>,
}

/// How a reconcile ended.
struct End {
    outcome: &'static str,
    requeue: Option<Duration>,
}

impl End {
    const fn quiet(outcome: &'static str) -> Self {
        Self { outcome, requeue: None }
    }
}

impl<K: Kind> Reconciler<K> {
    /// Reconciles, and says when to do so again without being woken. Failures are dealt with here.
    pub(super) async fn run(&self, object: Arc<DeserializeGuard<K::Object>>) -> Option<Duration> {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let span = tracing::info_span!("reconcile", controller = K::NAME, namespace, name);
        let begun = Instant::now();
        let end = Box::pin(self.guard(&object)).instrument(span).await;
        self.ctx.metrics().reconciled(K::NAME, end.outcome, begun.elapsed());
        end.requeue.map(|wanted| backoff::spread(wanted, backoff::chance()))
    }

    async fn guard(&self, guard: &DeserializeGuard<K::Object>) -> End {
        let uid = guard.uid().unwrap_or_default();
        let result = match &guard.0 {
            Ok(seen) => {
                let newer = self.slots.newer_than(seen);
                let object = newer.as_deref().unwrap_or(seen);
                match self.decoded(object).await {
                    Err(error) => {
                        // What was written on the way must not be undone by showing the failure.
                        let newer = self.slots.newer_than(seen);
                        return self.fail(newer.as_deref().unwrap_or(seen), &uid, error).await;
                    }
                    done => done,
                }
            }
            Err(invalid) => self.undecodable(guard, &invalid.error).await,
        };
        match result {
            Ok(end) => {
                self.slots.succeeded(&uid);
                end
            }
            Err(error) => self.retry(&uid, &error),
        }
    }

    async fn undecodable(&self, guard: &DeserializeGuard<K::Object>, problem: &str) -> Result<End, Error> {
        let parent = Parent::of(guard)?;
        let message = format!("the object cannot be read as a {}: {problem}", parent.kind);
        if status::undecodable::<K>(&self.ctx, &parent, &message, self.ctx.now()).await? {
            tracing::warn!(problem, "an object cannot be read as its kind");
            let notice = Notice::warning(csop_shared::conditions::reasons::UNDECODABLE, "Decode", message);
            self.ctx.events.publish(&guard.object_ref(&()), &[notice]).await;
        }
        Ok(End::quiet("undecodable"))
    }

    async fn decoded(&self, object: &K::Object) -> Result<End, Error> {
        let parent = Parent::of(object)?;
        if object.meta().deletion_timestamp.is_some() {
            return self.clean_up(object, &parent).await;
        }
        if object.annotations().get(annotations::PAUSED).is_some_and(|v| v == "true") {
            let paused = self.paused(object, &parent).await;
            self.write_status(object, &parent, &paused).await?;
            return Ok(End::quiet("paused"));
        }
        match K::FINALIZER.filter(|f| !object.finalizers().iter().any(|have| have == f)) {
            Some(missing) => {
                let object = finalizer::set::<K>(&self.ctx, &parent, object, missing, true).await?;
                self.pass(&object, &parent).await
            }
            None => self.pass(object, &parent).await,
        }
    }

    async fn clean_up(&self, object: &K::Object, parent: &Parent) -> Result<End, Error> {
        if let Some(ours) = K::FINALIZER.filter(|f| object.finalizers().iter().any(|have| have == f)) {
            self.kind.cleanup(object, &self.ctx).await?;
            match finalizer::set::<K>(&self.ctx, parent, object, ours, false).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => tracing::info!("cleaned up"),
            }
        }
        Ok(End::quiet("deleted"))
    }

    /// The status of a paused object: it goes on to tell how the children are that were applied before the pause.
    async fn paused(&self, object: &K::Object, parent: &Parent) -> K::Status {
        let now = self.ctx.now();
        let mut status = K::current_status(object).cloned().unwrap_or_default();
        if let Some(generation) = status.observed_generation() {
            let mut applied_last = object.clone();
            applied_last.meta_mut().generation = Some(generation);
            match self.look(&applied_last, parent, now).await {
                Ok(seen) => status = seen,
                Err(error) => tracing::debug!(%error, "cannot tell how the children of a paused object are"),
            }
        }
        status::pause(&mut status, object.meta().generation, now);
        status
    }

    async fn look(&self, object: &K::Object, parent: &Parent, now: Timestamp) -> Result<K::Status, Error> {
        let observed = self.kind.observe(object, &self.ctx).await?;
        let desired = self.kind.desired(object, &observed, now)?;
        let applied = self.applier(object, parent, &finalizer::manager::<K>()).look_only(&desired)?;
        let verdict = self.kind.status(object, &observed, &applied, &K::Outcomes::default(), now);
        let current = || K::current_status(object).cloned().unwrap_or_default();
        let mut status = verdict.status.unwrap_or_else(current);
        status::tell(&mut status, &applied, object.meta().generation, now);
        Ok(status)
    }

    fn applier<'a>(
        &'a self,
        object: &K::Object,
        parent: &'a Parent,
        manager: &'a str,
    ) -> Applier<'a, impl Fn(&ChildId) -> Option<String> + Sync + 'a> {
        let older = |child: &_| older_claimant::<K>(&self.store, parent, child);
        let contested = K::current_status(object).is_some_and(tells_of_conflict);
        Applier { ctx: &self.ctx, parent, manager, older, contested }
    }

    async fn pass(&self, object: &K::Object, parent: &Parent) -> Result<End, Error> {
        let now = self.ctx.now();
        let observed = self.kind.observe(object, &self.ctx).await?;
        let desired = self.kind.desired(object, &observed, now)?;
        let manager = finalizer::manager::<K>();
        let applied = self.applier(object, parent, &manager).apply(&desired, &K::children()).await?;
        self.tell_undone(object, &applied).await;
        let mut applied = applied;
        let mut announced = None;
        if let Some(rescale) = self.kind.rescale(object, &observed, now) {
            announced = Some(self.announce(object, parent, &rescale, &applied, now).await?);
            applied.rescaled = Some(rescale.carry_out(&self.ctx, parent).await);
        }
        let object = announced.as_ref().unwrap_or(object);
        let outcomes = self.kind.act(object, &observed, &applied, &self.ctx).await?;
        let Verdict { status, requeue, alarm, mut events } =
            self.kind.status(object, &observed, &applied, &outcomes, now);
        self.alarms.set(&parent.namespace, &parent.name, alarm);
        let mut wrote = false;
        if let Some(mut status) = status {
            status::tell(&mut status, &applied, object.meta().generation, now);
            status::resume(&mut status, object.meta().generation, now);
            events.extend(status::conflict_news(K::current_status(object), &status));
            wrote = self.write_status(object, parent, &status).await?;
        }
        if wrote {
            self.ctx.events.publish(&object.object_ref(&()), &events).await;
        }
        let requeue = next(&desired, &applied, requeue);
        tracing::debug!(changed = applied.changed, status = wrote, ?requeue, "reconciled");
        Ok(End { outcome: if applied.changed || wrote { "changed" } else { "steady" }, requeue })
    }

    /// Writes the status that goes before a change of a scale subresource; gives the object with it.
    async fn announce(
        &self,
        object: &K::Object,
        parent: &Parent,
        rescale: &Rescale<K::Status>,
        applied: &Applied,
        now: Timestamp,
    ) -> Result<K::Object, Error> {
        let (mut ahead, generation) = (rescale.ahead.clone(), object.meta().generation);
        status::tell(&mut ahead, applied, generation, now);
        status::resume(&mut ahead, generation, now);
        // Whoever else has written this status since knows of changes that this decision does not.
        let version = object.meta().resource_version.as_deref();
        let written = status::write::<K>(&self.ctx, parent, &ahead, version).await?;
        let unreadable = || Error::Bug("a status that was just written cannot be read".to_owned());
        let mut written = written.ok_or_else(unreadable)?;
        written.managed_fields_mut().clear();
        self.remember(parent, written.clone());
        Ok(written)
    }

    /// Remembers the answer to a write until the watch has shown it, which it may have done before the answer came.
    fn remember(&self, parent: &Parent, written: K::Object) {
        self.slots.written(written);
        if let Some(shown) = self.store.get(&ObjectRef::new(&parent.name).within(&parent.namespace)) {
            self.slots.seen(shown.as_ref());
        }
    }

    async fn tell_undone(&self, object: &K::Object, applied: &Applied) {
        let notices = applied.undone.iter().map(|undone| {
            let (managers, fields) = (undone.managers.join(", "), undone.fields.join(", "));
            let note = format!("Undid what {managers} had set on {}: {fields}", undone.child);
            let child = ObjectReference {
                api_version: Some(undone.child.kind.api_version()),
                kind: Some(undone.child.kind.to_string()),
                name: Some(undone.child.name.clone()),
                namespace: object.namespace(),
                ..Default::default()
            };
            Notice::warning(reasons::events::FOREIGN_FIELDS_REMOVED, "Restore", note).about(child)
        });
        self.ctx.events.publish(&object.object_ref(&()), &notices.collect::<Vec<_>>()).await;
    }

    /// Writes the status when it differs; returns whether it did.
    async fn write_status(
        &self,
        object: &K::Object,
        parent: &Parent,
        wanted: &K::Status,
    ) -> Result<bool, Error> {
        self.write_status_of(object, parent, wanted, None).await
    }

    /// As [`Self::write_status`], only while the object has this version.
    async fn write_status_of(
        &self,
        object: &K::Object,
        parent: &Parent,
        wanted: &K::Status,
        version: Option<&str>,
    ) -> Result<bool, Error> {
        if !status::differ(K::current_status(object), wanted) {
            return Ok(false);
        }
        match status::write::<K>(&self.ctx, parent, wanted, version).await {
            Ok(Some(mut written)) => {
                written.managed_fields_mut().clear();
                self.remember(parent, written);
                Ok(true)
            }
            Ok(None) => Ok(true),
            // The object was deleted meanwhile: there is nobody left to tell.
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Shows a failure on the object, as its class demands.
    async fn fail(&self, object: &K::Object, uid: &str, error: Error) -> End {
        let end = self.retry(uid, &error);
        let failures = self.slots.failures(uid);
        let class = error.class();
        let Ok(parent) = Parent::of(object) else { return end };
        if !class.is_shown(failures) || object.meta().deletion_timestamp.is_some() && K::FINALIZER.is_none() {
            return end;
        }
        let mut failed = K::current_status(object).cloned().unwrap_or_default();
        let reason_before = ready_reason(&failed);
        status::fail(&mut failed, &error, object.meta().generation, self.ctx.now());
        let version = object.meta().resource_version.as_deref().filter(|_| K::RESCALES);
        match self.write_status_of(object, &parent, &failed, version).await {
            // The words of a failure may differ each time; one event tells of the failure.
            Ok(true) if class.warns() && reason_before != ready_reason(&failed) => {
                let notice = Notice::warning(class.reason(), "Reconcile", error.to_string());
                self.ctx.events.publish(&object.object_ref(&()), &[notice]).await;
            }
            Ok(_) => {}
            Err(second) => tracing::warn!(error = %second, "cannot show a failure on the object"),
        }
        end
    }

    fn retry(&self, uid: &str, error: &Error) -> End {
        let failures = self.slots.failed(uid);
        let requeue = match error.retry() {
            Retry::OnChange => None,
            Retry::After(delay) => Some(delay),
            Retry::Backoff(cap) => Some(backoff::delay(failures, cap, backoff::chance())),
        };
        if requeue.is_some() {
            self.ctx.metrics().retried(K::NAME);
        }
        tracing::warn!(%error, failures, ?requeue, "a reconcile failed");
        End { outcome: error.class().label(), requeue }
    }
}

fn tells_of_conflict(status: &impl Conditioned) -> bool {
    find(status.conditions(), types::CONFLICT).is_some_and(|c| c.status == State::True.as_str())
}

fn ready_reason(status: &impl Conditioned) -> Option<String> {
    find(status.conditions(), types::READY).map(|c| c.reason.clone())
}

/// The earliest of the reasons to look again.
fn next(desired: &Desired, applied: &Applied, wanted: Option<Duration>) -> Option<Duration> {
    let due = |is: bool, delay| is.then_some(delay);
    let delays = [
        wanted,
        desired.hold,
        due(!applied.conflicts.is_empty(), CONFLICT_RETRY),
        due(!applied.waiting.is_empty(), WAITING_RETRY),
        due(!applied.rejected.is_empty(), REJECTED_RETRY),
    ];
    delays.into_iter().flatten().min()
}
