//! `status -w`: until Ctrl-C, or until the service is deleted.

use super::known::Known;
use super::printer::Printer;
use super::{Args, Format, fetch, nothing, text_of_all, text_of_one};
use crate::client::{Cluster, SERVICES};
use crate::commands::follow;
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use crate::kube_error;
use crate::output::facts;
use crate::view::service;
use crate::view::services::{self, ServicesView};
use futures::StreamExt;
use kube::ResourceExt;
use kube::runtime::watcher;
use kube::runtime::{WatchStreamExt, watcher as watch};
use std::time::Duration;

/// How often what changes without a change of the object is read again.
pub(in crate::commands) const REFRESH: Duration = Duration::from_secs(2);
/// How often ages are drawn again.
pub(in crate::commands) const REDRAW: Duration = Duration::from_secs(1);

/// Watches one service.
pub async fn one(name: &str, args: &Args, cluster: &Cluster, io: &mut Io) -> Result<Exit, Error> {
    let mut newest = cluster.call(cluster.on_service("get", name), cluster.services().get(name)).await?;
    let mut children = fetch::for_view(&newest, cluster).await?;
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
        printer.show(args.output.notation(), show, io)?;
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
            match fetch::for_view(&newest, cluster).await {
                Ok(read) => children = read,
                Err(error) => io.note(&format!("not refreshed: {error}")),
            }
        }
    }
}

/// Ctrl-C: the shell's prompt comes on a line of its own.
pub(in crate::commands) fn stopped(io: &mut Io) -> Exit {
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
                    if complete && known.is_empty() && !io.terminal.live_stdout() {
                        io.note(&nothing(args, cluster));
                    }
                }
                // Without a first answer there is nothing to go on with.
                Some(Err(error)) if !known.is_complete() => {
                    return Err(kube_error::of_watch(error, &attempt, &cluster.server));
                }
                Some(Err(error)) => kube_error::passing(error, &attempt, &cluster.server, io)?,
                None => return Ok(Exit::Ok),
            },
        }
        if known.is_complete() {
            let view = services::view(known.objects());
            let show = |io: &Io| (frame_of_all(&view, args, cluster, io), facts::of_services(&view));
            printer.show(args.output.notation(), show, io)?;
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
