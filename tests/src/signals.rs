//! Signals that ask a program to end.

use tokio::signal::unix::{SignalKind, signal};

use crate::Error;

/// Waits for SIGINT (Ctrl-C), SIGTERM or SIGHUP. From the first poll on none of them ends the process by itself.
pub async fn stop() -> Result<(), Error> {
    let listen = |kind| signal(kind).map_err(Error::spawn("a signal handler"));
    let (mut interrupt, mut terminate, mut hangup) =
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}
