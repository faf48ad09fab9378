//! `status -w`: until Ctrl-C, or until the service is deleted.

use super::frame::Screen;
use super::{Args, Format, fetch, nothing, text_of_all, text_of_one};
use crate::client::{Cluster, SERVICES};
use crate::commands::follow;
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use crate::kube_error;
use crate::output::facts::{self, Facts};
use crate::view::service;
use crate::view::services::{self, ServicesView};
use csop_shared::api::CashService;
use futures::StreamExt;
use kube::ResourceExt;
use kube::core::DeserializeGuard;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often children are read again: they change without a change of the service.
const REFRESH: Duration = Duration::from_secs(2);
/// How often ages are drawn again.
const REDRAW: Duration = Duration::from_secs(1);

/// Watches one service.
pub async fn one(name: &str, args: &Args, cluster: &Cluster, io: &mut Io) -> Result<Exit, Error> {
    let mut newest = cluster.call(cluster.on_service("get", name), cluster.services().get(name)).await?;
    let mut children = fetch::children(name, cluster).await?;
    for missing in &children.missing {
        io.warn(&format!("incomplete: {}", missing.reason));
    }
    let mut watched = std::pin::pin!(watcher::watch_object(cluster.services(), name).default_backoff());
    let mut refresh = tokio::time::interval_at(tokio::time::Instant::now() + REFRESH, REFRESH);
    let mut redraw = tokio::time::interval(REDRAW);
    let mut printer = Printer::default();
    let uid = newest.uid();
    let mut stop = follow::interrupts()?;
    loop {
        let view = service::view(&newest, &children);
        let show = |io: &Io| (text_of_one(&view, args.output, io), facts::of_service(&view));
        printer.show(args.output, show, io)?;
        let again = tokio::select! {
            _ = stop.recv() => return Ok(stopped(io)),
            _ = redraw.tick() => false,
            _ = refresh.tick() => true,
            seen = watched.next() => match seen {
                Some(Ok(Some(service))) if service.uid() == uid => {
                    newest = service;
                    true
                }
                Some(Ok(_)) | None => return deleted(name, io),
                Some(Err(error)) => {
                    kube_error::passing(error, &cluster.on_service("watch", name), &cluster.server, io)?;
                    false
                }
            },
        };
        if again {
            match fetch::children(name, cluster).await {
                Ok(read) => children = read,
                Err(error) => io.note(&format!("not refreshed: {error}")),
            }
        }
    }
}

/// Ctrl-C: the shell's prompt comes on a line of its own.
fn stopped(io: &mut Io) -> Exit {
    if io.terminal.live_stdout() {
        io.say("");
    }
    Exit::Interrupted
}

fn deleted(name: &str, io: &mut Io) -> Result<Exit, Error> {
    io.note(&format!("cashservice/{name} was deleted"));
    Ok(Exit::Ok)
}

/// Watches all services.
pub async fn all(args: &Args, cluster: &Cluster, io: &mut Io) -> Result<Exit, Error> {
    let (api, place) = fetch::list_api(args.all_namespaces, cluster);
    let attempt = Attempt::new("watch", SERVICES).within(place);
    let mut watched = std::pin::pin!(watch(api, watcher::Config::default()).default_backoff());
    let mut redraw = tokio::time::interval(REDRAW);
    let mut printer = Printer::default();
    let mut known = Known::default();
    let mut stop = follow::interrupts()?;
    loop {
        tokio::select! {
            _ = stop.recv() => return Ok(stopped(io)),
            _ = redraw.tick() => {}
            seen = watched.next() => match seen {
                Some(Ok(event)) => {
                    let complete = known.take(event);
                    if complete && known.services.is_empty() && !io.terminal.live_stdout() {
                        io.note(&nothing(args, cluster));
                    }
                }
                // Without a first answer there is nothing to go on with.
                Some(Err(error)) if !known.complete => {
                    return Err(kube_error::of_watch(error, &attempt, &cluster.server));
                }
                Some(Err(error)) => kube_error::passing(error, &attempt, &cluster.server, io)?,
                None => return Ok(Exit::Ok),
            },
        }
        if known.complete {
            let view = known.view();
            let show = |io: &Io| (frame_of_all(&view, args, cluster, io), facts::of_services(&view));
            printer.show(args.output, show, io)?;
        }
    }
}

/// A table without rows is no table: the screen says so, and a pipe gets nothing.
fn frame_of_all(view: &ServicesView, args: &Args, cluster: &Cluster, io: &Io) -> String {
    match (view.items.is_empty(), args.output) {
        (true, Format::Table | Format::Wide) if io.terminal.live_stdout() => {
            format!("{}\n", nothing(args, cluster))
        }
        (true, Format::Table | Format::Wide) => String::new(),
        _ => text_of_all(view, args, io),
    }
}

/// The services that are known, by namespace and name.
#[derive(Default)]
struct Known {
    services: BTreeMap<(String, String), DeserializeGuard<CashService>>,
    /// Those of a list that is still being read.
    arriving: BTreeMap<(String, String), DeserializeGuard<CashService>>,
    complete: bool,
}

impl Known {
    /// Takes an event in; whether a list has just been read to its end.
    fn take(&mut self, event: Event<DeserializeGuard<CashService>>) -> bool {
        let key = |service: &DeserializeGuard<CashService>| {
            (service.namespace().unwrap_or_default(), service.name_any())
        };
        match event {
            Event::Init => self.arriving.clear(),
            Event::InitApply(service) => drop(self.arriving.insert(key(&service), service)),
            Event::InitDone => {
                self.services = std::mem::take(&mut self.arriving);
                self.complete = true;
                return true;
            }
            Event::Apply(service) => drop(self.services.insert(key(&service), service)),
            Event::Delete(service) => drop(self.services.remove(&key(&service))),
        }
        false
    }

    fn view(&self) -> ServicesView {
        services::view(self.services.values().cloned())
    }
}

/// Redraws on a terminal; elsewhere prints everything once, then what changes.
#[derive(Default)]
struct Printer {
    screen: Screen,
    told: Option<Facts>,
    last: String,
}

impl Printer {
    fn show(
        &mut self,
        format: Format,
        show: impl Fn(&Io) -> (String, Facts),
        io: &mut Io,
    ) -> Result<(), Error> {
        let (text, facts) = show(io);
        if !matches!(format, Format::Table | Format::Wide) {
            // Machine formats: the whole view again, whenever it changes.
            if text != self.last {
                let separator = if format == Format::Yaml && !self.last.is_empty() { "---\n" } else { "" };
                io.print(&format!("{separator}{text}"))?;
                self.last = text;
            }
            return Ok(());
        }
        if let (true, Some(size)) = (io.terminal.live_stdout(), io.terminal.size()) {
            let change = self.screen.draw(&text, size);
            return if change.is_empty() { Ok(()) } else { io.print(&change) };
        }
        let out = match &self.told {
            None => text,
            Some(told) => facts::changes(told, &facts).iter().map(|line| format!("{line}\n")).collect(),
        };
        self.told = Some(facts);
        if out.is_empty() { Ok(()) } else { io.print(&out) }
    }
}
