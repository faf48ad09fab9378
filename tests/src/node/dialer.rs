//! Connections into the network of a real node from outside of it.

use std::{fs::File, io, net::SocketAddr, sync::mpsc as sync_mpsc, thread, time::Duration};

use tokio::{
    net::TcpStream,
    runtime,
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::kernel;

/// Nothing in the network is far away.
const WITHIN: Duration = Duration::from_secs(10);

/// Makes connections in the network of a node. A connection stays in the network in which it was made, whoever uses it.
#[derive(Debug, Clone)]
pub struct Dialer(mpsc::UnboundedSender<Order>);

#[derive(Debug)]
struct Order {
    to: SocketAddr,
    answer: oneshot::Sender<io::Result<std::net::TcpStream>>,
}

impl Dialer {
    /// In the network of the calling thread. It goes on when that thread has ended.
    ///
    /// # Errors
    /// When there can be no more threads.
    pub fn here() -> io::Result<Self> {
        let (sender, mut orders) = mpsc::unbounded_channel::<Order>();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || {
            runtime.block_on(async {
                while let Some(order) = orders.recv().await {
                    tokio::spawn(async move {
                        let made = connect(order.to).await;
                        // Whoever asked may have given up.
                        let _ = order.answer.send(made);
                    });
                }
            });
        });
        Ok(Self(sender))
    }

    /// In the network of the process with this id.
    ///
    /// # Errors
    /// When there is none, or its network cannot be entered.
    pub fn of_process(id: u32) -> io::Result<Self> {
        let network = File::open(format!("/proc/{id}/ns/net"))?;
        let (sender, receiver) = sync_mpsc::channel();
        thread::spawn(move || sender.send(kernel::enter_network(&network).and_then(|()| Self::here())));
        receiver.recv().expect("the thread answers")
    }

    /// Connects to an address in the network.
    ///
    /// # Errors
    /// As connections fail, also after ten seconds.
    pub async fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        let (answer, made) = oneshot::channel();
        let gone = || io::Error::other("the network is gone");
        self.0.send(Order { to, answer }).map_err(|_| gone())?;
        TcpStream::from_std(made.await.map_err(|_| gone())??)
    }
}

async fn connect(to: SocketAddr) -> io::Result<std::net::TcpStream> {
    timeout(WITHIN, TcpStream::connect(to)).await??.into_std()
}
