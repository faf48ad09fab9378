//! What makes two questions the same.

use std::hash::{DefaultHasher, Hash, Hasher};

use csop_shared::api::general_scaler::{AuthRef, SourceConfig, SourceType, TargetRef};

use super::Want;
use crate::metric_sources::{Reach, Subject};

/// A question. Whoever asks it shares one query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    source: SourceType,
    config: SourceConfig,
    /// With its namespace: Secrets of the same name are different ones.
    secret: Option<(String, AuthRef)>,
    within: Within,
}

/// For whom its answer holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Within {
    Everyone,
    Target(String, TargetRef),
    Scaler(Subject),
}

impl Question {
    pub(super) fn of(want: &Want) -> Self {
        let namespace = || want.subject.namespace.clone();
        Self {
            source: want.type_,
            config: want.config.clone(),
            secret: want.auth.clone().map(|auth| (namespace(), auth)),
            within: match want.query.reach() {
                Reach::Everyone => Within::Everyone,
                Reach::Target => Within::Target(namespace(), want.subject.target.clone()),
                Reach::Scaler => Within::Scaler(want.subject.clone()),
            },
        }
    }

    /// Whether it is what is wanted, found without copying anything.
    pub(super) fn is(&self, want: &Want) -> bool {
        let secret = want.auth.as_ref().map(|auth| (&want.subject.namespace, auth));
        self.source == want.type_
            && self.secret.as_ref().map(|(namespace, auth)| (namespace, auth)) == secret
            && match (&self.within, want.query.reach()) {
                (Within::Everyone, Reach::Everyone) => true,
                (Within::Target(namespace, target), Reach::Target) => {
                    *namespace == want.subject.namespace && *target == want.subject.target
                }
                (Within::Scaler(subject), Reach::Scaler) => *subject == want.subject,
                _ => false,
            }
            && self.config == want.config
    }

    /// The source.
    pub(super) fn source(&self) -> SourceType {
        self.source
    }

    /// A number of its own, the same in every process.
    pub(super) fn phase(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}
