//! What can go wrong around the control plane.

use std::{
    io,
    path::PathBuf,
    process::{ExitStatus, Output},
    time::Duration,
};

/// A failure to build, start or use the local control plane.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was attempted, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A program could not be started or waited for.
    #[error("cannot run {program}: {source}")]
    Spawn {
        /// The program.
        program: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A program ended with a failure.
    #[error("{program} failed ({status})\n{detail}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of its output.
        detail: String,
    },
    /// A component did not become ready in time.
    #[error("{what}: not so after {} s\n{detail}", limit.as_secs_f32())]
    NotReady {
        /// What was waited for.
        what: String,
        /// How long.
        limit: Duration,
        /// The last answer, or the end of a log.
        detail: String,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate for {subject}: {source}")]
    Certificate {
        /// Whose certificate.
        subject: String,
        /// Why it failed.
        source: rcgen::Error,
    },
    /// A request to the API server failed.
    #[error("cannot {action}: {source}")]
    Api {
        /// What was attempted on which object.
        action: String,
        /// Why it failed.
        source: Box<kube::Error>,
    },
    /// A kubeconfig file cannot be used.
    #[error("cannot use the kubeconfig {}: {reason}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Nothing can be done with a component as told.
    #[error(
        "cannot follow the order {order:?}: know stop, start, pause and resume, and a component that this fits"
    )]
    Order {
        /// The order.
        order: String,
    },
    /// Something that the machine should have is missing.
    #[error("{0}")]
    Missing(String),
}

impl Error {
    /// For `map_err` after a file operation.
    pub fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }

    /// For `map_err` after starting a program.
    pub fn spawn(program: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let program = program.into();
        move |source| Self::Spawn { program, source }
    }

    /// Nothing where a program has succeeded; else what it said of its failure.
    pub fn unless_succeeded(program: impl Into<String>, output: &Output) -> Result<(), Self> {
        if output.status.success() {
            return Ok(());
        }
        let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
        let detail = String::from_utf8_lossy(said).into_owned();
        Err(Self::Failed { program: program.into(), status: output.status, detail })
    }

    /// For `map_err` after a request.
    pub fn api(action: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let action = action.into();
        move |source| Self::Api { action, source: Box::new(source) }
    }
}
