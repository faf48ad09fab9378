//! Runs one controller in one namespace scope: its own watch, its triggers, its queue.
//!
//! This is the one place that uses the parts of kube which may still change (`Controller::for_stream`, `reconcile_on`).

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;

use futures::stream::unfold;
use futures::{Stream, StreamExt};
use kube::api::Api;
use kube::core::DeserializeGuard;
use kube::runtime::WatchStreamExt;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Resource, ResourceExt};
use tokio::sync::{Semaphore, mpsc, watch};

use super::alarms::Alarms;
use super::changes::Changes;
use super::context::Context;
use super::kind::Kind;
use super::reconcile::Reconciler;
use super::slots::Slots;
use super::watching;

type Guarded<K> = DeserializeGuard<<K as Kind>::Object>;

/// One controller in one namespace scope.
pub(super) struct Driver<K: Kind> {
    pub(super) kind: Arc<K>,
    pub(super) ctx: Arc<Context>,
    pub(super) alarms: Arc<Alarms>,
    pub(super) namespace: Option<String>,
    pub(super) triggers: mpsc::UnboundedReceiver<(String, String)>,
    /// Reconciles that may run at once, over all scopes of the controller.
    pub(super) permits: Arc<Semaphore>,
    pub(super) streaming: bool,
}

impl<K: Kind> Driver<K> {
    /// Runs until `stop` holds true and the running reconciles have ended.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) {
        let (store, writer) = reflector::store();
        let slots = Arc::new(Slots::default());
        let objects = self.objects(store.clone(), writer, slots.clone());
        let woken = unfold(self.triggers, async |mut triggers| Some((triggers.recv().await?, triggers)));
        let woken = woken.map(|(namespace, name)| ObjectRef::new(&name).within(&namespace));
        let reconciler = Arc::new(Reconciler {
            kind: self.kind,
            ctx: self.ctx.clone(),
            store: store.clone(),
            slots,
            alarms: self.alarms,
        });
        let (permits, mandate) = (self.permits, self.ctx.mandate.clone());
        let terms = mandate.terms();
        let reconcile = move |object: Arc<Guarded<K>>, reconciler: Arc<Reconciler<K>>| {
            let (permits, mandate) = (permits.clone(), mandate.clone());
            async move {
                let _permit = permits.acquire().await;
                // Who may not act lets it pass: the next term begins with all objects.
                let requeue = mandate.during(reconciler.run(object)).await.flatten();
                Ok::<_, Infallible>(requeue.map_or_else(Action::await_change, Action::requeue))
            }
        };
        Controller::for_stream(objects, store)
            .with_config(Config::default().concurrency(self.ctx.concurrency()))
            .reconcile_on(woken)
            .reconcile_all_on(terms)
            .graceful_shutdown_on(async move {
                // A dropped sender stops the controller too.
                let _ = stop.wait_for(|stop| *stop).await;
            })
            .run(reconcile, |_, never, _| match *never {}, reconciler)
            .for_each(async |ended| {
                if let Err(error) = ended {
                    // A trigger of an object that is gone.
                    tracing::debug!(%error, "nothing was reconciled");
                }
            })
            .await;
    }

    /// The changes of our own objects, but for those of their status.
    fn objects(
        &self,
        store: Store<Guarded<K>>,
        writer: reflector::store::Writer<Guarded<K>>,
        slots: Arc<Slots<K::Object>>,
    ) -> impl Stream<Item = watcher::Result<Guarded<K>>> + Send + 'static {
        let client = self.ctx.client().clone();
        let api: Api<Guarded<K>> = match &self.namespace {
            None => Api::all(client),
            Some(namespace) => Api::namespaced(client, namespace),
        };
        let (namespace, ctx, kind) = (self.namespace.clone(), self.ctx.clone(), self.kind.clone());
        let (mut listed, mut changes) = (false, Changes::default());
        watching::persistent(watcher(api, watching::config(None, self.streaming)))
            .modify(|object| object.managed_fields_mut().clear())
            .reflect(writer)
            .filter_map(move |event| {
                let mut passes = true;
                let event = match event {
                    Ok(event) => Some(event),
                    Err(error) => {
                        watching::log_failure(&K::Object::kind(&()), namespace.as_deref(), &error);
                        None
                    }
                };
                if let Some(event) = &event {
                    passes = keep_up(&slots, &mut changes, &store, event);
                    if let Event::Delete(gone) = event {
                        let gone = (gone.namespace().unwrap_or_default(), gone.name_any());
                        ctx.forget::<K>(&gone.0, &gone.1);
                        kind.forget(&|namespace, name| (namespace, name) == (&*gone.0, &*gone.1));
                    }
                    if matches!(event, Event::InitDone) {
                        let here = |at: &str| namespace.as_deref().is_none_or(|namespace| namespace == at);
                        let there = |namespace: &str, name: &str| {
                            store.get(&ObjectRef::new(name).within(namespace)).is_some()
                        };
                        kind.forget(&|namespace, name| here(namespace) && !there(namespace, name));
                    }
                    if matches!(event, Event::InitDone) && !std::mem::replace(&mut listed, true) {
                        ctx.listed();
                    }
                }
                std::future::ready(event.filter(|_| passes).map(Ok))
            })
            .applied_objects()
    }
}

/// Lets what is remembered of objects follow the watch; returns whether there is anything to act on.
fn keep_up<O>(
    slots: &Slots<O>,
    changes: &mut Changes,
    store: &Store<DeserializeGuard<O>>,
    event: &Event<DeserializeGuard<O>>,
) -> bool
where
    O: Resource<DynamicType = ()> + Clone + 'static,
{
    match event {
        Event::Apply(object) | Event::InitApply(object) => {
            slots.seen(object);
            return changes.note(object);
        }
        Event::Delete(object) => {
            slots.forget(&object.uid().unwrap_or_default());
            changes.forget(object);
        }
        Event::InitDone => {
            let uids: HashSet<String> = store.state().iter().filter_map(|object| object.uid()).collect();
            slots.retain(&uids);
            changes.retain(&uids);
        }
        Event::Init => {}
    }
    true
}
