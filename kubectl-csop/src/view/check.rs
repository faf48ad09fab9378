//! What `check` found.

use super::SCHEMA_VERSION;
use serde::Serialize;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// It works, but not all of it.
    Warning,
    /// It does not work.
    Failed,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What belongs together.
    pub section: &'static str,
    /// What was found.
    pub text: String,
    /// How it came out.
    pub outcome: Outcome,
    /// What to do about it; empty when all is well.
    pub hint: String,
}

/// All checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    schema_version: u32,
    kind: &'static str,
    /// How the worst of them came out.
    pub outcome: Outcome,
    /// The checks, in order.
    pub findings: Vec<Finding>,
}

impl CheckView {
    /// The checks that were made.
    pub fn new(findings: Vec<Finding>) -> Self {
        let any = |outcome| findings.iter().any(|finding| finding.outcome == outcome);
        let outcome = match (any(Outcome::Failed), any(Outcome::Warning)) {
            (true, _) => Outcome::Failed,
            (false, true) => Outcome::Warning,
            (false, false) => Outcome::Ok,
        };
        Self { schema_version: SCHEMA_VERSION, kind: "Check", outcome, findings }
    }
}
