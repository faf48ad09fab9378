//! Following a service until it is where it should be, or cannot get there.

mod progress;
mod view;

use crate::client::Cluster;
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use crate::kube_error;
use crate::view::{advice, revisions};
use csop_shared::api::CashService;
use futures::{Stream, StreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use progress::{Progress, Seen, Step};
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};
use view::View;

/// How often a rollout is looked at: it moves without a change of the service.
const TICK: Duration = Duration::from_secs(1);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A new service is Ready.
    Created,
    /// The service is Ready with its newest spec.
    Ready,
    /// All pods are of the newest revision.
    RolledOut,
    /// The service is gone.
    Deleted,
}

impl Goal {
    /// What the service is waited for to do.
    const fn verb(self) -> &'static str {
        match self {
            Self::Created | Self::Ready => "become Ready",
            Self::RolledOut => "be rolled out",
            Self::Deleted => "be deleted",
        }
    }

    /// What is said of the service that did it.
    const fn reached(self) -> &'static str {
        match self {
            Self::Created | Self::Ready => "is Ready",
            Self::RolledOut => "is rolled out",
            Self::Deleted => "is deleted",
        }
    }

    /// Whether more than the service itself tells of it.
    const fn needs_rollout(self) -> bool {
        matches!(self, Self::Ready | Self::RolledOut)
    }
}

/// Ctrl-C, from now on.
///
/// # Errors
/// When the process cannot hear of signals.
pub fn interrupts() -> Result<Signal, Error> {
    signal(SignalKind::interrupt()).map_err(|source| Error::Ask { what: "signals".to_owned(), source })
}

/// Follows the service until the goal is reached, it fails, vanishes, or the time is up.
///
/// # Errors
/// Whatever keeps the service from the goal.
pub async fn until(
    goal: Goal,
    name: &str,
    timeout: Duration,
    cluster: &Cluster,
    mut interrupted: Signal,
    io: &mut Io,
) -> Result<Exit, Error> {
    let mut view = View::new(&format!("cashservice/{name} to {}", goal.verb()), io);
    let end = tokio::select! {
        end = follow(goal, name, cluster, &mut view, io) => Some(end),
        _ = interrupted.recv() => None,
        () = tokio::time::sleep(timeout) => {
            return Err(timed_out(goal, name, &cluster.namespace, timeout, &view.last));
        }
    };
    drop(view);
    let text = end.unwrap_or_else(|| Err(left(goal, name)))?;
    let detail = if text.is_empty() { String::new() } else { format!(": {text}") };
    io.print(&format!("cashservice.csop.dev/{name} {}{detail}\n", goal.reached()))?;
    Ok(Exit::Ok)
}

async fn follow(
    goal: Goal,
    name: &str,
    cluster: &Cluster,
    view: &mut View,
    io: &mut Io,
) -> Result<String, Error> {
    let mut watched = std::pin::pin!(watch(name, cluster));
    let mut progress = Progress::new(goal, Instant::now());
    let mut rollout = Rollout { cluster, name, told: false, late: false };
    let mut tick = tokio::time::interval(TICK);
    let mut newest: Option<CashService> = None;
    loop {
        tokio::select! {
            seen = watched.next() => match seen {
                Some(Ok(Some(service))) if is_same(newest.as_ref(), &service) => newest = Some(service),
                // Before its first sight the watch may lag behind the creation.
                Some(Ok(None)) if newest.is_none() && goal == Goal::Created => {}
                Some(Ok(_)) | None if goal == Goal::Deleted => return Ok(String::new()),
                Some(Ok(_)) | None => {
                    let subject = format!("cashservice/{name}");
                    return Err(Error::Vanished { subject, doing: "waited for" });
                }
                Some(Err(error)) => match kube_error::of_watch(error, &cluster.on_service("watch", name), &cluster.server) {
                    last if kube_error::is_final(&last) => return Err(last),
                    passing => view.note(&format!("{passing}; trying again"), io),
                },
            },
            _ = tick.tick() => {}
        }
        let now = Instant::now();
        if goal != Goal::Deleted && progress.is_lonely(newest.as_ref(), now) {
            view.note("no operator has touched it yet; is one running? kubectl csop check", io);
        }
        let Some(service) = &newest else { continue };
        let seen = match goal.needs_rollout() {
            true => rollout.read(service, view, io).await?,
            false => Some(Seen { service: service.clone(), deployment: None, newest: None }),
        };
        let Some(seen) = seen else { continue };
        match progress.step(&seen, now) {
            Step::Waiting(text) => view.tell(&text, io),
            Step::Done(text) => return Ok(text),
            Step::Failed { reason, message } => {
                let hint = next_step(&reason, &message, name, &cluster.namespace);
                return Err(Error::Failed { subject: format!("cashservice/{name}"), reason, message, hint });
            }
        }
    }
}

/// Whether it is still the object that was seen first.
fn is_same(seen: Option<&CashService>, now: &CashService) -> bool {
    seen.is_none_or(|seen| seen.uid() == now.uid())
}

/// Reads how far a rollout is.
struct Rollout<'a> {
    cluster: &'a Cluster,
    name: &'a str,
    /// Whether it was said that something may not be read.
    told: bool,
    /// Whether something could not be read this time.
    late: bool,
}

impl Rollout<'_> {
    /// Nothing when the API server failed: it is asked again with the next tick.
    async fn read(&mut self, service: &CashService, view: &View, io: &mut Io) -> Result<Option<Seen>, Error> {
        let api = Api::<Deployment>::namespaced(self.cluster.client.clone(), &self.cluster.namespace);
        let attempt =
            Attempt::new("get", "deployments.apps").of(self.name).within(Some(&self.cluster.namespace));
        let (deployment, recorded) = futures::join!(
            self.cluster.call(attempt, api.get_opt(self.name)),
            super::history::recorded(service, self.cluster),
        );
        self.late = false;
        let seen = Seen {
            service: service.clone(),
            deployment: self.or_none(deployment, view, io)?.flatten(),
            newest: self.or_none(recorded, view, io)?.and_then(|all| revisions::newest(&all).cloned()),
        };
        Ok((!self.late).then_some(seen))
    }

    /// What may not be read is left out, and told once.
    fn or_none<T>(&mut self, read: Result<T, Error>, view: &View, io: &mut Io) -> Result<Option<T>, Error> {
        match read {
            Ok(value) => Ok(Some(value)),
            Err(error @ (Error::Forbidden(_) | Error::Refused { forbidden: true, .. })) => {
                if !std::mem::replace(&mut self.told, true) {
                    view.note(&format!("incomplete: {error}"), io);
                }
                Ok(None)
            }
            Err(error) if kube_error::is_final(&error) => Err(error),
            Err(error) => {
                self.late = true;
                view.note(&format!("{error}; trying again"), io);
                Ok(None)
            }
        }
    }
}

fn watch(name: &str, cluster: &Cluster) -> impl Stream<Item = watcher::Result<Option<CashService>>> + use<> {
    watcher::watch_object(cluster.services(), name).default_backoff()
}

fn next_step(reason: &str, message: &str, name: &str, namespace: &str) -> String {
    match advice::next_step(reason, message, namespace, name) {
        nothing if nothing.is_empty() => {
            format!("it is there, and its operator keeps trying: kubectl csop status {name} -n {namespace}")
        }
        step => step,
    }
}

fn left(goal: Goal, name: &str) -> Error {
    let state = if goal == Goal::Created { " is created and" } else { "" };
    Error::Interrupted(format!("stopped waiting; cashservice/{name}{state} goes on without you"))
}

fn timed_out(goal: Goal, name: &str, namespace: &str, after: Duration, last: &str) -> Error {
    let state = if last.is_empty() { String::new() } else { format!(" (now: {last})") };
    Error::TimedOut {
        what: format!("cashservice/{name} to {}{state}", goal.verb()),
        after,
        hint: format!("it goes on without you; watch it with `kubectl csop status {name} -n {namespace} -w`"),
    }
}
