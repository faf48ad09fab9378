//! `events`: what was said of a service and its children.

use super::status::fetch;
use super::{connect, follow, target};
use crate::cli::Global;
use crate::client::{Cluster, PAGE};
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use crate::kube_error;
use crate::output::events::{Style, head, text};
use crate::output::paint::Paint;
use crate::output::{json, yaml};
use crate::view::events::{EventView, EventsView, Family, view};
use clap::ValueEnum;
use futures::StreamExt;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use kube::api::ListParams;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use std::collections::BTreeSet;
use tokio::signal::unix::Signal;

const EVENTS: &str = "events";

/// Show the events of a service and of all that it owns, the oldest first.
///
/// Events of pods that are gone are shown too, for as long as the cluster keeps them (an hour, usually).
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # What happened?\n  kubectl csop events shop\n\n  \
    # What is happening? Until Ctrl-C\n  kubectl csop events shop -w\n\n  \
    # Only what is wrong\n  kubectl csop events shop -o json | jq -r '.events[] | select(.type == \"Warning\").message'")]
pub struct Args {
    /// Name of a service
    #[arg(value_parser = target::parse)]
    name: String,
    /// Go on with new events, until Ctrl-C or until the service is deleted
    #[arg(short, long)]
    watch: bool,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Yaml,
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let cluster = connect(global, io).await?;
    let name = &args.name;
    let service = cluster.call(cluster.on_service("get", name), cluster.services().get(name)).await?;
    let uid = service.uid().unwrap_or_default();
    let family = family(name, &uid, &cluster, io).await?;
    let all = list(&cluster).await?;
    let own: Vec<_> = all.iter().filter(|event| family.has(event)).map(view).collect();
    if own.is_empty() {
        cluster.still(&service).await?;
    }
    let view = EventsView::new(&cluster.namespace, name, own);
    let style = Style::new(&view.events, io.terminal.width(), Paint::new(io.terminal.live_stdout()));
    // From the first line on Ctrl-C is heard, and not before: until then it just ends the command.
    let stop = if args.watch { Some(follow::interrupts()?) } else { None };
    match args.output {
        Format::Json if !args.watch => io.print(&json(&view))?,
        Format::Yaml if !args.watch => io.print(&yaml(&view))?,
        _ => show(&view, args.output, style, io)?,
    }
    let Some(stop) = stop else { return Ok(Exit::Ok) };
    let seen = all.iter().map(version).collect();
    let mut watch = Watch { name, uid: &uid, family, seen, cluster: &cluster };
    watch.run(stop, |event| one(event, args.output, style), io).await
}

fn show(view: &EventsView, format: Format, style: Style, io: &mut Io) -> Result<(), Error> {
    if view.events.is_empty() {
        io.note(&format!("no events of cashservice/{} are known", view.name));
    } else if format == Format::Table {
        io.print(&head(style))?;
    }
    io.print(&view.events.iter().map(|event| one(event, format, style)).collect::<String>())
}

fn one(event: &EventView, format: Format, style: Style) -> String {
    match format {
        Format::Table => text(event, style, Timestamp::now()),
        Format::Json => json(event),
        Format::Yaml => format!("---\n{}", yaml(event)),
    }
}

async fn family(name: &str, uid: &str, cluster: &Cluster, io: &mut Io) -> Result<Family, Error> {
    let children = fetch::children(name, cluster).await?;
    for missing in &children.missing {
        io.warn(&format!("incomplete: {}", missing.reason));
    }
    Ok(Family::of(uid, &children))
}

fn api(cluster: &Cluster) -> Api<Event> {
    Api::namespaced(cluster.client.clone(), &cluster.namespace)
}

/// All events of the namespace.
async fn list(cluster: &Cluster) -> Result<Vec<Event>, Error> {
    let attempt = Attempt::new("list", EVENTS).within(Some(&cluster.namespace));
    let api = api(cluster);
    cluster.pages(&attempt, ListParams::default(), async |page| api.list(&page).await).await
}

/// What tells the versions of an event apart: it is written again when it is seen again.
fn version(event: &Event) -> (String, String) {
    (event.uid().unwrap_or_default(), event.resource_version().unwrap_or_default())
}

struct Watch<'a> {
    name: &'a str,
    uid: &'a str,
    family: Family,
    seen: BTreeSet<(String, String)>,
    cluster: &'a Cluster,
}

impl Watch<'_> {
    async fn run(
        &mut self,
        mut stop: Signal,
        show: impl Fn(&EventView) -> String,
        io: &mut Io,
    ) -> Result<Exit, Error> {
        let config = watcher::Config::default().page_size(PAGE);
        let mut events = std::pin::pin!(watcher(api(self.cluster), config).default_backoff());
        let mut service =
            std::pin::pin!(watcher::watch_object(self.cluster.services(), self.name).default_backoff());
        let on_events = Attempt::new("watch", EVENTS).within(Some(&self.cluster.namespace));
        let on_service = self.cluster.on_service("watch", self.name);
        loop {
            tokio::select! {
                _ = stop.recv() => {
                    if io.terminal.live_stdout() {
                        io.say("");
                    }
                    return Ok(Exit::Interrupted);
                }
                seen = service.next() => match seen {
                    Some(Ok(Some(service))) if service.uid().as_deref() == Some(self.uid) => {}
                    Some(Ok(_)) | None => {
                        io.note(&format!("cashservice/{} was deleted", self.name));
                        return Ok(Exit::Ok);
                    }
                    Some(Err(error)) => kube_error::passing(error, &on_service, &self.cluster.server, io)?,
                },
                seen = events.next() => match seen {
                    Some(Ok(watcher::Event::Apply(event) | watcher::Event::InitApply(event))) => {
                        if self.is_news(&event).await {
                            io.print(&show(&view(&event)))?;
                        }
                    }
                    Some(Ok(_)) => {}
                    None => return Ok(Exit::Ok),
                    Some(Err(error)) => kube_error::passing(error, &on_events, &self.cluster.server, io)?,
                },
            }
        }
    }

    async fn is_news(&mut self, event: &Event) -> bool {
        if !self.seen.insert(version(event)) {
            return false;
        }
        // A child that was made since: its name begins with that of the service.
        let name = event.involved_object.name.as_deref().unwrap_or_default();
        if !self.family.has(event) && name.starts_with(self.name) {
            // Without an answer the family stays as it is known.
            if let Ok(children) = fetch::children(self.name, self.cluster).await {
                self.family = Family::of(self.uid, &children);
            }
        }
        self.family.has(event)
    }
}
