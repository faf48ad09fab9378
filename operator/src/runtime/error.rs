//! Errors of a reconcile, and what each class of them leads to.

use std::time::Duration;

use csop_shared::conditions::{State, reasons};
use kube::core::Status;
use thiserror::Error as ThisError;

/// Why a reconcile did not end well. Each says what was attempted on which object.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The user must edit the object.
    #[error("{0}")]
    Invalid(String),
    /// Something that the object needs is not there yet.
    #[error("{message}")]
    Waiting {
        /// What is missing.
        message: String,
        /// When to look again.
        retry: Duration,
    },
    /// A call to the API server failed.
    #[error("cannot {attempted}: {}", server_message(source))]
    Api {
        /// What was attempted on which object: "apply Deployment shop/shop".
        attempted: String,
        /// The client's error.
        source: Box<kube::Error>,
    },
    /// A call to something else failed and is worth repeating.
    #[error("cannot {attempted}: {message}")]
    External {
        /// What was attempted.
        attempted: String,
        /// Why it failed.
        message: String,
    },
    /// A broken invariant of the operator.
    #[error("{0}")]
    Bug(String),
}

/// Classes of errors; the table of requeues, conditions and events is written against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The user must edit the object.
    Invalid,
    /// A dependency is not there yet.
    Waiting,
    /// Conflicts, overload, server errors and time-outs.
    Transient,
    /// RBAC forbids it.
    Denied,
    /// The object was refused by its schema, a quota, pod security or an admission policy.
    Rejected,
    /// A broken invariant.
    Bug,
}

/// When the failure of a class is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Only when something changes.
    OnChange,
    /// After a fixed time.
    After(Duration),
    /// Exponentially, with this cap.
    Backoff(Duration),
}

const RARELY: Duration = Duration::from_secs(300);

/// Failures in a row after which a transient error is shown.
const TRANSIENT_SHOWN_AFTER: u32 = 3;

impl Class {
    /// The label of this class in metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Waiting => "waiting",
            Self::Transient => "transient",
            Self::Denied => "denied",
            Self::Rejected => "rejected",
            Self::Bug => "bug",
        }
    }

    /// The reason that a condition gives.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Invalid => reasons::INVALID,
            Self::Waiting => reasons::WAITING,
            Self::Transient => reasons::TRANSIENT,
            Self::Denied => reasons::DENIED,
            Self::Rejected => reasons::REJECTED,
            Self::Bug => reasons::BUG,
        }
    }

    /// The value of Ready.
    pub const fn ready(self) -> State {
        match self {
            Self::Bug => State::Unknown,
            _ => State::False,
        }
    }

    /// Whether the condition is set after so many failures in a row.
    pub const fn is_shown(self, failures: u32) -> bool {
        match self {
            Self::Transient => failures >= TRANSIENT_SHOWN_AFTER,
            _ => true,
        }
    }

    /// Whether a Warning tells of it.
    pub const fn warns(self) -> bool {
        !matches!(self, Self::Waiting)
    }
}

impl Error {
    /// A failed call to the API server: `attempted` reads on from "cannot".
    pub fn api(attempted: impl Into<String>, source: kube::Error) -> Self {
        Self::Api { attempted: attempted.into(), source: Box::new(source) }
    }

    /// The class.
    pub fn class(&self) -> Class {
        match self {
            Self::Invalid(_) => Class::Invalid,
            Self::Waiting { .. } => Class::Waiting,
            Self::Api { source, .. } => class_of(source),
            Self::External { .. } => Class::Transient,
            Self::Bug(_) => Class::Bug,
        }
    }

    /// When to try again.
    pub fn retry(&self) -> Retry {
        match (self, self.class()) {
            (Self::Waiting { retry, .. }, _) => Retry::After(*retry),
            (_, Class::Invalid) => Retry::OnChange,
            (_, Class::Rejected) => Retry::After(RARELY),
            (_, Class::Bug) => Retry::Backoff(Duration::from_secs(900)),
            // An API server that has just started denies what its roles allow, until it has read them.
            (_, Class::Waiting | Class::Transient | Class::Denied) => Retry::Backoff(RARELY),
        }
    }

    /// Whether the API server said that the object does not exist.
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(|s| s.code == 404)
    }

    /// Whether the API server said that the object has changed, or is another one.
    pub fn is_conflict(&self) -> bool {
        self.status().is_some_and(|s| s.code == 409)
    }

    fn status(&self) -> Option<&Status> {
        match self {
            Self::Api { source, .. } => api_status(source),
            _ => None,
        }
    }
}

fn api_status(error: &kube::Error) -> Option<&Status> {
    match error {
        kube::Error::Api(status) => Some(status),
        _ => None,
    }
}

fn class_of(error: &kube::Error) -> Class {
    let Some(status) = api_status(error) else {
        return match error {
            kube::Error::SerdeError(_) | kube::Error::BuildRequest(_) => Class::Bug,
            _ => Class::Transient,
        };
    };
    match status.code {
        400 | 413 | 422 => Class::Rejected,
        401 => Class::Denied,
        403 if is_denied_by_rbac(status) => Class::Denied,
        403 if is_terminating(status) => Class::Waiting,
        403 => Class::Rejected,
        500 if is_malformed(status) => Class::Rejected,
        _ => Class::Transient,
    }
}

/// A server-side apply whose body does not fit the schema is answered with 500, though no later try can succeed.
fn is_malformed(status: &Status) -> bool {
    let words = ["failed to create typed patch object", "failed to convert new object"];
    words.iter().any(|w| status.message.contains(w))
}

/// The authoriser's words: `deployments.apps "shop" is forbidden: User "x" cannot patch resource ...`. Admission speaks of the
/// same status code in other words, but for the check of owner references, which is about permissions too.
fn is_denied_by_rbac(status: &Status) -> bool {
    let message = &status.message;
    message.contains(" is forbidden: User ") && message.contains(" cannot ")
        || message.contains("cannot set blockOwnerDeletion")
        || message.contains("cannot set an ownerRef")
}

fn is_terminating(status: &Status) -> bool {
    status.message.contains("because it is being terminated")
}

fn server_message(error: &kube::Error) -> String {
    match api_status(error) {
        Some(status) if !status.message.is_empty() => status.message.clone(),
        Some(status) => format!("the API server answered {} {}", status.code, status.reason),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(code: u16, message: &str) -> Class {
        let status = Status { code, message: message.into(), ..Status::failure(message, "") };
        Error::api("apply Deployment shop/shop", kube::Error::Api(status.boxed())).class()
    }

    #[test]
    fn answers_of_the_api_server_have_their_classes() {
        let rbac = r#"deployments.apps "a" is forbidden: User "u" cannot patch resource "deployments" in API group "apps""#;
        let quota =
            r#"pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"#;
        let security = r#"pods "a" is forbidden: violates PodSecurity "restricted:latest": privileged"#;
        let terminating = "unable to create new content in namespace x because it is being terminated";
        let table = [
            (403, rbac, Class::Denied),
            (403, quota, Class::Rejected),
            (403, security, Class::Rejected),
            (403, terminating, Class::Waiting),
            (400, "admission webhook denied the request", Class::Rejected),
            (422, "is invalid", Class::Rejected),
            (401, "Unauthorized", Class::Denied),
            (409, "the object has been modified", Class::Transient),
            (429, "too many requests", Class::Transient),
            (500, "etcd is unwell", Class::Transient),
            (500, "failed to create typed patch object (a): duplicate entries for key", Class::Rejected),
        ];
        for (code, message, expected) in table {
            assert_eq!(class(code, message), expected, "{code} {message}");
        }
    }

    #[test]
    fn the_message_is_the_servers_own() {
        let status = Status::failure("no room", "Forbidden");
        let error = Error::api("apply Deployment shop/shop", kube::Error::Api(status.boxed()));
        assert_eq!(error.to_string(), "cannot apply Deployment shop/shop: no room");
    }

    #[test]
    fn each_class_is_tried_again_as_the_table_says() {
        assert_eq!(Error::Invalid("x".into()).retry(), Retry::OnChange);
        assert_eq!(Error::Bug("x".into()).retry(), Retry::Backoff(Duration::from_secs(900)));
        assert!(!Class::Transient.is_shown(2) && Class::Transient.is_shown(3) && Class::Bug.is_shown(1));
    }
}
