//! Starts a real node in namespaces of its own, and ends it.

use std::{
    env,
    fs::File,
    io,
    net::{Ipv4Addr, TcpListener},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
};

use tokio::{sync::oneshot, task::AbortHandle};

use super::{
    cgroups::Cgroups,
    files, image,
    inside::{Inside, SUBCOMMAND},
    kernel,
    relay::{self, Inward},
};
use crate::{Error, layout::Layout, process::tail, programs};

/// A running node. Dropping it ends all its processes and removes its control groups; everything else of it lies in the
/// run folder or has gone with the processes.
#[derive(Debug)]
pub struct Node {
    folder: PathBuf,
    stdin: Option<ChildStdin>,
    ended: oneshot::Receiver<io::Result<ExitStatus>>,
    keeper: Option<JoinHandle<()>>,
    relays: [AbortHandle; 2],
    /// Removed last, when nothing runs in them.
    _cgroups: Cgroups,
}

/// What comes out of the thread that has gone into the node's namespaces.
struct Entered {
    stdin: ChildStdin,
    listener: TcpListener,
    inward: Inward,
}

impl Node {
    /// Starts the node; the kubelet finds an object of its name that has its address already.
    pub async fn start(run: &Path, layout: &Layout) -> Result<Self, Error> {
        let programs = programs::node()?;
        let cgroups = Cgroups::create()?;
        let folder = run.join("node");
        files::write(&folder, layout, cgroups.name(), &image::archive()?)?;
        let inside = Inside {
            root: folder.clone(),
            kubelet: programs.kubelet,
            containerd: programs.containerd,
            runc: programs.runc,
        };
        let ports = layout.ports();
        let listen = (Ipv4Addr::LOCALHOST, ports.kubelet);
        let outer = tokio::net::TcpListener::bind(listen).await.map_err(Error::spawn("the node's relay"))?;
        let command = command(&inside, &run.join("node.log"))?;
        let (tell, ended) = oneshot::channel();
        let (keeper, entered) = enter(command, ports.api, ports.kubelet, tell)?;
        let inner = tokio::net::TcpListener::from_std(entered.listener);
        let inner = inner.map_err(Error::spawn("the node's relay"))?;
        let relays = [
            tokio::spawn(relay::into_node(outer, entered.inward)).abort_handle(),
            tokio::spawn(relay::out_of_node(inner, ports.api)).abort_handle(),
        ];
        let stdin = Some(entered.stdin);
        Ok(Self { folder, stdin, ended, keeper: Some(keeper), relays, _cgroups: cgroups })
    }

    /// Waits until the node ends by itself, which it should not, and says why.
    pub async fn failure(&mut self) -> Error {
        let status = match (&mut self.ended).await {
            Ok(Ok(status)) => status,
            Ok(Err(source)) => return Error::Spawn { program: "the node".to_owned(), source },
            Err(_) => return Error::Missing("the node has ended".to_owned()),
        };
        Error::Failed { program: "the node".to_owned(), status, detail: self.logs() }
    }

    /// The ends of its logs.
    pub fn logs(&self) -> String {
        let logs = self.folder.join("var/log");
        let files =
            [self.folder.with_extension("log"), logs.join("containerd.log"), logs.join("kubelet.log")];
        let parts = files.iter().map(|file| format!("--- {}\n{}", file.display(), tail(file, 12)));
        parts.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        for relay in &self.relays {
            relay.abort();
        }
        drop(self.stdin.take());
        // The thread waits for the node's first process, which the kernel lets end last.
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

fn command(inside: &Inside, log: &Path) -> Result<Command, Error> {
    let output = File::create(log).map_err(Error::file("create", log))?;
    let errors = output.try_clone().map_err(Error::file("open", log))?;
    let own = env::current_exe().map_err(Error::file("find", "/proc/self/exe"))?;
    let mut command = Command::new(own);
    command.arg(SUBCOMMAND).arg("--root").arg(&inside.root).arg("--kubelet").arg(&inside.kubelet);
    command.arg("--containerd").arg(&inside.containerd).arg("--runc").arg(&inside.runc);
    // Proxies and other settings of the user must not reach the node.
    command.env_clear().stdin(Stdio::piped()).stdout(output).stderr(errors);
    // In a group of its own, so that Ctrl-C reaches only the supervisor.
    command.process_group(0);
    Ok(command)
}

/// Starts the command from a thread that goes into new namespaces and stays until the command ends: the kernel ties the
/// command to it.
fn enter(
    command: Command,
    api: u16,
    kubelet: u16,
    ended: oneshot::Sender<io::Result<ExitStatus>>,
) -> Result<(JoinHandle<()>, Entered), Error> {
    let (sender, receiver) = mpsc::channel();
    let keeper = thread::spawn(move || match entered(command, api, kubelet) {
        Ok((entered, mut child)) => {
            // Whoever waits for either may have given up; the child ends then, its input being closed.
            let _ = sender.send(Ok(entered));
            let _ = ended.send(child.wait());
        }
        Err(error) => {
            let _ = sender.send(Err(error));
        }
    });
    let entered = receiver.recv().expect("the thread answers")?;
    Ok((keeper, entered))
}

fn entered(mut command: Command, api: u16, kubelet: u16) -> Result<(Entered, Child), Error> {
    let namespaces = || Error::spawn("the node in namespaces of its own");
    kernel::own_network().map_err(namespaces())?;
    // The loopback interface has no address yet, so this listens on all; whoever connects must have a certificate.
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, api)).map_err(namespaces())?;
    listener.set_nonblocking(true).map_err(namespaces())?;
    let inward = relay::inward(kubelet)?;
    kernel::own_mounts_and_processes().map_err(namespaces())?;
    let mut child = command.spawn().map_err(namespaces())?;
    let stdin = child.stdin.take().expect("the input is piped");
    Ok((Entered { stdin, listener, inward }, child))
}
