//! The last decisions of a scaler, kept small: only what a decision was made from, since the rest follows from that.

use super::{
    Decision, Expressions, Invalid, Observation, Plan, Record, Shared, State, WriteOutcome, record::Answers,
};
use crate::api::GeneralScalerSpec;
use jiff::Timestamp;
use std::{collections::VecDeque, sync::Arc};

/// So many decisions are kept.
const KEPT: usize = 32;

/// What a decision was made from.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// When it was made.
    pub time: Timestamp,
    /// The generation of the spec.
    pub generation: i64,
    /// The spec.
    pub spec: Shared<GeneralScalerSpec>,
    /// What was remembered before.
    pub before: State,
    /// What was known.
    pub observation: Observation,
    /// What expressions answered.
    pub answers: Vec<Result<i64, String>>,
    /// What became of it.
    pub write: Option<WriteOutcome>,
}

/// The last decisions, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    last: u64,
    entries: VecDeque<Entry>,
}

impl Ring {
    /// Adds a decision, and drops the oldest of too many. Gives the number of the new one.
    pub fn push(
        &mut self,
        plan: &Plan,
        generation: i64,
        before: State,
        observation: Observation,
        decision: &Decision,
    ) -> u64 {
        self.last += 1;
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            seq: self.last,
            time: decision.time,
            generation,
            spec: plan.spec.clone(),
            before,
            observation,
            answers: decision.policies.iter().filter_map(|step| step.answer.clone()).collect(),
            write: None,
        });
        self.last
    }

    /// Notes what became of a decision, if it is still there.
    pub fn settle(&mut self, seq: u64, write: WriteOutcome) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.seq == seq) {
            entry.write = Some(write);
        }
    }

    /// The decisions, the oldest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }
}

impl Entry {
    /// The whole record, its decision made again.
    ///
    /// # Errors
    /// When the spec asks for what cannot be, which no spec of a decision does.
    pub fn record(&self) -> Result<Record, Invalid> {
        let answers: Arc<dyn Expressions> = Arc::new(Answers::new(self.answers.clone()));
        let plan = Plan::new(self.spec.clone(), &answers)?;
        let (decision, _) = super::decide(&plan, &self.before, &self.observation, self.time);
        Ok(Record {
            seq: self.seq,
            time: self.time,
            generation: self.generation,
            spec: self.spec.clone(),
            before: self.before.clone(),
            observation: self.observation.clone(),
            decision,
            write: self.write.clone(),
            digest: Record::digest_of(&self.spec, &self.before, &self.observation, self.time),
        })
    }
}
