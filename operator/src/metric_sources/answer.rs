//! Why a source gave no usable answer.

use std::time::Duration;

use thiserror::Error;

/// Most characters of what a source says that are passed on.
const MOST: usize = 300;

/// Why a source gave no usable answer. Its text reaches status and events, so it never holds a body or a credential.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
pub enum Failure {
    /// Nobody answers there, or the connection broke.
    #[error("cannot reach {origin}: {problem}")]
    Unreachable {
        /// Who was asked.
        origin: String,
        /// What went wrong.
        problem: String,
    },
    /// The answer took too long.
    #[error("{origin} did not answer within {}", seconds(*.after))]
    TimedOut {
        /// Who was asked.
        origin: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The source is there and refuses: credentials, permissions, a query that it cannot read.
    #[error("{origin} refuses: {problem}")]
    Refused {
        /// Who was asked.
        origin: String,
        /// Why, in the source's own words where it has any.
        problem: String,
    },
    /// The answer is not what the source should say.
    #[error("{origin} answers with {problem}")]
    Unusable {
        /// Who was asked.
        origin: String,
        /// What it answers with, as in "HTML instead of JSON".
        problem: String,
    },
    /// It must not or cannot be asked: a forbidden host, a Secret without the key.
    #[error("{0}")]
    Unasked(String),
}

impl Failure {
    /// Whether whatever else is asked there would fail as well, so that it is spared for a while.
    pub fn concerns_origin(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. })
    }
}

/// What a source says, fit for a message: one line, bounded.
pub fn quoted(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
