//! All scalers of the process, and what makes them decide.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use csop_shared::scale::{Plan, Record, State, WriteOutcome};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::deadlines::Deadlines;
use super::slot::Slot;
use super::view::{Facts, Outgoing, View};
use crate::runtime::context::Context;
use crate::runtime::metrics::Metrics;
use crate::runtime::wake::Waker;
use crate::sampling::{Asker, Sampling, Want};

/// How often it is looked whether this process still leads.
const WATCH_MANDATE: Duration = Duration::from_millis(500);

/// Shortest time to the next deadline.
const SHORTEST: Duration = Duration::from_millis(100);

/// All scalers of the process.
pub struct Evaluator {
    slots: RwLock<HashMap<Asker, Arc<Mutex<Slot>>>>,
    names: RwLock<HashMap<(String, String), Asker>>,
    sampling: Sampling,
    deadlines: Deadlines,
    beside: OnceLock<Beside>,
    term: Mutex<u64>,
}

/// What is known once the controller runs.
struct Beside {
    ctx: Arc<Context>,
    waker: Waker,
}

/// What a reconcile knows of a scaler.
pub struct Following {
    /// Its UID.
    pub asker: Asker,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The generation that `plan` was made from.
    pub generation: i64,
    /// The plan; the same as long as the spec is.
    pub plan: Arc<Plan>,
    /// What the status remembers, for a scaler that is new here.
    pub remembered: State,
    /// What the metrics ask, in the order of the spec, the price last.
    pub wants: Vec<Want>,
    /// What else is known.
    pub facts: Facts,
    /// Whether the target was read from the API server itself.
    pub certain: bool,
    /// The term of leadership that this belongs to.
    pub term: u64,
}

fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Evaluator {
    /// No scalers yet.
    pub fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new_cyclic(|this: &std::sync::Weak<Self>| {
            let this = this.clone();
            let answered = move |asker: &Asker| {
                if let Some(this) = this.upgrade() {
                    this.answered(asker);
                }
            };
            Self {
                slots: RwLock::default(),
                names: RwLock::default(),
                sampling: Sampling::new(Arc::new(answered), metrics),
                deadlines: Deadlines::default(),
                beside: OnceLock::new(),
                term: Mutex::default(),
            }
        })
    }

    fn slot(&self, asker: &Asker) -> Option<Arc<Mutex<Slot>>> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).get(asker).cloned()
    }

    /// The plan that a scaler is followed by, if it was made from this generation.
    pub fn plan(&self, asker: &Asker, generation: i64) -> Option<Arc<Plan>> {
        let slot = self.slot(asker)?;
        let slot = lock(&slot);
        (slot.generation == generation).then(|| slot.plan.clone())
    }

    /// Follows a scaler from now on, with what a reconcile has found; gives what there is to write.
    pub fn follow(&self, found: Following) -> View {
        let Following { asker, namespace, name, generation, plan, remembered, wants, facts, certain, term } =
            found;
        self.begin(term);
        let known = self.slot(&asker);
        let new = known.is_none();
        let slot = known.unwrap_or_else(|| {
            let slot =
                Slot::new(namespace.clone(), name.clone(), plan.clone(), generation, remembered.clone());
            let slot = Arc::new(Mutex::new(slot));
            self.slots.write().unwrap_or_else(PoisonError::into_inner).insert(asker.clone(), slot.clone());
            let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
            let old = names.insert((namespace, name), asker.clone());
            drop(names);
            // One of the same name that was deleted unseen.
            old.into_iter().for_each(|old| self.drop_slot(&old));
            slot
        });
        // Answers may come while it subscribes, so the slot is not held meanwhile.
        let feeds = self.sampling.subscribe(&asker, wants);
        let mut slot = lock(&slot);
        let replanned = slot.generation != generation;
        slot.recover(remembered);
        if replanned {
            slot.replan(plan, generation);
        }
        slot.listen(feeds);
        if certain {
            slot.facts = facts;
            slot.unsure = false;
        } else {
            slot.observe(facts);
        }
        slot.withdraw();
        let now = Instant::now();
        if slot.caught_up() | slot.rescheduled() {
            self.evaluate(&mut slot, now);
        }
        if new || replanned {
            self.schedule(&mut slot, asker);
        }
        slot.view(now)
    }

    /// Whether the target of a scaler must be read from the API server before anything is decided.
    pub fn is_unsure(&self, asker: &Asker) -> bool {
        self.slot(asker).is_some_and(|slot| lock(&slot).unsure)
    }

    /// Notes that nobody knows what became of a change.
    pub fn doubt(&self, asker: &Asker, outgoing: &Outgoing, problem: String) {
        if let Some(slot) = self.slot(asker) {
            lock(&slot).doubt(outgoing, problem);
        }
    }

    /// Notes what became of a change, and the target's new resource version; gives what there is to tell.
    pub fn settle(
        &self,
        asker: &Asker,
        outgoing: &Outgoing,
        outcome: WriteOutcome,
        version: Option<&str>,
    ) -> Option<View> {
        let slot = self.slot(asker)?;
        let mut slot = lock(&slot);
        let at = Instant::now();
        slot.settle(outgoing, outcome, version, at);
        let mut view = slot.view(at);
        view.quiet = Duration::ZERO;
        Some(view)
    }

    /// Forgets scalers by namespace and name: should one come back, it begins with what its status remembers.
    pub fn forget(&self, gone: &dyn Fn(&str, &str) -> bool) {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        let gone: Vec<_> = names.extract_if(|(namespace, name), _| gone(namespace, name)).collect();
        drop(names);
        gone.iter().for_each(|(_, asker)| self.drop_slot(asker));
    }

    fn drop_slot(&self, asker: &Asker) {
        self.sampling.unsubscribe(asker);
        let slot = self.slots.write().unwrap_or_else(PoisonError::into_inner).remove(asker);
        self.count_out(slot);
    }

    /// Forgets everything when another term has begun: somebody else may have acted in between.
    fn begin(&self, term: u64) {
        // Whoever comes second waits until all is forgotten.
        let mut known = self.term.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *known, term) != term {
            self.clear();
        }
    }

    /// The last decisions of a scaler, the oldest first; none when it is not followed here.
    pub fn records(&self, namespace: &str, name: &str) -> Option<Vec<Record>> {
        let key = (namespace.to_owned(), name.to_owned());
        let asker = self.names.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()?;
        let slot = self.slot(&asker)?;
        let slot = lock(&slot);
        Some(slot.records())
    }

    fn clear(&self) {
        self.sampling.clear();
        self.deadlines.clear();
        self.names.write().unwrap_or_else(PoisonError::into_inner).clear();
        let slots = std::mem::take(&mut *self.slots.write().unwrap_or_else(PoisonError::into_inner));
        self.count_out(slots.into_values());
    }

    fn count_out(&self, slots: impl IntoIterator<Item = Arc<Mutex<Slot>>>) {
        let deciding = slots.into_iter().filter(|slot| lock(slot).deciding).count();
        if let Some(beside) = self.beside.get() {
            beside.ctx.metrics().deciding(-i64::try_from(deciding).unwrap_or(i64::MAX));
        }
    }

    /// An answer has come.
    fn answered(&self, asker: &Asker) {
        let Some(slot) = self.slot(asker) else { return };
        let mut slot = lock(&slot);
        let at = Instant::now();
        if slot.answered(at) {
            self.evaluate(&mut slot, at);
        }
    }

    fn evaluate(&self, slot: &mut Slot, at: Instant) {
        let Some(beside) = self.beside.get().filter(|beside| beside.ctx.mandate().is_valid()) else { return };
        let Some(evaluated) = slot.evaluate(beside.ctx.now(), at) else { return };
        beside.ctx.metrics().evaluated(evaluated.lag);
        beside.ctx.metrics().deciding(evaluated.first.into());
        if evaluated.news {
            beside.waker.wake(&slot.namespace, &slot.name);
        }
    }

    /// Runs until it is dropped: evaluates whoever no answer has come for, and stops everything while this process does not lead.
    pub async fn run(&self, ctx: Arc<Context>, waker: Waker) {
        // The controller is started once.
        let _ = self.beside.set(Beside { ctx: ctx.clone(), waker });
        let mut look = interval(WATCH_MANDATE);
        look.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                due = self.deadlines.next() => due.into_iter().for_each(|(at, asker)| self.due(at, asker)),
                _ = look.tick() => {
                    if !ctx.mandate().is_valid() {
                        self.clear();
                    }
                }
            }
        }
    }

    fn due(&self, at: Instant, asker: Asker) {
        let Some(slot) = self.slot(&asker) else { return };
        let mut slot = lock(&slot);
        if slot.scheduled != Some(at) {
            return;
        }
        let now = Instant::now();
        if slot.deadline() <= now {
            self.evaluate(&mut slot, now);
        }
        self.schedule(&mut slot, asker);
    }

    fn schedule(&self, slot: &mut Slot, asker: Asker) {
        // While a change is on its way nothing is decided, and the deadline stays in the past.
        let at = slot.deadline().max(Instant::now() + SHORTEST);
        slot.scheduled = Some(at);
        self.deadlines.add(at, asker);
    }
}
