//! Which containers' logs are read, and when they are read again.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::ResourceExt;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// The annotation that names the container which tools mean by default.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";
/// A stream that breaks this often in a row is told of.
const TRIES: u32 = 6;
/// A new stream begins so long before the last line of the one before: the times of lines are that much in disorder at most.
const OVERLAP: SignedDuration = SignedDuration::from_secs(1);

/// The container whose log is read: the one that is asked for, else the pod's default one.
pub fn container(pod: &Pod, wanted: Option<&str>) -> Option<String> {
    let spec = pod.spec.as_ref()?;
    let init = spec.init_containers.iter().flatten().map(|it| it.name.as_str());
    let debug = spec.ephemeral_containers.iter().flatten().map(|it| it.name.as_str());
    let mut all = spec.containers.iter().map(|it| it.name.as_str()).chain(init).chain(debug);
    match wanted.or_else(|| pod.annotations().get(DEFAULT_CONTAINER).map(String::as_str)) {
        Some(name) => all.find(|it| *it == name).map(str::to_owned),
        None => all.next().map(str::to_owned),
    }
}

/// One run of a container; a restart makes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// How often the container was restarted before.
    pub restarts: i32,
    /// Whether it has ended.
    pub ended: bool,
}

/// Whether a run of the container ended before its newest one, or before one that is to come.
pub fn was_restarted(pod: &Pod, container: &str) -> bool {
    let last = status(pod, container).and_then(|found| found.last_state.as_ref());
    last.is_some_and(|last| last.terminated.is_some())
}

fn status<'a>(pod: &'a Pod, container: &str) -> Option<&'a ContainerStatus> {
    let status = pod.status.as_ref()?;
    let regular = status.container_statuses.iter().flatten();
    let others =
        status.init_container_statuses.iter().chain(status.ephemeral_container_statuses.iter()).flatten();
    regular.chain(others).find(|it| it.name == container)
}

/// The newest run of a container; nothing while it has never started.
pub fn run(pod: &Pod, container: &str) -> Option<Run> {
    let found = status(pod, container)?;
    let state = found.state.as_ref()?;
    if state.running.is_some() {
        Some(Run { restarts: found.restart_count, ended: false })
    } else if state.terminated.is_some() {
        Some(Run { restarts: found.restart_count, ended: true })
    } else {
        // It waits for a restart: the log is that of the run before.
        let last = found.last_state.as_ref().and_then(|it| it.terminated.as_ref());
        last.map(|_| Run { restarts: found.restart_count.saturating_sub(1), ended: true })
    }
}

/// What the log of a pod is called before each of its lines: its name without the service's.
pub fn short_name(pod: &str, service: &str) -> String {
    let rest = pod.strip_prefix(service).and_then(|rest| rest.strip_prefix('-'));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(pod).to_owned()
}

/// The time before a line, where it has one, and its text.
pub fn parts(line: &str) -> (Option<Timestamp>, &str) {
    let (time, text) = line.split_once(' ').unwrap_or((line, ""));
    time.parse().map_or((None, line), |time| (Some(time), text))
}

/// How far a log was read, so that a new stream goes on behind it and shows no line twice. Times alone do not tell: of lines
/// that are written to both outputs a later one may have an earlier time.
#[derive(Clone, Debug, Default)]
pub struct Position {
    last: Option<Timestamp>,
    /// The lines of the last while, by the hash of their text.
    recent: VecDeque<(Timestamp, u64)>,
    /// Of these, those that the new stream is about to bring again, and how often.
    again: HashMap<(Timestamp, u64), usize>,
}

impl Position {
    /// From when on a new stream has to bring lines; nothing while there was none.
    pub fn since(&self) -> Option<Timestamp> {
        self.last.map(|last| last.saturating_sub(OVERLAP).unwrap_or(last))
    }

    /// A stream begins that brings what there is [since](Self::since).
    pub fn reopened(&mut self) {
        self.again.clear();
        for read in &self.recent {
            *self.again.entry(*read).or_default() += 1;
        }
    }

    /// The text of a line that begins with its time; nothing when it was read before.
    pub fn take<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let (Some(time), text) = parts(line) else { return Some(line) };
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let read = (time, hasher.finish());
        if let Some(left) = self.again.get_mut(&read).filter(|left| **left > 0) {
            *left -= 1;
            return None;
        }
        self.last = Some(time);
        // Kubelets know only the second of a time since which lines are wanted.
        let oldest = time.saturating_sub(OVERLAP * 2).unwrap_or(time);
        while self.recent.front().is_some_and(|(time, _)| *time < oldest) {
            self.recent.pop_front();
        }
        self.recent.push_back(read);
        Some(text)
    }
}

/// Whether the end of a stream of lines with times is no line of the container: a kubelet that cannot read a log, or not
/// further, ends the stream with its error, which has neither a time before it nor an end of line behind it.
pub fn is_of_node(line: &[u8]) -> bool {
    !line.ends_with(b"\n") && parts(&String::from_utf8_lossy(line)).0.is_none()
}

/// The log of one container that is followed.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    /// The run that was read last.
    run: Option<Run>,
    /// Whether a stream is open.
    open: bool,
    /// Streams in a row that broke at once.
    broken: u32,
}

/// What to do about a log now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Open a stream, after this time.
    Open(Duration),
    /// Wait for a change of the pod.
    Wait,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It brought lines, or was open for a while.
    Lasted,
    /// It brought nothing.
    Short,
    /// It could not be opened, or broke at once.
    Failed,
}

impl Tail {
    /// The container is in this run now.
    pub fn changed(&mut self, now: Option<Run>) -> Next {
        match now {
            Some(now) if !self.open && self.run.as_ref() != Some(&now) => {
                // A run that was read to its end while it ended brings nothing new.
                let known = self.run.as_ref().is_some_and(|run| run.restarts == now.restarts) && now.ended;
                if known && self.broken == 0 {
                    return Next::Wait;
                }
                self.run = Some(now);
                self.open = true;
                Next::Open(Duration::ZERO)
            }
            _ => Next::Wait,
        }
    }

    /// The stream ended; the container is in this run.
    pub fn ended(&mut self, how: End, now: Option<&Run>) -> Next {
        self.open = false;
        self.broken = if how == End::Lasted { 0 } else { self.broken.saturating_add(1) };
        let same = |run: &Run| self.run.as_ref().is_some_and(|read| read.restarts == run.restarts);
        match now {
            // The container is gone, and its log was read.
            None => Next::Wait,
            Some(run) if same(run) && run.ended && how != End::Failed => {
                self.broken = 0;
                Next::Wait
            }
            Some(run) => {
                self.run = Some(run.clone());
                self.open = true;
                Next::Open(Duration::from_secs(1 << self.broken.min(4)) / 2)
            }
        }
    }

    /// Whether it has just broken so often that whoever follows should know.
    pub fn is_troubled(&self) -> bool {
        self.broken == TRIES
    }

    /// Whether a stream is open, or about to be.
    pub fn is_open(&self) -> bool {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(status: Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "shop-1a-b"},
            "spec": {"containers": [{"name": "app"}, {"name": "mesh"}], "initContainers": [{"name": "setup"}]},
            "status": {"containerStatuses": [status]},
        }))
        .unwrap()
    }

    fn state(state: Value, restarts: i32, last: Value) -> Pod {
        pod(json!({"name": "app", "image": "i", "imageID": "", "ready": true, "restartCount": restarts,
            "state": state, "lastState": last}))
    }

    fn running(restarts: i32) -> Run {
        Run { restarts, ended: false }
    }

    #[test]
    fn the_container_is_the_one_that_is_asked_for_or_the_first() {
        let mut pod = state(json!({}), 0, json!({}));
        assert_eq!(container(&pod, None).as_deref(), Some("app"));
        assert_eq!(container(&pod, Some("setup")).as_deref(), Some("setup"));
        assert_eq!(container(&pod, Some("other")), None);
        pod.annotations_mut().insert(DEFAULT_CONTAINER.to_owned(), "mesh".to_owned());
        assert_eq!(container(&pod, None).as_deref(), Some("mesh"));
    }

    #[test]
    fn a_log_is_that_of_the_newest_run() {
        let ended = json!({"terminated": {"exitCode": 1}});
        let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        assert_eq!(run(&state(json!({"running": {}}), 2, json!({})), "app"), Some(running(2)));
        assert_eq!(run(&state(ended.clone(), 0, json!({})), "app"), Some(Run { restarts: 0, ended: true }));
        assert_eq!(run(&state(waiting.clone(), 3, ended), "app"), Some(Run { restarts: 2, ended: true }));
        assert_eq!(run(&state(waiting, 0, json!({})), "app"), None);
        assert_eq!(run(&state(json!({}), 0, json!({})), "mesh"), None);
    }

    #[test]
    fn there_is_a_previous_log_after_a_restart() {
        let ended = json!({"terminated": {"exitCode": 1}});
        assert!(was_restarted(&state(json!({"running": {}}), 1, ended), "app"));
        assert!(!was_restarted(&state(json!({"running": {}}), 0, json!({})), "app"));
    }

    #[test]
    fn names_of_pods_are_shortened() {
        assert_eq!(short_name("shop-7c9b-aaaaa", "shop"), "7c9b-aaaaa");
        assert_eq!(short_name("other", "shop"), "other");
    }

    #[test]
    fn a_line_is_read_once_whatever_the_order_of_times() {
        let mut position = Position::default();
        assert_eq!(position.since(), None);
        let (one, two) = ("2026-01-01T00:00:03.1Z hello  you", "2026-01-01T00:00:03.2Z");
        let early = "2026-01-01T00:00:03.15Z of the other output";
        assert_eq!(position.take(one), Some("hello  you"));
        assert_eq!(position.take(one), Some("hello  you"), "a stream does not repeat itself");
        assert_eq!(position.take(two), Some(""));
        assert_eq!(position.take(early), Some("of the other output"));
        assert_eq!(position.take("no time"), Some("no time"));

        assert_eq!(position.since(), "2026-01-01T00:00:02.15Z".parse().ok());
        position.reopened();
        let late = "2026-01-01T00:00:03.12Z was not seen";
        let lines = [one, one, one, late, two, early, two];
        let seen = lines.map(|line| position.take(line));
        assert_eq!(seen, [None, None, Some("hello  you"), Some("was not seen"), None, None, Some("")]);
    }

    #[test]
    fn only_the_lines_of_the_last_seconds_are_remembered() {
        let mut position = Position::default();
        for second in 10..60 {
            position.take(&format!("2026-01-01T00:00:{second}Z tick"));
        }
        assert_eq!(position.recent.len(), 3);
        assert_eq!(
            position.take("2026-01-01T00:00:10Z the clock was set back"),
            Some("the clock was set back")
        );
        assert_eq!(position.since(), "2026-01-01T00:00:09Z".parse().ok());
    }

    #[test]
    fn the_words_of_a_node_are_no_line() {
        let gone = b"unable to retrieve container logs for containerd://1f";
        let missing = b"failed to try resolving symlinks in path \"/var/log/pods/a/app/0.log\": no such file";
        assert!(is_of_node(gone) && is_of_node(missing));
        // The last line of a program may have no end, and what is left of a very long one no time.
        let (last, empty) = (b"2026-01-01T00:00:00.1Z hello  you", b"2026-01-01T00:00:00.2Z");
        assert!(!is_of_node(last) && !is_of_node(empty) && !is_of_node(b"the end of a long line\n"));
    }

    #[test]
    fn a_restarted_container_is_read_again_and_one_that_ended_is_not() {
        let mut tail = Tail::default();
        assert_eq!(tail.changed(None), Next::Wait);
        assert_eq!(tail.changed(Some(running(0))), Next::Open(Duration::ZERO));
        assert_eq!(tail.changed(Some(running(0))), Next::Wait, "one stream at a time");
        // The stream ends before the pod is seen to have ended.
        assert!(matches!(tail.ended(End::Lasted, Some(&running(0))), Next::Open(_)));
        assert_eq!(tail.ended(End::Short, Some(&Run { restarts: 0, ended: true })), Next::Wait);
        assert_eq!(tail.changed(Some(Run { restarts: 0, ended: true })), Next::Wait);
        assert_eq!(tail.changed(Some(running(1))), Next::Open(Duration::ZERO));
    }

    #[test]
    fn a_stream_that_keeps_breaking_is_told_of_once_and_tried_on() {
        let mut tail = Tail::default();
        tail.changed(Some(running(0)));
        let (mut waited, mut told) = (Duration::ZERO, 0);
        for _ in 0..3 * TRIES {
            let Next::Open(after) = tail.ended(End::Failed, Some(&running(0))) else { panic!("given up") };
            assert!(after >= waited);
            waited = after;
            told += u32::from(tail.is_troubled());
        }
        assert_eq!((waited, told), (Duration::from_secs(8), 1));
        assert!(tail.is_open());
    }

    #[test]
    fn a_quiet_stream_that_is_cut_now_and_then_is_no_trouble() {
        let mut tail = Tail::default();
        tail.changed(Some(running(0)));
        for _ in 0..3 * TRIES {
            assert_eq!(tail.ended(End::Lasted, Some(&running(0))), Next::Open(Duration::from_millis(500)));
            assert!(!tail.is_troubled());
        }
    }
}
