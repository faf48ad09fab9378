//! Decision records: a decision with all that it was made from, to be read later and to be made again.

use super::{Decision, Expressions, Invalid, Observation, Plan, Shared, Situation, State, decide};
use crate::{api::GeneralScalerSpec, names::short_hash};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// Hexadecimal digits of a record's digest.
const DIGEST_DIGITS: usize = 16;

/// A decision with all that it was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its number, from 1 since the operator started.
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
    /// The decision with its workings.
    pub decision: Decision,
    /// What became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<WriteOutcome>,
    /// Hash of everything that went into the decision.
    pub digest: String,
}

/// What became of a decision to scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WriteOutcome {
    /// The target was written.
    Written,
    /// The target had changed in between; it was decided again.
    Conflict,
    /// The target could not be written, for this reason.
    Failed(String),
}

impl Record {
    /// The hash of everything that goes into a decision.
    pub(super) fn digest_of(
        spec: &GeneralScalerSpec,
        before: &State,
        observation: &Observation,
        time: Timestamp,
    ) -> String {
        let parts = serde_json::to_vec(&(spec, before, observation, time));
        short_hash(&parts.expect("records serialise to JSON"), DIGEST_DIGITS)
    }

    /// What expressions answered, in the order in which they were asked.
    fn answers(&self) -> Vec<Result<i64, String>> {
        self.decision.policies.iter().filter_map(|step| step.answer.clone()).collect()
    }
}

/// Makes the decision of a record again. Expressions are not evaluated: their recorded answers stand.
///
/// # Errors
/// When the recorded spec asks for what cannot be, which no spec of a decision does.
pub fn replay(record: &Record) -> Result<Decision, Invalid> {
    let answers: Arc<dyn Expressions> = Arc::new(Answers::new(record.answers()));
    let plan = Plan::new(record.spec.clone(), &answers)?;
    Ok(decide(&plan, &record.before, &record.observation, record.time).0)
}

/// Answers that were given before.
#[derive(Debug)]
pub(super) struct Answers(Mutex<std::vec::IntoIter<Result<i64, String>>>);

impl Answers {
    pub(super) fn new(answers: Vec<Result<i64, String>>) -> Self {
        Self(Mutex::new(answers.into_iter()))
    }
}

impl Expressions for Answers {
    fn evaluate(&self, _: &str, _: Option<&str>, _: &Situation<'_>, _: i32) -> Result<i64, String> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.next().unwrap_or_else(|| Err("no answer was recorded".to_owned()))
    }
}
