//! Following a new service until it is Ready, or cannot become so.

use crate::client::Cluster;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::kube_error;
use crate::view::advice;
use crate::view::verdict::{Verdict, judge};
use csop_shared::api::CashService;
use futures::{Stream, StreamExt};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kube::runtime::{WatchStreamExt, watcher};
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A cause that does not mend itself ends the wait once it has lasted this long: the first pull or start may
/// fail for a passing reason.
const GRACE: Duration = Duration::from_secs(10);
/// A service without any status for this long has no operator.
const LONELY: Duration = Duration::from_secs(10);

/// What to make of the newest state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Not there yet; the text says what is going on.
    Waiting(String),
    /// It is Ready; the text says with what.
    Ready(String),
    /// It will not become Ready without a change.
    Failed { reason: String, message: String },
}

/// What has been seen so far.
#[derive(Debug)]
pub struct Progress {
    begun: Instant,
    broken_since: Option<Instant>,
    told_lonely: bool,
}

impl Progress {
    /// Begins to follow.
    pub fn new(now: Instant) -> Self {
        Self { begun: now, broken_since: None, told_lonely: false }
    }

    /// Judges the newest state.
    pub fn step(&mut self, service: &CashService, now: Instant) -> Step {
        let judgement = judge(service);
        let status = service.status.clone().unwrap_or_default();
        let ready = status.ready.unwrap_or_default();
        if judgement.verdict == Verdict::Ready {
            let url = status.url.map(|url| format!(" at {url}")).unwrap_or_default();
            return Step::Ready(format!("{ready}{url}"));
        }
        if judgement.verdict == Verdict::Paused {
            return Step::Failed { reason: judgement.reason, message: judgement.message };
        }
        if !advice::is_lasting(&judgement.reason) {
            self.broken_since = None;
        } else if now.duration_since(*self.broken_since.get_or_insert(now)) >= GRACE {
            return Step::Failed { reason: judgement.reason, message: judgement.message };
        }
        let count = if ready.is_empty() { String::new() } else { format!("{ready} ready, ") };
        let message =
            if judgement.message.is_empty() { String::new() } else { format!(": {}", judgement.message) };
        Step::Waiting(format!("{count}{}{message}", judgement.reason))
    }

    /// Whether it is time to say, once, that no operator seems to be there.
    pub fn is_lonely(&mut self, service: Option<&CashService>, now: Instant) -> bool {
        let silent = service.is_none_or(|service| service.status.is_none());
        let lonely = silent && !self.told_lonely && now.duration_since(self.begun) >= LONELY;
        self.told_lonely |= lonely;
        lonely
    }
}

/// Ctrl-C, from now on.
pub fn interrupts() -> Result<Signal, Error> {
    signal(SignalKind::interrupt()).map_err(|source| Error::Ask { what: "signals".to_owned(), source })
}

/// Follows the service until it is Ready, fails, vanishes, or the time is up.
pub async fn until_ready(
    name: &str,
    timeout: Duration,
    cluster: &Cluster,
    mut interrupted: Signal,
    io: &mut Io,
) -> Result<Exit, Error> {
    let mut view = View::new(name, io);
    let mut watched = std::pin::pin!(watch(name, cluster));
    let mut progress = Progress::new(Instant::now());
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut late = std::pin::pin!(tokio::time::sleep(timeout));
    let mut newest = None;
    let end = loop {
        tokio::select! {
            seen = watched.next() => match seen {
                Some(Ok(Some(service))) => newest = Some(service),
                // Before its first sight the watch may lag behind the creation.
                Some(Ok(None)) if newest.is_none() => {}
                Some(Ok(None)) | None => break Err(Error::Vanished(format!("cashservice/{name}"))),
                Some(Err(error)) => match kube_error::of_watch(error, &cluster.on_service("watch", name), &cluster.server) {
                    last if kube_error::is_final(&last) => break Err(last),
                    passing => view.note(&format!("{passing}; trying again"), io),
                },
            },
            _ = tick.tick() => {}
            _ = interrupted.recv() => break Err(left(name)),
            () = &mut late => break Err(timed_out(name, &cluster.namespace, timeout, &view.last)),
        }
        let now = Instant::now();
        if progress.is_lonely(newest.as_ref(), now) {
            view.note("no operator has touched it yet; is one running? kubectl csop check", io);
        }
        let Some(service) = &newest else { continue };
        match progress.step(service, now) {
            Step::Waiting(text) => view.tell(&text, io),
            Step::Ready(text) => break Ok(text),
            Step::Failed { reason, message } => {
                let hint = next_step(&reason, name, &cluster.namespace);
                break Err(Error::Failed { subject: format!("cashservice/{name}"), reason, message, hint });
            }
        }
    };
    view.clear();
    let text = end?;
    io.print(&format!("cashservice.csop.dev/{name} is Ready: {text}\n"))?;
    Ok(Exit::Ok)
}

fn watch(name: &str, cluster: &Cluster) -> impl Stream<Item = watcher::Result<Option<CashService>>> + use<> {
    watcher::watch_object(cluster.services(), name).default_backoff()
}

fn next_step(reason: &str, name: &str, namespace: &str) -> String {
    match advice::next_step(reason, namespace, name) {
        nothing if nothing.is_empty() => {
            format!("it is there, and its operator keeps trying: kubectl csop status {name} -n {namespace}")
        }
        step => step,
    }
}

fn left(name: &str) -> Error {
    Error::Interrupted(format!("stopped waiting; cashservice/{name} is created and goes on without you"))
}

fn timed_out(name: &str, namespace: &str, after: Duration, last: &str) -> Error {
    let state = if last.is_empty() { String::new() } else { format!(" (now: {last})") };
    Error::TimedOut {
        what: format!("cashservice/{name} to become Ready{state}"),
        after,
        hint: format!("it goes on without you; watch it with `kubectl csop status {name} -n {namespace} -w`"),
    }
}

/// Progress: a spinner on a terminal, plain lines elsewhere, nothing with `--quiet`.
struct View {
    bar: Option<ProgressBar>,
    last: String,
}

impl View {
    fn new(name: &str, io: &Io) -> Self {
        let live = io.terminal.live_stderr() && !io.terminal.quiet;
        let bar = live.then(|| {
            let ticks = if io.terminal.unicode { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ " } else { "-\\|/ " };
            let style = ProgressStyle::with_template("{spinner} {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner())
                .tick_chars(ticks);
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style);
            bar.set_message(format!("waiting for cashservice/{name} to become Ready"));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, last: String::new() }
    }

    fn tell(&mut self, text: &str, io: &mut Io) {
        if self.last == text {
            return;
        }
        text.clone_into(&mut self.last);
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None => io.note(&format!("waiting: {text}")),
        }
    }

    fn note(&self, text: &str, io: &mut Io) {
        match &self.bar {
            Some(bar) => bar.suspend(|| io.note(text)),
            None => io.note(text),
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn service(status: Value) -> CashService {
        serde_json::from_value(json!({
            "apiVersion": "csop.dev/v1alpha1", "kind": "CashService",
            "metadata": {"name": "shop", "namespace": "pay", "generation": 1},
            "spec": {"image": "shop:1", "autoscaling": {"maxReplicas": 3}},
            "status": status,
        }))
        .unwrap()
    }

    fn ready(status: &str, reason: &str) -> CashService {
        service(json!({
            "observedGeneration": 1, "ready": "1/2", "url": "https://shop.pay.svc",
            "conditions": [{"type": "Ready", "status": status, "reason": reason, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        }))
    }

    #[test]
    fn it_ends_when_ready() {
        let begun = Instant::now();
        let mut progress = Progress::new(begun);
        assert_eq!(
            progress.step(&ready("False", "RollingOut"), begun),
            Step::Waiting("1/2 ready, RollingOut".into())
        );
        assert_eq!(
            progress.step(&ready("True", "Ready"), begun),
            Step::Ready("1/2 at https://shop.pay.svc".into())
        );
    }

    #[test]
    fn a_lasting_cause_ends_it_after_a_grace() {
        let begun = Instant::now();
        let later = |seconds| begun + Duration::from_secs(seconds);
        let mut progress = Progress::new(begun);
        let broken = ready("False", "ImagePullBackOff");
        assert!(matches!(progress.step(&broken, begun), Step::Waiting(_)));
        assert!(matches!(progress.step(&ready("False", "ErrImagePull"), later(9)), Step::Waiting(_)));
        assert!(matches!(progress.step(&broken, later(10)), Step::Failed { .. }));
        // A cause that passes starts the grace anew.
        let mut progress = Progress::new(begun);
        progress.step(&broken, begun);
        progress.step(&ready("False", "RollingOut"), later(5));
        assert!(matches!(progress.step(&broken, later(12)), Step::Waiting(_)));
    }

    #[test]
    fn silence_is_told_once() {
        let begun = Instant::now();
        let silent: CashService = serde_json::from_value(json!({
            "apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "metadata": {"name": "shop"},
            "spec": {"image": "shop:1", "autoscaling": {"maxReplicas": 3}},
        }))
        .unwrap();
        let mut progress = Progress::new(begun);
        assert!(!progress.is_lonely(Some(&silent), begun + Duration::from_secs(9)));
        assert!(progress.is_lonely(Some(&silent), begun + Duration::from_secs(10)));
        assert!(!progress.is_lonely(Some(&silent), begun + Duration::from_secs(20)));
        assert!(
            !Progress::new(begun)
                .is_lonely(Some(&ready("False", "RollingOut")), begun + Duration::from_secs(20))
        );
    }
}
