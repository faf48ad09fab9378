//! `scaler status -w`: until Ctrl-C, or until the scaler is deleted.

use super::super::follow;
use super::super::status::fetch;
use super::super::status::known::Known;
use super::super::status::printer::Printer;
use super::super::status::watch::{REDRAW, REFRESH, stopped};
use super::live::Operator;
use super::status::{Args, list_api, nothing, tell_source, text_of_all, text_of_one};
use crate::client::{Cluster, SCALERS};
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use crate::kube_error;
use crate::output::{scaler, scalers};
use crate::view;
use crate::view::scalers::ScalersView;
use csop_shared::api::GeneralScaler;
use futures::StreamExt;
use jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::{WatchStreamExt, watcher};

/// Watches one scaler.
pub async fn one(name: &str, args: &Args, cluster: &Cluster, io: &mut Io) -> Result<Exit, Error> {
    let mut newest: GeneralScaler = cluster.get(name).await?;
    let mut operator = Operator::new(&args.operator, cluster);
    let mut live = operator.live(name).await;
    tell_source(&view::scaler::view(&newest, &live), io);
    let mut schedules = super::status::schedules(cluster, io).await?;
    let mut watched =
        std::pin::pin!(watcher::watch_object(cluster.api::<GeneralScaler>(), name).default_backoff());
    let mut refresh = tokio::time::interval_at(tokio::time::Instant::now() + REFRESH, REFRESH);
    let mut redraw = tokio::time::interval(REDRAW);
    let mut printer = Printer::default();
    let uid = newest.uid();
    let mut stop = follow::interrupts()?;
    loop {
        let mut view = view::scaler::view(&newest, &live);
        view.windows = view::scaler::windows(&newest, &schedules, Timestamp::now());
        let show = |io: &Io| (text_of_one(&view, args, io), scaler::facts(&view));
        printer.show(args.output.notation(), show, io)?;
        let again = tokio::select! {
            _ = stop.recv() => return Ok(stopped(io)),
            _ = redraw.tick() => false,
            _ = refresh.tick() => true,
            seen = watched.next() => match seen {
                Some(Ok(Some(scaler))) if scaler.uid() == uid => {
                    newest = scaler;
                    true
                }
                Some(Ok(_)) | None => {
                    io.note(&format!("generalscaler/{name} was deleted"));
                    return Ok(Exit::Ok);
                }
                Some(Err(error)) => {
                    let attempt = cluster.on::<GeneralScaler>("watch", name);
                    kube_error::passing(error, &attempt, &cluster.server, io)?;
                    false
                }
            },
        };
        if again {
            live = operator.live(name).await;
            match fetch::schedules(cluster).await {
                Ok(read) => schedules = read,
                // That they may not be read has been said.
                Err(Error::Forbidden(_) | Error::Refused { forbidden: true, .. }) => {}
                Err(error) => io.note(&format!("not refreshed: {error}")),
            }
        }
    }
}

/// Watches all scalers.
pub async fn all(args: &Args, cluster: &Cluster, io: &mut Io) -> Result<Exit, Error> {
    let (api, place) = list_api(args.all_namespaces, cluster);
    let attempt = Attempt::new("watch", SCALERS).within(place);
    let mut watched = std::pin::pin!(watcher(api, watcher::Config::default()).default_backoff());
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
            let view = view::scalers::view(known.objects());
            let show = |io: &Io| (frame(&view, args, cluster, io), scalers::facts(&view));
            printer.show(args.output.notation(), show, io)?;
        }
    }
}

/// A table without rows is no table: the screen says so, and a pipe gets nothing.
fn frame(view: &ScalersView, args: &Args, cluster: &Cluster, io: &Io) -> String {
    match (view.items.is_empty(), args.output.is_for_people()) {
        (true, true) if io.terminal.live_stdout() => format!("{}\n", nothing(args, cluster)),
        (true, true) => String::new(),
        _ => text_of_all(view, args, io),
    }
}
