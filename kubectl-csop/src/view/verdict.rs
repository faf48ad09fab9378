//! How a service is doing, in a word.

use crate::exit::Exit;
use csop_shared::api::CashService;
use csop_shared::conditions::{Conditioned, find, is_true, types};
use csop_shared::names::annotations;
use csop_shared::reasons::untold;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

/// How a service is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// The wanted revision serves at its wanted size.
    Ready,
    /// On its way there.
    Progressing,
    /// Not there, and something needs attention.
    Degraded,
    /// Its writes are held.
    Paused,
    /// No operator has reported on it yet.
    Pending,
    /// It is being deleted.
    Terminating,
}

impl Verdict {
    /// The exit code of `status NAME`.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Ready => Exit::Ok,
            Self::Paused => Exit::Paused,
            Self::Progressing | Self::Degraded | Self::Pending | Self::Terminating => Exit::Degraded,
        }
    }
}

/// The verdict, with the reason and the message that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The word.
    pub verdict: Verdict,
    /// A reason in one word, as the STATUS column shows it.
    pub reason: String,
    /// What an owner should know.
    pub message: String,
}

impl Judgement {
    fn new(verdict: Verdict, reason: &str, message: impl Into<String>) -> Self {
        Self { verdict, reason: reason.to_owned(), message: message.into() }
    }
}

/// Judges a service by what it reports of itself.
pub fn judge(service: &CashService) -> Judgement {
    of(&service.metadata, service.status.as_ref())
}

/// Judges an object of any kind by what it reports of itself.
pub fn of<S: Conditioned>(metadata: &ObjectMeta, status: Option<&S>) -> Judgement {
    let conditions = status.map(Conditioned::conditions).unwrap_or_default();
    if metadata.deletion_timestamp.is_some() {
        return Judgement::new(Verdict::Terminating, untold::TERMINATING, "it is being deleted");
    }
    if is_asked_to_pause(metadata) || is_true(conditions, types::PAUSED) {
        let told = find(conditions, types::PAUSED).filter(|condition| condition.status == "True");
        let message = told.map_or("the annotation csop.dev/paused holds all changes", |condition| {
            condition.message.as_str()
        });
        return Judgement::new(Verdict::Paused, "Paused", message);
    }
    let Some(ready) = find(conditions, types::READY) else {
        return Judgement::new(Verdict::Pending, untold::PENDING, "no operator has reported on it yet");
    };
    let seen = status.and_then(Conditioned::observed_generation);
    if let (Some(seen), Some(written)) = (seen, metadata.generation)
        && seen < written
    {
        let message =
            format!("the operator has not acted on the newest edit yet (generation {written}, seen {seen})");
        return Judgement::new(Verdict::Progressing, untold::OUTDATED, message);
    }
    let verdict = match ready.status.as_str() {
        "True" => Verdict::Ready,
        _ if !super::advice::is_lasting(&ready.reason) && is_true(conditions, types::PROGRESSING) => {
            Verdict::Progressing
        }
        _ => Verdict::Degraded,
    };
    Judgement::new(verdict, &ready.reason, ready.message.as_str())
}

/// Whether the annotation that holds all changes is set.
pub fn is_asked_to_pause(metadata: &ObjectMeta) -> bool {
    let mut annotations = metadata.annotations.iter().flatten();
    annotations.any(|(key, value)| key == annotations::PAUSED && value == "true")
}
