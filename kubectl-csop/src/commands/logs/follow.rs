//! Following the logs of all pods: one stream for each, opened again where it breaks.

use super::{Args, TAIL_OF_FOLLOW, chosen, pods, selector, stream};
use crate::client::Cluster;
use crate::commands::follow;
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use crate::kube_error;
use crate::output::logs::Style;
use crate::view::logs::{End, Next, Position, Run, Tail, run as newest_run, short_name};
use futures::channel::mpsc::{Receiver, Sender, channel};
use futures::{SinkExt, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::LogParams;
use kube::runtime::{WatchStreamExt, watcher};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Lines that wait for a slow terminal, before their streams are held up.
const WAITING_LINES: usize = 256;
/// How long the last lines may take when the service was deleted.
const LAST_LINES: Duration = Duration::from_secs(40);
/// A stream that was open for so long was no failure: balancers and API servers cut connections on which nothing comes.
const A_WHILE: Duration = Duration::from_secs(5);

/// What a stream has to say.
enum Said {
    Line { pod: String, text: String },
    Ended { pod: String, uid: String, position: Box<Position>, lasted: bool, error: Option<Error> },
}

/// A pod whose log is followed.
struct Followed {
    uid: String,
    container: String,
    /// The newest run of its container; nothing when the pod is gone.
    run: Option<Run>,
    position: Position,
    tail: Tail,
}

struct Follower<'a> {
    args: &'a Args,
    cluster: &'a Cluster,
    pods: BTreeMap<String, Followed>,
    said: Sender<Said>,
    /// Whether the pods that were there at the beginning are known.
    begun: bool,
}

/// Follows until Ctrl-C, or until the service with this UID is deleted and its pods have ended.
pub async fn run(
    args: &Args,
    uid: &str,
    mut style: Style,
    cluster: &Cluster,
    io: &mut Io,
) -> Result<Exit, Error> {
    let (said, mut heard): (_, Receiver<Said>) = channel(WAITING_LINES);
    let mut follower = Follower { args, cluster, pods: BTreeMap::new(), said, begun: false };
    let config = watcher::Config::default().labels(&selector(&args.name));
    let mut watched = std::pin::pin!(watcher(pods(cluster), config).default_backoff());
    let mut service = std::pin::pin!(watcher::watch_object(cluster.services(), &args.name).default_backoff());
    let mut stop = follow::interrupts()?;
    let (on_pods, on_service) = (
        Attempt::new("watch", "pods").within(Some(&cluster.namespace)),
        cluster.on_service("watch", &args.name),
    );
    let mut over = None;
    loop {
        if over.is_some() && !follower.is_busy() {
            return Ok(Exit::Ok);
        }
        tokio::select! {
            _ = stop.recv() => {
                if io.terminal.live_stdout() {
                    io.say("");
                }
                return Ok(Exit::Interrupted);
            }
            () = until(over) => return Ok(Exit::Ok),
            Some(said) = heard.next() => match said {
                Said::Line { pod, text } => io.print(&style.line(&short_name(&pod, &args.name), &text))?,
                ended @ Said::Ended { .. } => follower.ended(ended, io)?,
            },
            seen = watched.next() => match seen {
                Some(Ok(event)) => follower.seen(event, io)?,
                Some(Err(error)) => kube_error::passing(error, &on_pods, &cluster.server, io)?,
                None => return Ok(Exit::Ok),
            },
            seen = service.next(), if over.is_none() => match seen {
                Some(Ok(Some(service))) if service.uid().as_deref() == Some(uid) => {}
                Some(Ok(_)) | None => {
                    io.note(&format!("cashservice/{} was deleted", args.name));
                    over = Some(tokio::time::Instant::now() + LAST_LINES);
                }
                Some(Err(error)) => kube_error::passing(error, &on_service, &cluster.server, io)?,
            },
        }
    }
}

async fn until(time: Option<tokio::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

impl Follower<'_> {
    fn is_busy(&self) -> bool {
        self.pods.values().any(|pod| pod.tail.is_open())
    }

    fn seen(&mut self, event: watcher::Event<Pod>, io: &mut Io) -> Result<(), Error> {
        match event {
            watcher::Event::InitApply(pod) | watcher::Event::Apply(pod) => self.changed(&pod)?,
            watcher::Event::Delete(pod) => self.gone(&pod),
            watcher::Event::InitDone if !self.begun => {
                self.begun = true;
                if self.pods.is_empty() {
                    io.note(&format!("cashservice/{} has no pods yet; waiting for some", self.args.name));
                }
            }
            watcher::Event::Init | watcher::Event::InitDone => {}
        }
        Ok(())
    }

    fn changed(&mut self, pod: &Pod) -> Result<(), Error> {
        let (name, uid) = (pod.name_any(), pod.uid().unwrap_or_default());
        let Some(container) = chosen(pod, self.args)? else { return Ok(()) };
        let run = newest_run(pod, &container);
        let followed = self.pods.entry(name.clone()).or_insert_with(|| Followed {
            uid,
            container,
            run: None,
            position: Position::default(),
            tail: Tail::default(),
        });
        followed.run.clone_from(&run);
        if let Next::Open(after) = followed.tail.changed(run) {
            self.open(&name, after);
        }
        Ok(())
    }

    /// What is left of a pod that is gone is read to its end.
    fn gone(&mut self, pod: &Pod) {
        let name = pod.name_any();
        if let Some(followed) = self.pods.get_mut(&name) {
            followed.run = None;
            if !followed.tail.is_open() {
                self.pods.remove(&name);
            }
        }
    }

    fn ended(&mut self, said: Said, io: &mut Io) -> Result<(), Error> {
        let Said::Ended { pod, uid, position, lasted, error } = said else { return Ok(()) };
        let refused = match error {
            Some(error) if kube_error::is_final(&error) => return Err(error),
            other => other,
        };
        let Some(followed) = self.pods.get_mut(&pod).filter(|followed| followed.uid == uid) else {
            return Ok(());
        };
        followed.position = *position;
        let gone = followed.run.is_none();
        let how = match (lasted, &refused) {
            (true, _) => End::Lasted,
            (false, None) => End::Short,
            (false, Some(_)) => End::Failed,
        };
        let next = followed.tail.ended(how, followed.run.clone().as_ref());
        if followed.tail.is_troubled() {
            let why = refused.map(|error| format!(": {error}")).unwrap_or_default();
            io.note(&format!("the log of pod {pod} ends again and again; still trying{why}"));
        }
        match next {
            Next::Open(after) => self.open(&pod, after),
            Next::Wait if gone => drop(self.pods.remove(&pod)),
            Next::Wait => {}
        }
        Ok(())
    }

    /// Reads the log of a pod on a task of its own.
    fn open(&mut self, pod: &str, after: Duration) {
        let Some(followed) = self.pods.get_mut(pod) else { return };
        // Of a pod that is new, nothing is left out.
        let default = (!self.begun && self.args.since.is_none()).then_some(TAIL_OF_FOLLOW);
        let tail = self.args.tail.filter(|_| !self.begun).or(default);
        let mut position = std::mem::take(&mut followed.position);
        position.reopened();
        let reader = Reader {
            pod: pod.to_owned(),
            uid: followed.uid.clone(),
            params: stream::params(self.args, &followed.container, tail, position.since()),
            position,
            cluster: self.cluster.clone(),
            said: self.said.clone(),
        };
        drop(tokio::spawn(async move {
            tokio::time::sleep(after).await;
            reader.run().await;
        }));
    }
}

/// Reads one stream to its end.
struct Reader {
    pod: String,
    uid: String,
    position: Position,
    params: LogParams,
    cluster: Cluster,
    said: Sender<Said>,
}

impl Reader {
    async fn run(mut self) {
        let (mut any, mut opened) = (false, None);
        let error = self.read(&mut any, &mut opened).await.err();
        let lasted = any || opened.is_some_and(|opened: Instant| opened.elapsed() >= A_WHILE);
        let Self { pod, uid, position, mut said, .. } = self;
        let position = Box::new(position);
        // When nobody listens any more, the command has ended.
        drop(said.send(Said::Ended { pod, uid, position, lasted, error }).await);
    }

    /// `any` says whether there was a line that was not read before, `opened` since when there could be one.
    async fn read(&mut self, any: &mut bool, opened: &mut Option<Instant>) -> Result<(), Error> {
        let mut lines = std::pin::pin!(stream::open(&self.pod, &self.params, &self.cluster).await?);
        *opened = Some(Instant::now());
        while let Some(line) = lines.next().await {
            let line = line?;
            let Some(text) = self.position.take(&line) else { continue };
            *any = true;
            let said = Said::Line { pod: self.pod.clone(), text: text.to_owned() };
            if self.said.send(said).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}
