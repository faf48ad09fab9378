//! The first process of a real node, in namespaces of its own: it takes the node's root, starts containerd and the kubelet,
//! and ends when its standard input is closed. The kernel kills all others with it and takes away what they mounted.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    os::unix::{fs::symlink, net::UnixStream},
    path::{Path, PathBuf},
    process::{self, Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{sys::wait::waitpid, unistd::Pid};

use super::{NAME, kernel};
use crate::Error;

/// The hidden subcommand of `csop-cluster` that becomes this process.
pub const SUBCOMMAND: &str = "node-init";

const SOCKET: &str = "/run/containerd/containerd.sock";
const CONTAINERD_WITHIN: Duration = Duration::from_secs(60);
/// What programs and their libraries need of the machine.
const SYSTEM: [&str; 7] = ["bin", "lib", "lib32", "lib64", "libx32", "sbin", "usr"];

/// What the node is made of.
#[derive(Debug, clap::Args)]
pub struct Inside {
    /// The folder that becomes the node's root, with its configuration in it
    #[arg(long)]
    pub root: PathBuf,
    /// The folder with the kubelet
    #[arg(long)]
    pub kubelet: PathBuf,
    /// The folder with containerd and the network plugins
    #[arg(long)]
    pub containerd: PathBuf,
    /// The folder with runc
    #[arg(long)]
    pub runc: PathBuf,
}

/// Runs the node. Returns only when it fails.
pub fn run(inside: &Inside) -> Result<(), Error> {
    kernel::die_with_parent().map_err(Error::spawn("the node"))?;
    thread::spawn(end_with_input);
    take_root(inside).map_err(Error::file("make a root of", &inside.root))?;
    bring_up_loopback()?;
    let mut containerd = daemon("containerd", "containerd", &["--config", "/etc/csop/containerd.toml"])?;
    containerd_answers(&mut containerd)?;
    import()?;
    let kubelet = daemon(
        "kubelet",
        "kubelet",
        &[
            "--config=/etc/csop/kubelet.yaml",
            "--kubeconfig=/etc/csop/kubeconfig",
            &format!("--hostname-override={NAME}"),
            // The addresses that the node has are left as they are.
            "--cloud-provider=external",
        ],
    )?;
    watch(&[("containerd", containerd.id()), ("kubelet", kubelet.id())])
}

/// Nobody writes anything: the input ends when whoever holds the node lets go of it, or dies.
fn end_with_input() {
    let _ = io::stdin().read_to_end(&mut Vec::new());
    process::exit(0);
}

fn take_root(inside: &Inside) -> io::Result<()> {
    let root = &inside.root;
    kernel::begin_root(root)?;
    for name in SYSTEM {
        let (there, here) = (Path::new("/").join(name), root.join(name));
        if there.is_symlink() {
            symlink(fs::read_link(there)?, here)?;
        } else if there.is_dir() {
            kernel::show_read_only(&there, &here)?;
        }
    }
    let programs = [("kubelet", &inside.kubelet), ("containerd", &inside.containerd), ("runc", &inside.runc)];
    for (name, folder) in programs {
        kernel::show_read_only(folder, &root.join("programs").join(name))?;
    }
    for name in ["dev", "sys"] {
        kernel::show(&Path::new("/").join(name), &root.join(name))?;
    }
    kernel::processes(&root.join("proc"))?;
    kernel::enter_root(root)
}

/// The plugin that does so for pods does it for the node too.
fn bring_up_loopback() -> Result<(), Error> {
    let mut command = Command::new("/programs/containerd/loopback");
    command.env("CNI_COMMAND", "ADD").env("CNI_CONTAINERID", NAME).env("CNI_IFNAME", "lo");
    command.env("CNI_NETNS", "/proc/self/ns/net").env("CNI_PATH", "/programs/containerd");
    // It is meant for the network of others, and refuses its own unless told so.
    command.env("CNI_NETNS_OVERRIDE", "true");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(Error::spawn("loopback"))?;
    let mut stdin = child.stdin.take().expect("the input is piped");
    let configuration = br#"{"cniVersion": "1.0.0", "name": "node", "type": "loopback"}"#;
    // A plugin that reads nothing says below why.
    let _ = stdin.write_all(configuration);
    drop(stdin);
    succeeded("loopback", &child.wait_with_output().map_err(Error::spawn("loopback"))?)
}

fn daemon(folder: &str, name: &str, arguments: &[&str]) -> Result<Child, Error> {
    let path = format!("/var/log/{name}.log");
    let log = File::create(&path).map_err(Error::file("create", &path))?;
    let errors = log.try_clone().map_err(Error::file("open", &path))?;
    let mut command = Command::new(format!("/programs/{folder}/{name}"));
    command.args(arguments).stdin(Stdio::null()).stdout(log).stderr(errors);
    // containerd finds its shim there, the kubelet finds mount.
    command.env("PATH", "/programs/containerd:/usr/sbin:/usr/bin:/sbin:/bin");
    command.spawn().map_err(Error::spawn(name))
}

fn containerd_answers(containerd: &mut Child) -> Result<(), Error> {
    let end = Instant::now() + CONTAINERD_WITHIN;
    while UnixStream::connect(SOCKET).is_err() {
        if let Some(status) = containerd.try_wait().map_err(Error::spawn("containerd"))? {
            let detail = "its reason is in containerd.log".to_owned();
            return Err(Error::Failed { program: "containerd".to_owned(), status, detail });
        }
        if Instant::now() > end {
            return Err(Error::Missing(format!("containerd has no socket {SOCKET}")));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn import() -> Result<(), Error> {
    let mut command = Command::new("/programs/containerd/ctr");
    command.args(["--address", SOCKET, "--namespace", "k8s.io", "images", "import", "--local"]);
    command.args(["--snapshotter", "native", "/images.tar"]);
    succeeded("ctr images import", &command.output().map_err(Error::spawn("ctr"))?)
}

fn succeeded(program: &str, output: &Output) -> Result<(), Error> {
    if output.status.success() {
        return Ok(());
    }
    let said = [&output.stdout[..], &output.stderr].concat();
    let detail = String::from_utf8_lossy(&said).into_owned();
    Err(Error::Failed { program: program.to_owned(), status: output.status, detail })
}

/// Buries every process that has lost its parent, until one of these ends, which none should.
fn watch(daemons: &[(&str, u32)]) -> Result<(), Error> {
    loop {
        let status = waitpid(None, None).map_err(|error| Error::spawn("the node")(error.into()))?;
        let ended = |id: &u32| status.pid().map(Pid::as_raw) == i32::try_from(*id).ok();
        if let Some((name, _)) = daemons.iter().find(|(_, id)| ended(id)) {
            return Err(Error::Missing(format!("{name} has ended; its reason is in {name}.log")));
        }
    }
}
