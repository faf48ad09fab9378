//! Asking for a reconcile from beside the reconciles.

use tokio::sync::mpsc;

use super::scope::Scope;

/// Asks for reconciles of one controller's objects.
#[derive(Clone, Debug)]
pub struct Waker {
    scope: Scope,
    /// One for each namespace scope.
    queues: Vec<mpsc::UnboundedSender<(String, String)>>,
}

impl Waker {
    pub(super) fn new(scope: Scope, queues: Vec<mpsc::UnboundedSender<(String, String)>>) -> Self {
        Self { scope, queues }
    }

    /// Has an object reconciled soon; nothing happens when its namespace is not watched.
    pub fn wake(&self, namespace: &str, name: &str) {
        let at = self.scope.watches().iter().position(|s| s.as_deref().is_none_or(|s| s == namespace));
        if let Some(queue) = at.and_then(|at| self.queues.get(at)) {
            // A closed queue belongs to a controller that has stopped.
            let _ = queue.send((namespace.to_owned(), name.to_owned()));
        }
    }
}
