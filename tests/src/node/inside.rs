//! The first process of a real node, in namespaces of its own: it takes the node's root, starts the node's programs, and
//! ends when its standard input is closed. The kernel kills all others with it and takes away what they mounted.

use std::{
    fs,
    io::{self, Read as _},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process, thread,
};

use super::{daemons::Daemons, kernel, network};
use crate::Error;

/// The hidden subcommand of `csop-cluster` that becomes this process.
pub const SUBCOMMAND: &str = "node-init";

/// What programs and their libraries need of the machine.
const SYSTEM: [&str; 7] = ["bin", "lib", "lib32", "lib64", "libx32", "sbin", "usr"];

/// In `/proc/sys`.
const SETTINGS: [&str; 6] = [
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
];

/// What the node is made of.
#[derive(Debug, clap::Args)]
pub struct Inside {
    /// The folder that becomes the node's root, with its configuration in it
    #[arg(long)]
    pub root: PathBuf,
    /// The folder with the kubelet and kube-proxy
    #[arg(long)]
    pub kubelet: PathBuf,
    /// The folder with containerd and the network plugins
    #[arg(long)]
    pub containerd: PathBuf,
    /// The folder with runc
    #[arg(long)]
    pub runc: PathBuf,
    /// The folder with CoreDNS
    #[arg(long)]
    pub dns: PathBuf,
}

/// Runs the node. Returns only when it fails.
pub fn run(inside: &Inside) -> Result<(), Error> {
    kernel::die_with_parent().map_err(Error::spawn("the node"))?;
    thread::spawn(end_with_input);
    take_root(inside).map_err(Error::file("make a root of", &inside.root))?;
    network::bring_up()?;
    Daemons::start()?.watch()
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
    let programs = [
        ("kubelet", &inside.kubelet),
        ("containerd", &inside.containerd),
        ("runc", &inside.runc),
        ("dns", &inside.dns),
    ];
    for (name, folder) in programs {
        kernel::show_read_only(folder, &root.join("programs").join(name))?;
    }
    for name in ["dev", "sys"] {
        kernel::show(&Path::new("/").join(name), &root.join(name))?;
    }
    kernel::processes(&root.join("proc"))?;
    keep_settings(root)?;
    kernel::enter_root(root)
}

/// Gives the node copies of those settings of the kernel that the kubelet changes: they are the machine's.
fn keep_settings(root: &Path) -> io::Result<()> {
    for name in SETTINGS {
        let setting = root.join("proc/sys").join(name);
        let copy = root.join("etc/csop").join(name.replace('/', "."));
        fs::write(&copy, fs::read(&setting)?)?;
        kernel::show_file(&copy, &setting)?;
    }
    Ok(())
}
