//! The only way into the network of a real node and out of it: connections to one port of the API server and one of the
//! kubelet are carried over.

use std::{net::Ipv4Addr, thread};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    runtime,
    sync::mpsc,
};

use crate::Error;

/// Hands connections over to a thread in the network of the node.
pub(super) type Inward = mpsc::UnboundedSender<std::net::TcpStream>;

/// Starts, in the network of the calling thread, what connects streams to this port there. It ends with what it returns.
pub(super) fn inward(port: u16) -> Result<Inward, Error> {
    let (sender, mut receiver) = mpsc::unbounded_channel::<std::net::TcpStream>();
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::spawn("the relay"))?;
    thread::spawn(move || {
        runtime.block_on(async {
            while let Some(stream) = receiver.recv().await {
                // A stream that cannot be carried on is closed, which is the answer.
                if let Ok(stream) = TcpStream::from_std(stream) {
                    tokio::spawn(carry(stream, port));
                }
            }
        });
    });
    Ok(sender)
}

/// Carries what comes to the listener over to the node.
pub(super) async fn into_node(listener: TcpListener, inward: Inward) {
    while let Ok((stream, _)) = listener.accept().await {
        if stream.into_std().is_ok_and(|stream| inward.send(stream).is_err()) {
            return;
        }
    }
}

/// Carries what comes to the node's listener over to this port of the machine.
pub(super) async fn out_of_node(listener: TcpListener, port: u16) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(carry(stream, port));
    }
}

async fn carry(mut from: TcpStream, port: u16) {
    if let Ok(mut to) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
        // Either side may go away at any time.
        let _ = copy_bidirectional(&mut from, &mut to).await;
    }
}
