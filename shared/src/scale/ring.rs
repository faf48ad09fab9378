//! The last decisions of a scaler, kept small: only what a decision was made from, since the rest follows from that.

use super::{Decision, Expressions, Observation, Plan, Record, State, WriteOutcome, record::Answers};
use jiff::Timestamp;
use std::{collections::VecDeque, sync::Arc};

/// So many decisions are kept.
const KEPT: usize = 32;

/// What a decision was made from.
#[derive(Clone, Debug)]
struct Entry {
    time: Timestamp,
    generation: i64,
    plan: Arc<Plan>,
    /// What was remembered before; none where that is what the decision before this one left.
    before: Option<Box<State>>,
    observation: Observation,
    /// What expressions answered.
    answers: Box<[Result<i64, String>]>,
    write: Option<Box<WriteOutcome>>,
}

/// The last decisions, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    /// The number of the newest.
    last: u64,
    entries: VecDeque<Entry>,
    /// What the newest left to be remembered.
    left: State,
}

impl Ring {
    /// Decides as [`advance`](super::advance) does, and keeps what the decision was made from in place of the oldest of too many. Gives the
    /// decision's number.
    pub fn advance(
        &mut self,
        plan: &Arc<Plan>,
        generation: i64,
        state: &mut State,
        observation: Observation,
        now: Timestamp,
        decision: &mut Decision,
    ) -> u64 {
        if self.entries.len() == KEPT {
            self.drop_oldest();
        }
        // At once: growing step by step, the rings of thousands of scalers leave holes behind that are of use to none of them.
        self.entries.reserve_exact(KEPT - self.entries.len());
        let follows = !self.entries.is_empty() && *state == self.left;
        let before = (!follows).then(|| Box::new(state.clone()));
        super::advance(plan, state, &observation, now, decision);
        self.left = state.clone();
        self.entries.push_back(Entry {
            time: now,
            generation,
            plan: plan.clone(),
            before,
            observation,
            answers: decision.policies.iter().filter_map(|step| step.answer.clone()).collect(),
            write: None,
        });
        self.last += 1;
        self.last
    }

    /// Notes what became of a decision, if it is still there.
    pub fn settle(&mut self, seq: u64, write: WriteOutcome) {
        let back = self.last.checked_sub(seq).and_then(|back| usize::try_from(back).ok());
        if let Some(entry) = back.and_then(|back| self.entries.iter_mut().rev().nth(back)) {
            entry.write = Some(Box::new(write));
        }
    }

    /// The whole records, the oldest first: every decision is made again.
    pub fn records(&self) -> Vec<Record> {
        let mut left = State::default();
        let record = |(seq, entry): (u64, &Entry)| {
            let before = entry.before.as_deref().unwrap_or(&left).clone();
            left = before.clone();
            let decision = entry.decide(&mut left);
            entry.record(seq, before, decision)
        };
        let first = self.last - self.entries.len() as u64 + 1;
        (first..).zip(&self.entries).map(record).collect()
    }

    fn drop_oldest(&mut self) {
        let Some(mut oldest) = self.entries.pop_front() else { return };
        let next = self.entries.front_mut().filter(|next| next.before.is_none());
        if let (Some(next), Some(mut state)) = (next, oldest.before.take()) {
            oldest.decide(&mut state);
            next.before = Some(state);
        }
    }
}

impl Entry {
    /// Makes the decision again, from what was remembered before to what is afterwards; expressions are not evaluated.
    fn decide(&self, state: &mut State) -> Decision {
        let mut decision = Decision::default();
        let answering = (!self.answers.is_empty()).then(|| {
            let answers: Arc<dyn Expressions> = Arc::new(Answers::new(self.answers.to_vec()));
            Plan::new(self.plan.spec.clone(), &answers).expect("it was decided by this spec")
        });
        let plan = answering.as_ref().unwrap_or(&self.plan);
        super::advance(plan, state, &self.observation, self.time, &mut decision);
        decision
    }

    fn record(&self, seq: u64, before: State, decision: Decision) -> Record {
        Record {
            seq,
            time: self.time,
            generation: self.generation,
            spec: self.plan.spec.clone(),
            digest: Record::digest_of(&self.plan.spec, &before, &self.observation, self.time),
            before,
            observation: self.observation.clone(),
            decision,
            write: self.write.as_deref().cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Entry;

    /// Thirty-two of them are kept for each of ten thousand scalers.
    #[test]
    fn what_is_kept_of_a_decision_is_small() {
        assert!(size_of::<Entry>() <= 144, "{}", size_of::<Entry>());
    }
}
