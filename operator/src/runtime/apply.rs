//! Brings the children of one object to their intent, in order, and writes only what would change something.

use std::sync::Arc;

use csop_shared::contains::contains;
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::Value;

use super::body::{Body, Parent};
use super::children::{Child, ChildId, ChildKind, Policy};
use super::context::Context;
use super::desired::{Applied, Conflict, Contest, Desired, Rejection};
use super::error::{Class, Error};
use super::live::Live;

/// Applies for one object.
pub(super) struct Applier<'a, F> {
    pub(super) ctx: &'a Context,
    pub(super) parent: &'a Parent,
    pub(super) manager: &'a str,
    /// Names the older object, if there is one, that claims a child.
    pub(super) older: F,
    /// Whether somebody else had one of the children when the object was last looked at.
    pub(super) contested: bool,
}

/// What came of one child.
enum Outcome {
    Have(Arc<Live>),
    /// It is there, but not as wanted.
    Disputed(Arc<Live>),
    Taken(String),
    Waiting,
}

/// What came of making a child that is not in the cache.
enum Birth {
    New(Arc<Live>),
    There(Arc<Live>),
}

impl<F: Fn(&ChildId) -> Option<String> + Sync> Applier<'_, F> {
    /// Applies, scales and prunes.
    pub(super) async fn apply(&self, desired: &Desired, kinds: &[ChildKind]) -> Result<Applied, Error> {
        if desired.hold.is_some() {
            return self.look_only(desired);
        }
        let mut applied = Applied::default();
        applied.conflicts.clone_from(&desired.conflicts);
        self.prune(desired, kinds.iter().filter(|k| k.prune_first), &mut applied).await?;
        let mut held_back = false;
        for child in &desired.children {
            if held_back {
                applied.skipped.push(child.id());
                self.look([child.id()], &mut applied)?;
                if applied.conflicts.iter().any(|c| c.contest == Contest::Name) {
                    self.claim(child, &mut applied).await?;
                }
            } else {
                let had = self.child(child, &mut applied).await?;
                held_back = child.essential && !had;
            }
        }
        self.look(desired.keep.iter().cloned(), &mut applied)?;
        if let Some(scale) = &desired.scale {
            self.scale(scale, &mut applied).await?;
        }
        // What was not brought up to date may still need what would be pruned.
        if applied.skipped.is_empty() {
            self.prune(desired, kinds.iter().filter(|k| !k.prune_first), &mut applied).await?;
        }
        Ok(applied)
    }

    /// The children as they are.
    pub(super) fn look_only(&self, desired: &Desired) -> Result<Applied, Error> {
        let mut applied = Applied::default();
        applied.conflicts.clone_from(&desired.conflicts);
        let wanted = desired.children.iter().map(Child::id).chain(desired.keep.iter().cloned());
        self.look(wanted, &mut applied)?;
        Ok(applied)
    }

    /// Adds what the caches hold of these children, without a write.
    fn look(&self, wanted: impl IntoIterator<Item = ChildId>, applied: &mut Applied) -> Result<(), Error> {
        for id in wanted {
            let live = self.ctx.child(&id.kind, &self.parent.namespace, &id.name)?;
            if let Some(live) = live.filter(|live| live.is_controlled_by(&self.parent.uid)) {
                applied.put(id.kind, live);
            }
        }
        Ok(())
    }

    /// Tells of somebody else who has a child that is held back, without a write: an owner who must make room for one
    /// should know of all.
    async fn claim(&self, child: &Child, applied: &mut Applied) -> Result<(), Error> {
        let live = match self.ctx.caches.children(&child.kind)?.get(&self.parent.namespace, &child.name) {
            None => self.read(child).await?,
            cached => cached,
        };
        if let Some(Outcome::Taken(words)) = live.and_then(|live| self.not_ours(&live)) {
            applied.conflicts.push(Conflict { child: child.id(), contest: Contest::Name, words });
        }
        Ok(())
    }

    /// Applies one child; returns whether it is as wanted.
    async fn child(&self, child: &Child, applied: &mut Applied) -> Result<bool, Error> {
        match self.attempt(child, applied).await {
            Ok(Outcome::Have(live)) => {
                applied.put(child.kind.clone(), live);
                Ok(true)
            }
            Ok(Outcome::Disputed(live)) => {
                self.count(&child.kind, "conflict");
                let words = "is changed by somebody else as often as it is restored".to_owned();
                applied.conflicts.push(Conflict { child: child.id(), contest: Contest::Content, words });
                applied.put(child.kind.clone(), live);
                Ok(true)
            }
            Ok(Outcome::Taken(words)) => {
                self.count(&child.kind, "conflict");
                applied.conflicts.push(Conflict { child: child.id(), contest: Contest::Name, words });
                Ok(false)
            }
            Ok(Outcome::Waiting) => {
                applied.waiting.push(child.id());
                Ok(false)
            }
            Err(error) if error.class() == Class::Rejected => {
                self.count(&child.kind, "rejected");
                applied.rejected.push(Rejection { child: child.id(), message: error.to_string() });
                self.look([child.id()], applied)?;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn attempt(&self, child: &Child, applied: &mut Applied) -> Result<Outcome, Error> {
        let cached = self.ctx.caches.children(&child.kind)?.get(&self.parent.namespace, &child.name);
        let live = match cached {
            Some(live) => live,
            None => {
                if let Some(older) = (self.older)(&child.id()) {
                    return Ok(Outcome::Taken(format!("is claimed by {older}, which is older")));
                }
                match self.make(child).await? {
                    Birth::There(live) => live,
                    Birth::New(live) => {
                        applied.changed = true;
                        return Ok(Outcome::Have(live));
                    }
                }
            }
        };
        if let Some(other) = self.not_ours(&live) {
            return Ok(other);
        }
        match child.policy {
            _ if live.deleting => Ok(Outcome::Waiting),
            Policy::CreateOnce => Ok(Outcome::Have(live)),
            Policy::Apply => self.update(child, live, applied).await,
        }
    }

    /// Makes a child that the cache lacks, unless it exists: the cache does not show what somebody else has made, or what has
    /// lost its label. Seldom does it exist, so the first request is the one that makes it or fails. Where a conflict is
    /// known, nothing is written before it has been seen to be over.
    async fn make(&self, child: &Child) -> Result<Birth, Error> {
        let body = Body::of(child, self.parent);
        if !self.contested {
            match self.create(child, body.birth_of_new(child)).await {
                Err(error) if error.is_conflict() => {}
                made => return made.map(Birth::New),
            }
        }
        match self.read(child).await? {
            Some(live) => Ok(Birth::There(live)),
            None => self.create(child, body.birth_of_new(child)).await.map(Birth::New),
        }
    }

    /// A child as the API server has it.
    async fn read(&self, child: &Child) -> Result<Option<Arc<Live>>, Error> {
        let read = self.api(&child.kind).get_opt(&child.name).await;
        let object = read.map_err(|e| self.failed("read", &child.id(), e))?;
        let caches = self.ctx.caches.children(&child.kind)?;
        Ok(object.map(|object| Arc::new(caches.live(object))))
    }

    fn not_ours(&self, live: &Live) -> Option<Outcome> {
        if live.is_controlled_by(&self.parent.uid) {
            return None;
        }
        Some(match &live.owner {
            // The children of an earlier object of this name are about to be collected.
            Some(owner) if *owner.kind == self.parent.kind && *owner.name == self.parent.name => {
                Outcome::Waiting
            }
            Some(owner) => Outcome::Taken(format!("is controlled by {} {}", owner.kind, owner.name)),
            None => Outcome::Taken("was made by somebody else".into()),
        })
    }

    async fn create(&self, child: &Child, body: Value) -> Result<Arc<Live>, Error> {
        let object = self.patch(&child.id(), "create", &PatchParams::apply(self.manager), body).await?;
        self.written(&child.id(), "created");
        Ok(self.ctx.caches.children(&child.kind)?.written(object))
    }

    async fn update(&self, child: &Child, live: Arc<Live>, applied: &mut Applied) -> Result<Outcome, Error> {
        let body = Body::of(child, self.parent);
        let meant = live.intent.as_deref() == Some(&body.hash);
        let untouched = meant && live.foreign.is_empty();
        if untouched && (contains(&live.value(), &body.intent) || self.ctx.settled.knows(&live)) {
            return Ok(Outcome::Have(live));
        }
        // An unchanged intent is written again only so often: somebody may be setting it back as fast as we do.
        if meant && self.ctx.disputes.is_hopeless(&live.uid) {
            return Ok(Outcome::Disputed(live));
        }
        if live.intent_owns_replicas && !body.sets_replicas() {
            self.hand_over_replicas(&child.id(), live.clone()).await?;
        }
        let (object, undone) = self.enforce(&child.id(), &body, &live).await?;
        let now = self.ctx.caches.children(&child.kind)?.written(object);
        if now.version == live.version {
            self.ctx.settled.note(&now);
        } else {
            applied.changed = true;
            self.written(&child.id(), "updated");
            applied.undone.extend(undone);
            if meant {
                self.ctx.disputes.repaired(&live.uid);
            }
        }
        Ok(Outcome::Have(now))
    }

    /// One server-side apply.
    pub(super) async fn patch(
        &self,
        id: &ChildId,
        verb: &str,
        params: &PatchParams,
        body: Value,
    ) -> Result<DynamicObject, Error> {
        let answer = self.api(&id.kind).patch(&id.name, params, &Patch::Apply(&body)).await;
        answer.map_err(|e| self.failed(verb, id, e))
    }

    pub(super) fn api(&self, kind: &ChildKind) -> Api<DynamicObject> {
        let client: &Client = self.ctx.client();
        kind.api(client, &self.parent.namespace)
    }

    pub(super) fn failed(&self, verb: &str, id: &ChildId, error: kube::Error) -> Error {
        Error::api(format!("{verb} {} {}/{}", id.kind, self.parent.namespace, id.name), error)
    }

    pub(super) fn written(&self, id: &ChildId, result: &'static str) {
        self.count(&id.kind, result);
        tracing::info!(kind = %id.kind, name = %id.name, result, "wrote a child");
    }

    fn count(&self, kind: &ChildKind, result: &str) {
        self.ctx.metrics().applied(&kind.kind, result);
    }
}
