//! What can go wrong: each variant says what was attempted on which object, and what to try next.

use crate::exit::Exit;
use crate::manifest::Problem;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A call to the API server, as messages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The verb, as RBAC names it.
    pub verb: &'static str,
    /// The resource, as RBAC names it: `cashservices.csop.dev`.
    pub resource: String,
    /// The object, where it is one.
    pub name: Option<String>,
    /// Its namespace, where it has one.
    pub namespace: Option<String>,
}

impl Attempt {
    /// A call on a whole resource of a cluster.
    pub fn new(verb: &'static str, resource: impl Into<String>) -> Self {
        Self { verb, resource: resource.into(), name: None, namespace: None }
    }

    /// The same, on one object.
    pub fn of(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The same, in a namespace (`None`: in all of them).
    pub fn within(mut self, namespace: Option<&str>) -> Self {
        self.namespace = namespace.map(str::to_owned);
        self
    }

    /// The object or the resource, with its namespace.
    pub fn subject(&self) -> String {
        let mut text = self.resource.clone();
        if let Some(name) = &self.name {
            text.push_str(&format!(" {name:?}"));
        }
        if let Some(namespace) = &self.namespace {
            text.push_str(&format!(" in namespace {namespace:?}"));
        }
        text
    }
}

/// An error of the plugin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line makes no sense, or lacks something.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to type instead.
        hint: Option<String>,
    },
    /// A value on the command line, or an answer, cannot be.
    #[error("{}", list("invalid input", .0))]
    Input(Vec<Problem>),
    /// An object cannot be: the API server would refuse it.
    #[error("{}", list(.origin, .problems))]
    Invalid {
        /// Where the object came from: a file, or its name.
        origin: String,
        /// What is wrong with it.
        problems: Vec<Problem>,
    },
    /// A file is no YAML, or not what it should be.
    #[error("{origin}: {message}")]
    Manifest {
        /// The file.
        origin: String,
        /// What is wrong with it.
        message: String,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}", path = path.display())]
    WriteFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Write(#[source] io::Error),
    /// The terminal did not take a question.
    #[error("cannot ask for {what}: {source}")]
    Ask {
        /// What was asked for.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// A server of metrics gave no values.
    #[error("cannot read {what} from {server}: {reason}")]
    Metrics {
        /// What was asked for.
        what: String,
        /// The address.
        server: String,
        /// Why.
        reason: String,
    },
    /// No kubeconfig says where the cluster is.
    #[error("no cluster is configured: {0}")]
    NoCluster(String),
    /// The kubeconfig makes no sense.
    #[error("cannot use the kubeconfig: {0}")]
    Kubeconfig(String),
    /// Nothing answers at the cluster's address.
    #[error("cannot reach the cluster at {server}: {reason}")]
    Unreachable {
        /// The address.
        server: String,
        /// Why.
        reason: String,
    },
    /// TLS with the cluster failed.
    #[error("cannot trust the cluster at {server}: {reason}")]
    Certificate {
        /// The address.
        server: String,
        /// Why.
        reason: String,
    },
    /// The cluster does not know the caller.
    #[error("the cluster at {server} does not accept your credentials: {reason}")]
    Unauthorized {
        /// The address.
        server: String,
        /// Why.
        reason: String,
    },
    /// The caller lacks a permission.
    #[error("forbidden: you may not {verb} {subject}", verb = .0.verb, subject = .0.subject())]
    Forbidden(Attempt),
    /// The API server or its admission refused the call.
    #[error("the API server refused to {verb} {subject}: {reason}", verb = .attempt.verb, subject = .attempt.subject())]
    Refused {
        /// The call.
        attempt: Attempt,
        /// The server's own words.
        reason: String,
        /// Whether it was refused as forbidden (a quota, pod security, an admission policy).
        forbidden: bool,
    },
    /// The resource's definition is not installed.
    #[error("the cluster does not know {0}: the CustomResourceDefinitions of csop are not installed")]
    KindMissing(String),
    /// The object is not there.
    #[error("{} not found", .0.subject())]
    NotFound(Attempt),
    /// The namespace is not there.
    #[error("namespace {0:?} not found")]
    NamespaceMissing(String),
    /// An object of that name is already there.
    #[error("{} already exists", .0.subject())]
    Exists(Attempt),
    /// The object is not what it was when the change was shown.
    #[error("{} was changed by somebody else meanwhile, so nothing was changed", .0.subject())]
    Moved(Attempt),
    /// The world is not as the command needs it.
    #[error("{message}")]
    Precondition {
        /// What is in the way.
        message: String,
        /// What to try next.
        hint: String,
    },
    /// A comparison that failed, whose exit code must not read as a difference.
    #[error("{0}")]
    Comparison(Box<Self>),
    /// The server failed.
    #[error("cannot {verb} {subject}: {reason}", verb = .attempt.verb, subject = .attempt.subject())]
    Server {
        /// The call.
        attempt: Attempt,
        /// What it said.
        reason: String,
    },
    /// Nothing came of it in time.
    #[error("timed out after {} waiting for {what}", crate::duration::text(*.after))]
    TimedOut {
        /// What was waited for.
        what: String,
        /// How long.
        after: Duration,
        /// What to try next.
        hint: String,
    },
    /// What was waited for cannot happen without a change.
    #[error("{subject} is not Ready: {reason}: {message}")]
    Failed {
        /// The object.
        subject: String,
        /// The reason of its condition.
        reason: String,
        /// The message of its condition.
        message: String,
        /// What to try next.
        hint: String,
    },
    /// The object vanished while the command was at work on it.
    #[error("{subject} was deleted while it was {doing}")]
    Vanished {
        /// The object.
        subject: String,
        /// What was done to it: `read`, `waited for`.
        doing: &'static str,
    },
    /// The answer to a question was no.
    #[error("{0}")]
    Declined(String),
    /// Ctrl-C.
    #[error("{0}")]
    Interrupted(String),
}

fn list(what: &str, problems: &[Problem]) -> String {
    match problems {
        [only] => format!("{what}: {only}"),
        many => many.iter().fold(format!("{what}:"), |text, problem| format!("{text}\n  {problem}")),
    }
}

impl Error {
    /// A misuse of the command line.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// The exit code that belongs to the error.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. } | Self::Input(_) => Exit::Usage,
            Self::Failed { .. } => Exit::Degraded,
            Self::TimedOut { .. } => Exit::TimedOut,
            Self::Exists(_) | Self::Moved(_) | Self::Precondition { .. } => Exit::Precondition,
            Self::Comparison(cause) if cause.exit() == Exit::Error => Exit::Usage,
            Self::Comparison(cause) => cause.exit(),
            Self::Forbidden(_) | Self::Refused { forbidden: true, .. } => Exit::Forbidden,
            Self::Interrupted(_) => Exit::Interrupted,
            _ if self.is_broken_pipe() => Exit::Ok,
            _ => Exit::Error,
        }
    }

    /// Whether the reader of the output went away, which is no error.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Write(source) => source.kind() == io::ErrorKind::BrokenPipe,
            Self::Comparison(cause) => cause.is_broken_pipe(),
            _ => false,
        }
    }

    /// What to try next.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Usage { hint, .. } => return hint.clone(),
            Self::Comparison(cause) => return cause.hint(),
            Self::TimedOut { hint, .. } | Self::Failed { hint, .. } | Self::Precondition { hint, .. } => {
                hint.clone()
            }
            Self::Moved(_) => "run it again to see and decide what would change now".to_owned(),
            Self::NoCluster(_) => "set KUBECONFIG or give --kubeconfig FILE".to_owned(),
            Self::Kubeconfig(_) => {
                "`kubectl config view` and `kubectl config get-contexts` show what it says".to_owned()
            }
            Self::Unreachable { .. } => {
                "is it running, and is this the right context (`kubectl config current-context`)?".to_owned()
            }
            Self::Certificate { .. } => "a renewed kubeconfig of this cluster usually mends it".to_owned(),
            Self::Unauthorized { .. } => {
                "log in again, or renew the token or client certificate in your kubeconfig".to_owned()
            }
            Self::Forbidden(attempt) => can_i(attempt),
            Self::KindMissing(_) => "`kubectl csop check` says what else is missing".to_owned(),
            Self::NotFound(attempt) if attempt.resource == crate::client::SCALERS => {
                "`kubectl csop scaler status -A` lists the scalers of all namespaces".to_owned()
            }
            Self::NotFound(attempt) if attempt.resource == crate::client::SCHEDULES => {
                "`kubectl csop scale list -A` lists the schedules of all namespaces".to_owned()
            }
            Self::NotFound(attempt) if attempt.resource.ends_with(csop_shared::names::GROUP) => {
                "`kubectl csop status -A` lists the services of all namespaces".to_owned()
            }
            Self::NamespaceMissing(name) => {
                format!("create it (`kubectl create namespace {name}`), or choose another with -n")
            }
            Self::Exists(attempt) => existing(attempt),
            _ => return None,
        };
        Some(hint)
    }
}

fn can_i(attempt: &Attempt) -> String {
    let scope =
        attempt.namespace.as_ref().map_or_else(|| " -A".to_owned(), |namespace| format!(" -n {namespace}"));
    format!(
        "ask for a role with that verb; `kubectl auth can-i {} {}{scope}` tells when you have it",
        attempt.verb, attempt.resource
    )
}

fn existing(attempt: &Attempt) -> String {
    let name = attempt.name.as_deref().unwrap_or_default();
    let scope = attempt.namespace.as_ref().map_or_else(String::new, |namespace| format!(" -n {namespace}"));
    if attempt.resource == crate::client::SCHEDULES {
        return format!(
            "see it with `kubectl csop scale list{scope}`, end it with `kubectl csop scale cancel {name}{scope}`, or choose another --name"
        );
    }
    format!(
        "see it with `kubectl csop status {name}{scope}`, change it with `kubectl edit csvc {name}{scope}`, or choose another name"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_call_names_verb_resource_and_namespace() {
        let error = Error::Forbidden(Attempt::new("list", "cashservices.csop.dev").within(Some("pay")));
        assert_eq!(
            error.to_string(),
            "forbidden: you may not list cashservices.csop.dev in namespace \"pay\""
        );
        assert_eq!(error.exit().code(), 7);
        assert!(error.hint().unwrap().contains("kubectl auth can-i list cashservices.csop.dev -n pay"));
    }

    #[test]
    fn a_broken_pipe_is_no_error() {
        let error = Error::Write(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(error.exit(), Exit::Ok);
        assert_eq!(Error::Write(io::Error::from(io::ErrorKind::StorageFull)).exit(), Exit::Error);
    }

    #[test]
    fn exit_codes_are_the_documented_ones() {
        let attempt = || Attempt::new("create", "cashservices.csop.dev").of("shop").within(Some("pay"));
        let failed = Error::Failed {
            subject: "shop".into(),
            reason: "ImagePullBackOff".into(),
            message: String::new(),
            hint: String::new(),
        };
        let late =
            Error::TimedOut { what: "shop".into(), after: Duration::from_secs(1), hint: String::new() };
        let refused = |forbidden| Error::Refused { attempt: attempt(), reason: "quota".into(), forbidden };
        for (error, code) in [
            (Error::usage("no", "yes"), 2),
            (Error::Input(vec![]), 2),
            (Error::KindMissing("cashservices.csop.dev".into()), 1),
            (failed, 3),
            (late, 4),
            (Error::Exists(attempt()), 6),
            (refused(true), 7),
            (refused(false), 1),
            (Error::NotFound(attempt()), 1),
            (Error::Moved(attempt()), 6),
            (Error::Comparison(Box::new(Error::NotFound(attempt()))), 2),
            (Error::Comparison(Box::new(Error::Forbidden(attempt()))), 7),
            (Error::Interrupted("no".into()), 130),
        ] {
            assert_eq!(error.exit().code(), code, "{error}");
        }
    }
}
