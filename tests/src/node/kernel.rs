//! What a real node asks of the Linux kernel.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use nix::{
    mount::{MntFlags, MsFlags, mount, umount2},
    sched::{CloneFlags, setns, unshare},
    sys::{prctl::set_pdeathsig, signal::Signal},
    unistd::{chdir, pivot_root},
};

/// Puts the calling thread, and what it starts, into a new network without any interface that is up.
pub fn own_network() -> io::Result<()> {
    Ok(unshare(CloneFlags::CLONE_NEWNET)?)
}

/// Puts the calling thread, and what it starts, into a network that exists.
pub fn enter_network(network: &File) -> io::Result<()> {
    Ok(setns(network, CloneFlags::CLONE_NEWNET)?)
}

/// Gives the calling thread mounts of its own; the next process that it starts is the first of a new set of processes,
/// and they all end with that one. The thread cannot start threads any more.
pub fn own_mounts_and_processes() -> io::Result<()> {
    Ok(unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID)?)
}

/// Has this process killed when the thread that started it ends.
pub fn die_with_parent() -> io::Result<()> {
    Ok(set_pdeathsig(Signal::SIGKILL)?)
}

/// Keeps what is mounted from now on from other processes, and makes this folder a mount that can become the root.
pub fn begin_root(root: &Path) -> io::Result<()> {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    show(root, root)
}

/// Shows a folder at another place too, with all that is mounted in it.
pub fn show(from: &Path, at: &Path) -> io::Result<()> {
    fs::create_dir_all(at)?;
    Ok(mount(Some(from), at, None::<&str>, MsFlags::MS_BIND | MsFlags::MS_REC, None::<&str>)?)
}

/// Shows a file in place of another one.
pub fn show_file(from: &Path, at: &Path) -> io::Result<()> {
    Ok(mount(Some(from), at, None::<&str>, MsFlags::MS_BIND, None::<&str>)?)
}

/// Like [`show`], without what is mounted in it, and nothing can be changed there.
pub fn show_read_only(from: &Path, at: &Path) -> io::Result<()> {
    fs::create_dir_all(at)?;
    mount(Some(from), at, None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    Ok(mount(None::<&str>, at, None::<&str>, flags, None::<&str>)?)
}

/// Mounts `/proc` of the own set of processes.
pub fn processes(at: &Path) -> io::Result<()> {
    fs::create_dir_all(at)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    Ok(mount(Some("proc"), at, Some("proc"), flags, None::<&str>)?)
}

/// Makes the folder the root. Nothing of the old one can be reached any more.
pub fn enter_root(root: &Path) -> io::Result<()> {
    chdir(root)?;
    // The old root lies over the new one until it is taken away.
    pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    Ok(chdir("/")?)
}
