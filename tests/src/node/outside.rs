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

use tokio::{net::UnixListener, sync::oneshot, task::AbortHandle};

use super::{
    cgroups::Cgroups,
    dialer::Dialer,
    files, image,
    inside::{Inside, SUBCOMMAND},
    kernel, network, relay,
};
use crate::{
    Error,
    layout::{Layout, Ports},
    pki,
    process::tail,
    programs,
};

/// The kernel takes no longer names for sockets.
const LONGEST_SOCKET: usize = 107;

/// The file in the run folder with the process id of the node's first process, in whose network its pods are.
pub const PROCESS: &str = "node.pid";

/// A running node. Dropping it ends all its processes and removes its control groups; everything else of it lies in the
/// run folder or has gone with the processes.
#[derive(Debug)]
pub struct Node {
    folder: PathBuf,
    stdin: Option<ChildStdin>,
    ended: oneshot::Receiver<io::Result<ExitStatus>>,
    keeper: Option<JoinHandle<()>>,
    relays: [AbortHandle; 4],
    /// Removed last, when nothing runs in them.
    _cgroups: Cgroups,
}

/// What comes out of the thread that has gone into the node's namespaces.
struct Entered {
    stdin: ChildStdin,
    id: u32,
    api: TcpListener,
    registry: TcpListener,
    dialer: Dialer,
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
            dns: programs.dns,
        };
        let ports = layout.ports();
        let listen = (Ipv4Addr::LOCALHOST, ports.kubelet);
        let no_relay = || Error::spawn("the node's relay");
        let outer = tokio::net::TcpListener::bind(listen).await.map_err(no_relay())?;
        let path = layout.egress_socket();
        if path.as_os_str().len() > LONGEST_SOCKET {
            let advice = "is too long for a socket in it: choose a shorter one by --dir, or by TMPDIR";
            return Err(Error::Missing(format!("the name of the run folder, {}, {advice}", run.display())));
        }
        let socket = UnixListener::bind(&path).map_err(Error::file("listen at", &path))?;
        let command = command(&inside, &run.join("node.log"))?;
        let (tell, ended) = oneshot::channel();
        let (keeper, entered) = enter(command, ports, tell)?;
        pki::write_private(&run.join(PROCESS), &entered.id.to_string())?;
        let [api, registry] = [entered.api, entered.registry].map(tokio::net::TcpListener::from_std);
        let relays = [
            tokio::spawn(relay::into_node(outer, entered.dialer.clone(), ports.kubelet)),
            tokio::spawn(relay::proxy(socket, entered.dialer)),
            tokio::spawn(relay::out_of_node(api.map_err(no_relay())?, ports.api)),
            tokio::spawn(relay::out_of_node(registry.map_err(no_relay())?, ports.registry)),
        ];
        let relays = relays.map(|task| task.abort_handle());
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
        let names = ["containerd", "kubelet", "kube-proxy", "coredns", "network-policies"];
        let files = names.map(|name| logs.join(name).with_extension("log"));
        let all = [self.folder.with_extension("log")].into_iter().chain(files);
        let parts = all.map(|file| format!("--- {}\n{}", file.display(), tail(&file, 12)));
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
    command.arg("--dns").arg(&inside.dns);
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
    ports: Ports,
    ended: oneshot::Sender<io::Result<ExitStatus>>,
) -> Result<(JoinHandle<()>, Entered), Error> {
    let (sender, receiver) = mpsc::channel();
    let keeper = thread::spawn(move || match entered(command, ports) {
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

fn entered(mut command: Command, ports: Ports) -> Result<(Entered, Child), Error> {
    let namespaces = || Error::spawn("the node in namespaces of its own");
    kernel::own_network().map_err(namespaces())?;
    let [api, registry] = [ports.api, network::REGISTRY_PORT].map(listener);
    let (api, registry) = (api.map_err(namespaces())?, registry.map_err(namespaces())?);
    let dialer = Dialer::here().map_err(namespaces())?;
    kernel::own_mounts_and_processes().map_err(namespaces())?;
    let mut child = command.spawn().map_err(namespaces())?;
    let stdin = child.stdin.take().expect("the input is piped");
    Ok((Entered { stdin, id: child.id(), api, registry, dialer }, child))
}

/// The interfaces have no address yet, so this listens on all.
fn listener(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
