//! One scaler between its reconciles.

use std::sync::Arc;
use std::time::Duration;

use csop_shared::scale::{
    Action, Decision, Floor, Observation, Plan, Reading, Record, Ring, State, WriteOutcome,
};
use jiff::Timestamp;
use tokio::time::Instant;

use super::news;
use super::view::{Facts, Outgoing, View};
use super::words::detail;
use crate::sampling::Feed;

/// How long sources may take to answer for the first time before it is decided without them.
const FIRST_ANSWERS: Duration = Duration::from_secs(5);
/// Most by which an evaluation may come before its interval has passed, or wait for answers after it.
const SLACK: Duration = Duration::from_secs(1);
/// How long a change that was refused is not tried again.
const REFUSED: Duration = Duration::from_secs(60);
/// How long a new scaler's status waits for the first decision.
const FIRST_WORD: Duration = Duration::from_secs(2);
/// Least time between two statuses without an operation.
const QUIET: Duration = Duration::from_secs(10);

/// A change that could not be made.
struct Trouble {
    problem: String,
    to: i32,
    /// Not tried again before.
    until: Instant,
}

pub(super) struct Slot {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) plan: Arc<Plan>,
    pub(super) generation: i64,
    pub(super) feeds: Vec<Feed>,
    pub(super) price: Option<Feed>,
    pub(super) facts: Facts,
    pub(super) state: State,
    decision: Decision,
    /// The floors that the last decision knew of.
    decided_floors: Vec<Floor>,
    pub(super) ring: Ring,
    outgoing: Option<Outgoing>,
    /// Whether a reconcile has taken what is outgoing.
    taken: bool,
    /// Attempts of each feed that the last evaluation knew of.
    seen: Vec<u64>,
    begun: Instant,
    evaluated: Option<Instant>,
    /// Whether it has ever decided, under whatever spec.
    pub(super) deciding: bool,
    told: Option<(u64, Instant)>,
    /// The resource version of the target that a change came too late for.
    outdated: Option<String>,
    trouble: Option<Trouble>,
    /// Whether nobody knows if the target was written: it must be read from the API server.
    pub(super) unsure: bool,
    /// The deadline that counts.
    pub(super) scheduled: Option<Instant>,
}

/// What an evaluation led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Evaluated {
    /// Whether there is something to write.
    pub(super) news: bool,
    /// By how much it came after its interval.
    pub(super) lag: Duration,
    /// Whether it was the first.
    pub(super) first: bool,
}

impl Slot {
    pub(super) fn new(
        namespace: String,
        name: String,
        plan: Arc<Plan>,
        generation: i64,
        state: State,
    ) -> Self {
        Self {
            namespace,
            name,
            plan,
            generation,
            feeds: vec![],
            price: None,
            facts: Facts::default(),
            state,
            decision: Decision::default(),
            decided_floors: vec![],
            ring: Ring::default(),
            outgoing: None,
            taken: false,
            seen: vec![],
            begun: Instant::now(),
            evaluated: None,
            deciding: false,
            told: None,
            outdated: None,
            trouble: None,
            unsure: false,
            scheduled: None,
        }
    }

    /// Takes a new spec; what is remembered stays.
    pub(super) fn replan(&mut self, plan: Arc<Plan>, generation: i64) {
        if self.plan.spec.target() != plan.spec.target() {
            // What is known of one target says nothing of another.
            (self.facts.target, self.outdated) = (None, None);
            self.state.history = Default::default();
        }
        (self.plan, self.generation, self.trouble) = (plan, generation, None);
        self.begun = Instant::now();
        self.evaluated = None;
        if self.outgoing.take().is_some() {
            self.state.settle(false);
        }
    }

    /// Takes back a change that must not be made any more.
    pub(super) fn withdraw(&mut self) {
        if (self.facts.conflict || self.facts.paused) && self.outgoing.take().is_some() {
            self.state.settle(false);
        }
    }

    /// Begins again with what the status remembers, if a reconcile took a change and did not say what became of it.
    pub(super) fn recover(&mut self, remembered: State) {
        if self.outgoing.is_some() && self.taken {
            self.outgoing = None;
            self.state = remembered;
        }
    }

    /// Takes other feeds, in the order of the metrics, the price last.
    pub(super) fn listen(&mut self, mut feeds: Vec<Feed>) {
        self.price = (feeds.len() > self.plan.metrics.len()).then(|| feeds.pop()).flatten();
        self.feeds = feeds;
        self.seen.clear();
    }

    /// What is seen of the target, unless what we wrote ourselves is newer.
    pub(super) fn observe(&mut self, facts: Facts) {
        let ours = self.facts.target.take();
        self.facts = facts;
        if let (Some(ours), Some(seen)) = (ours, &mut self.facts.target)
            && number(&ours.version) > number(&seen.version)
        {
            seen.replicas = ours.replicas;
            seen.version = ours.version;
        }
    }

    /// Whether schedules have begun or ended since the last decision: then it is decided at once.
    pub(super) fn rescheduled(&self) -> bool {
        self.evaluated.is_some() && self.decided_floors != self.facts.floors
    }

    /// Whether the target is there for which a change came too late: then it is decided again at once.
    pub(super) fn caught_up(&mut self) -> bool {
        let version = self.facts.target.as_ref().map(|target| &target.version);
        let newer = self.outdated.as_ref().is_some_and(|outdated| version != Some(outdated));
        if newer {
            self.outdated = None;
        }
        newer
    }

    fn interval(&self) -> Duration {
        self.plan.interval.unsigned_abs()
    }

    fn slack(&self) -> Duration {
        (self.interval() / 2).min(SLACK)
    }

    /// When it is looked at again if no answer comes first.
    pub(super) fn deadline(&self) -> Instant {
        let grace = if self.feeds.is_empty() { Duration::ZERO } else { self.slack() };
        match self.evaluated {
            Some(at) => at + self.interval() + grace,
            None if self.feeds.is_empty() => self.begun,
            None => self.begun + FIRST_ANSWERS,
        }
    }

    /// Whether an answer that has just come makes it time to evaluate.
    pub(super) fn answered(&self, now: Instant) -> bool {
        let news = |(at, feed): (usize, &Feed)| feed.attempts() > self.seen.get(at).copied().unwrap_or(0);
        let all = self.feeds.iter().enumerate().all(news);
        let due = self.evaluated.is_none_or(|at| now.duration_since(at) + self.slack() >= self.interval());
        (all && due) || self.woken()
    }

    /// Whether a source says that there is work for a target that was scaled to zero.
    fn woken(&self) -> bool {
        let asleep = self.facts.target.as_ref().is_some_and(|target| target.replicas == 0);
        let active =
            |feed: &Feed| matches!(feed.latest().reading, Reading::Sample { active: Some(true), .. });
        self.evaluated.is_some() && asleep && self.outgoing.is_none() && self.feeds.iter().any(active)
    }

    /// Decides. Nothing is decided while a change is on its way to the target.
    pub(super) fn evaluate(&mut self, now: Timestamp, at: Instant) -> Option<Evaluated> {
        if self.outgoing.is_some() || self.unsure {
            return None;
        }
        let observation = self.observation();
        self.decided_floors.clone_from(&self.facts.floors);
        let (state, decision) = (&mut self.state, &mut self.decision);
        let seq = self.ring.advance(&self.plan, self.generation, state, observation, now, decision);
        let refused = self.trouble.as_ref().is_some_and(|t| t.to == self.decision.result && t.until > at);
        if self.decision.action != Action::Scale {
            // Nothing is left to be made, whatever could not be made before.
            self.trouble = None;
        } else if refused {
            self.state.settle(false);
        } else {
            let version = self.facts.target.as_ref().map(|target| target.version.clone());
            self.outgoing = Some(Outgoing {
                seq,
                from: self.decision.current,
                to: self.decision.result,
                version: version.unwrap_or_default(),
            });
            self.taken = false;
            let detail = detail(&self.decision);
            if let Some(operation) = self.state.operations.to_mut().last_mut() {
                operation.detail = detail;
            }
        }
        let lag = self
            .evaluated
            .map_or(Duration::ZERO, |last| at.duration_since(last).saturating_sub(self.interval()));
        self.evaluated = Some(at);
        self.seen.clear();
        self.seen.extend(self.feeds.iter().map(Feed::attempts));
        let digest = self.digest();
        let told = self.told.is_some_and(|(told, when)| told == digest || at.duration_since(when) < QUIET);
        let first = !std::mem::replace(&mut self.deciding, true);
        Some(Evaluated { news: self.outgoing.is_some() || !told, lag, first })
    }

    fn digest(&self) -> u64 {
        news::digest(&self.decision, &self.state, &self.facts, &self.feeds, self.trouble.is_some())
    }

    fn observation(&self) -> Observation {
        let target = self.facts.target.as_ref();
        Observation {
            current: target.map(|target| target.replicas),
            ready: target.map_or(0, |target| target.ready),
            paused: self.facts.paused,
            conflict: self.facts.conflict,
            readings: self.feeds.iter().map(|feed| feed.latest().reading).collect(),
            price: self.price.as_ref().map(|feed| Box::new(feed.latest().reading)),
            floors: self.facts.floors.clone(),
        }
    }

    /// Hands itself to a reconcile.
    pub(super) fn view(&mut self, at: Instant) -> View {
        self.taken = true;
        let digest = self.digest();
        let quiet = match self.told {
            Some((_, when)) if self.outgoing.is_none() => QUIET.saturating_sub(at.duration_since(when)),
            None if self.evaluated.is_none() => FIRST_WORD.saturating_sub(at.duration_since(self.begun)),
            _ => Duration::ZERO,
        };
        if quiet.is_zero() && self.evaluated.is_some() {
            self.told = Some((digest, at));
        }
        View {
            plan: self.plan.clone(),
            state: self.state.clone(),
            decision: self.evaluated.map(|_| self.decision.clone()),
            failures: self.feeds.iter().map(|feed| feed.latest().failure).collect(),
            target: self.facts.target.clone(),
            outgoing: self.outgoing.clone(),
            quiet,
            trouble: self.trouble.as_ref().map(|trouble| trouble.problem.clone()),
        }
    }

    /// Notes what became of a change.
    pub(super) fn settle(
        &mut self,
        outgoing: &Outgoing,
        outcome: WriteOutcome,
        version: Option<&str>,
        at: Instant,
    ) {
        self.ring.settle(outgoing.seq, outcome.clone());
        if self.outgoing.as_ref().is_none_or(|mine| mine.seq != outgoing.seq) {
            return;
        }
        self.outgoing = None;
        if outcome == WriteOutcome::Conflict {
            self.outdated = Some(outgoing.version.clone());
        }
        match (outcome, version) {
            (WriteOutcome::Written, version) => {
                self.trouble = None;
                self.state.settle(true);
                if let (Some(target), Some(version)) = (&mut self.facts.target, version) {
                    target.replicas = outgoing.to;
                    target.version = version.to_owned();
                }
            }
            (WriteOutcome::Conflict, _) => self.state.settle(false),
            (WriteOutcome::Failed(problem), _) => {
                self.state.settle(false);
                self.trouble = Some(Trouble { problem, to: outgoing.to, until: at + REFUSED });
            }
        }
        self.told = Some((self.digest(), at));
    }

    /// Notes that nobody knows whether a change was written: the operation stays pending until the target was read.
    pub(super) fn doubt(&mut self, outgoing: &Outgoing, problem: String) {
        self.ring.settle(outgoing.seq, WriteOutcome::Failed(problem.clone()));
        self.trouble = Some(Trouble { problem, to: outgoing.to, until: Instant::now() });
        self.outgoing = None;
        self.unsure = true;
    }

    /// The records, the oldest first.
    pub(super) fn records(&self) -> Vec<Record> {
        self.ring.records()
    }
}

/// A resource version as a number; the API server counts.
fn number(version: &str) -> u64 {
    version.parse().unwrap_or(0)
}

#[cfg(test)]
#[path = "slot_tests.rs"]
mod tests;
