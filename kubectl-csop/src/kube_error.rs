//! What an error of the Kubernetes client means to the user.

use crate::error::{Attempt, Error};
use crate::io::Io;
use crate::schema::pattern;
use kube::config::KubeconfigError;
use kube::core::Status;
use kube::runtime::watcher;
use std::error::Error as StdError;
use std::io::{self, ErrorKind};

/// The error of a call, in the plugin's words.
pub fn of_call(error: kube::Error, attempt: &Attempt, server: &str) -> Error {
    match error {
        kube::Error::Api(status) => of_status(&status, attempt, server),
        kube::Error::Auth(cause) => {
            Error::Unauthorized { server: server.to_owned(), reason: one_line(&cause) }
        }
        kube::Error::SerdeError(cause) => Error::Server {
            attempt: attempt.clone(),
            reason: format!(
                "the answer of {server} makes no sense ({cause}); is it a Kubernetes API server?"
            ),
        },
        other => of_transport(&other, server),
    }
}

/// The error of a watch, in the plugin's words.
pub fn of_watch(error: watcher::Error, attempt: &Attempt, server: &str) -> Error {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => of_call(error, attempt, server),
        watcher::Error::WatchError(status) => of_call(kube::Error::Api(status), attempt, server),
        watcher::Error::NoResourceVersion => Error::Server {
            attempt: attempt.clone(),
            reason: "the API server gives no resourceVersion".to_owned(),
        },
    }
}

/// An error of a watch: one that the watch recovers from is told, one that it cannot recover from ends it.
///
/// # Errors
/// The error that ends it.
pub fn passing(error: watcher::Error, attempt: &Attempt, server: &str, io: &mut Io) -> Result<(), Error> {
    match of_watch(error, attempt, server) {
        last if is_final(&last) => Err(last),
        // The watch was too far behind, and begins anew.
        Error::Server { reason, .. } if reason.contains("too old resource version") => Ok(()),
        error => {
            io.note(&format!("{error}; trying again"));
            Ok(())
        }
    }
}

/// Whether trying again is of no use.
pub fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::Forbidden(_) | Error::KindMissing(_) | Error::Unauthorized { .. } | Error::Certificate { .. }
    )
}

fn of_status(status: &Status, attempt: &Attempt, server: &str) -> Error {
    let attempt = attempt.clone();
    let reason = joined(&status.message);
    if status.code == 401 {
        return Error::Unauthorized { server: server.to_owned(), reason };
    }
    if status.is_forbidden() {
        // RBAC says `User "x" cannot list resource ...`; admission and quotas have words of their own.
        let by_rbac = reason.contains(" cannot ") && reason.contains("resource");
        let impersonation = reason.contains("cannot impersonate");
        return if by_rbac && !impersonation {
            Error::Forbidden(attempt)
        } else {
            Error::Refused { attempt, reason, forbidden: true }
        };
    }
    if status.is_not_found() || status.code == 404 {
        return not_found(status, attempt);
    }
    if status.is_already_exists() {
        return Error::Exists(attempt);
    }
    if status.is_conflict() {
        return Error::Moved(attempt);
    }
    if status.is_invalid() || status.code == 400 {
        return Error::Refused { attempt, reason: causes(status).unwrap_or(reason), forbidden: false };
    }
    let reason = if reason.is_empty() { format!("the API server answered {}", status.code) } else { reason };
    Error::Server { attempt, reason }
}

fn not_found(status: &Status, attempt: Attempt) -> Error {
    let details = status.details.as_ref();
    match details.map(|details| (details.kind.as_str(), details.name.as_str())) {
        Some(("namespaces", name)) if attempt.resource != "namespaces" => {
            Error::NamespaceMissing(name.to_owned())
        }
        Some((_, name)) if !name.is_empty() => Error::NotFound(attempt),
        _ if attempt.resource.ends_with(csop_shared::names::GROUP) => Error::KindMissing(attempt.resource),
        _ => Error::NotFound(attempt),
    }
}

/// The single causes of a refusal, each with its field.
fn causes(status: &Status) -> Option<String> {
    let causes = &status.details.as_ref()?.causes;
    let texts: Vec<_> = causes
        .iter()
        .map(|cause| {
            // Of a pattern, the words in it say enough.
            let wanted = pattern::wanted(&cause.message).map(|is| format!("must be {is}"));
            let message = wanted.unwrap_or_else(|| cause.message.clone());
            if cause.field.is_empty() { message } else { format!("{}: {message}", cause.field) }
        })
        .map(|text| joined(&text))
        .collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// The error of a connection that gave no answer.
fn of_transport(error: &kube::Error, server: &str) -> Error {
    let chain = chain(error);
    let said = chain.join(": ").to_lowercase();
    let server = server.to_owned();
    let certificate = |reason: &str| Error::Certificate { server: server.clone(), reason: reason.to_owned() };
    if said.contains("certificate expired") || said.contains("certificateexpired") {
        return certificate("its certificate, or yours, has expired");
    }
    if said.contains("unknownissuer") || said.contains("unknown issuer") || said.contains("unknownca") {
        return certificate("its certificate is not signed by the authority that your kubeconfig names");
    }
    if said.contains("notvalidforname") || said.contains("not valid for name") {
        return certificate("its certificate is for another host name");
    }
    // A server that stops, or a balancer without one, ends connections at any time, also before TLS is agreed.
    let cut = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    if failed_as(error, &cut) {
        return Error::Unreachable { server, reason: "it closed the connection".to_owned() };
    }
    if said.contains("certificate") || said.contains("received fatal alert") || said.contains("tls") {
        return certificate(&last(&chain));
    }
    let reason = if failed_as(error, &[ErrorKind::ConnectionRefused]) {
        "connection refused".to_owned()
    } else if said.contains("lookup address") || said.contains("dns error") {
        "its host name cannot be resolved".to_owned()
    } else if said.contains("timed out") || said.contains("deadline") {
        "no answer in time".to_owned()
    } else {
        last(&chain)
    };
    Error::Unreachable { server, reason }
}

/// Whether an error of input and output of one of these kinds is behind it. Such errors hide each other from `source`.
fn failed_as(error: &kube::Error, kinds: &[ErrorKind]) -> bool {
    fn inner<'a>(io: &&'a io::Error) -> Option<&'a io::Error> {
        io.get_ref()?.downcast_ref()
    }
    sources(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .flat_map(|outermost| std::iter::successors(Some(outermost), inner))
        .any(|io| kinds.contains(&io.kind()))
}

/// The error of reading a kubeconfig.
pub fn of_kubeconfig(error: &KubeconfigError) -> Error {
    match error {
        KubeconfigError::ReadConfig(cause, path) if cause.kind() == ErrorKind::NotFound => {
            Error::NoCluster(format!("there is no kubeconfig at {}", path.display()))
        }
        KubeconfigError::CurrentContextNotSet => {
            Error::Kubeconfig("no current context is set; choose one with --context".to_owned())
        }
        KubeconfigError::LoadContext(name) => Error::Kubeconfig(format!("it has no context {name:?}")),
        KubeconfigError::LoadClusterOfContext(name) => {
            Error::Kubeconfig(format!("it has no cluster {name:?}"))
        }
        KubeconfigError::FindPath => {
            Error::NoCluster("there is no home directory to look for .kube/config in".to_owned())
        }
        other => Error::Kubeconfig(one_line(other)),
    }
}

fn sources<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

fn chain(error: &(dyn StdError + 'static)) -> Vec<String> {
    sources(error).map(|cause| joined(&cause.to_string())).collect()
}

fn last(chain: &[String]) -> String {
    chain.last().cloned().unwrap_or_default()
}

/// An error on one line, without the causes that its text repeats.
fn one_line(error: &(dyn StdError + 'static)) -> String {
    joined(&error.to_string())
}

fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::response::StatusDetails;

    const SERVER: &str = "https://127.0.0.1:6443";

    fn attempt() -> Attempt {
        Attempt::new("create", "cashservices.csop.dev").of("shop").within(Some("pay"))
    }

    fn of(status: Status) -> Error {
        of_call(kube::Error::Api(status.boxed()), &attempt(), SERVER)
    }

    fn status(code: u16, reason: &str, message: &str) -> Status {
        Status::failure(message, reason).with_code(code)
    }

    fn about(kind: &str, name: &str) -> StatusDetails {
        serde_json::from_value(serde_json::json!({"kind": kind, "name": name})).unwrap()
    }

    #[test]
    fn each_answer_has_its_exit_code() {
        let rbac = r#"cashservices.csop.dev is forbidden: User "jane" cannot create resource "cashservices" in API group "csop.dev" in the namespace "pay""#;
        let quota = "pods \"x\" is forbidden: exceeded quota: few";
        for (answer, code, text) in [
            (status(401, "Unauthorized", "Unauthorized"), 1, "does not accept your credentials"),
            (
                status(403, "Forbidden", rbac),
                7,
                "you may not create cashservices.csop.dev \"shop\" in namespace \"pay\"",
            ),
            (status(403, "Forbidden", quota), 7, "exceeded quota: few"),
            (
                status(404, "NotFound", "the server could not find the requested resource"),
                1,
                "CustomResourceDefinitions",
            ),
            (status(404, "", "404 page not found"), 1, "CustomResourceDefinitions"),
            (
                status(404, "NotFound", "no").with_details(about("namespaces", "pay")),
                1,
                "namespace \"pay\" not found",
            ),
            (
                status(404, "NotFound", "no").with_details(about("cashservices", "shop")),
                1,
                "\"shop\" in namespace \"pay\" not found",
            ),
            (status(409, "AlreadyExists", "there"), 6, "already exists"),
            (status(422, "Invalid", "spec.image: no"), 1, "spec.image: no"),
            (
                status(500, "InternalError", "etcd\n is gone"),
                1,
                "cannot create cashservices.csop.dev \"shop\" in namespace \"pay\": etcd is gone",
            ),
            (status(503, "", ""), 1, "answered 503"),
        ] {
            let error = of(answer);
            assert_eq!(error.exit().code(), code, "{error}");
            assert!(error.to_string().contains(text), "{error}");
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }

    #[test]
    fn connections_that_fail_say_why_in_a_line() {
        for (cause, text) in [
            (io::Error::from(ErrorKind::ConnectionRefused), "connection refused"),
            (
                io::Error::other("invalid peer certificate: certificate expired: verification time 2"),
                "has expired",
            ),
            (io::Error::other("invalid peer certificate: UnknownIssuer"), "not signed by the authority"),
            (
                io::Error::other("invalid peer certificate: certificate not valid for name \"a\""),
                "another host name",
            ),
            (
                io::Error::other("failed to lookup address information: Name or service not known"),
                "cannot be resolved",
            ),
            (io::Error::other("deadline has elapsed"), "no answer in time"),
            (
                io::Error::other(io::Error::new(ErrorKind::UnexpectedEof, "tls handshake eof")),
                "cannot reach the cluster at https://127.0.0.1:6443: it closed the connection",
            ),
        ] {
            let error = of_call(kube::Error::Service(Box::new(cause)), &attempt(), SERVER);
            assert!(error.to_string().contains(text), "{error}");
            assert!(error.to_string().contains(SERVER), "{error}");
            assert!(error.hint().is_some(), "{error}");
        }
    }
}
