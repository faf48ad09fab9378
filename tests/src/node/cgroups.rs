//! The control groups of a real node: one group in every hierarchy, under which its pods have theirs.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process, thread,
    time::{Duration, Instant},
};

use crate::Error;

const PREFIX: &str = "csop-node-";
/// Where the kubelet finds the only hierarchy of cgroup v2, or the folder of those of v1.
const ROOT: &str = "/sys/fs/cgroup";
/// The controllers of cgroup v2 that the kubelet asks for, of those that the kernel has.
const WANTED: [&str; 5] = ["cpu", "cpuset", "hugetlb", "memory", "pids"];
/// Killed processes leave their groups within milliseconds.
const EMPTY_WITHIN: Duration = Duration::from_secs(10);

/// The groups of the node that this process runs, removed when dropped.
#[derive(Debug)]
pub struct Cgroups {
    name: String,
}

impl Cgroups {
    /// Makes the groups, and removes first what dead processes have left of theirs.
    pub fn create() -> Result<Self, Error> {
        sweep();
        if let Some(root) = unified() {
            pass_on(&root).map_err(Error::file("enable controllers in", root))?;
        }
        let made = Self { name: format!("{PREFIX}{}", process::id()) };
        for hierarchy in controllers() {
            let path = hierarchy.join(&made.name);
            match fs::create_dir(&path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(Error::file("make the control group", path)(error));
                }
                _ => {}
            }
        }
        Ok(made)
    }

    /// The name of the groups.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        for hierarchy in everywhere() {
            remove(&hierarchy.join(&self.name));
        }
    }
}

/// Removes the groups of nodes whose process is dead. Such a node has died with it.
pub fn sweep() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    for hierarchy in everywhere() {
        let entries = fs::read_dir(&hierarchy).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| abandoned(&entry.file_name().to_string_lossy())) {
            remove(&entry.path());
        }
    }
}

/// The hierarchies that limit: the one of cgroup v2 where the kubelet looks for it, else all of cgroup v1.
pub(super) fn controllers() -> Vec<PathBuf> {
    unified().map_or_else(|| hierarchies(&["cgroup"]), |root| vec![root])
}

/// The hierarchy of cgroup v2, where it has all controllers.
pub(super) fn unified() -> Option<PathBuf> {
    hierarchies(&["cgroup2"]).into_iter().find(|path| path == Path::new(ROOT))
}

/// Lets the groups in this one of cgroup v2 have the controllers that the kubelet asks for. They stay so: others may have come
/// to rely on them.
pub(super) fn pass_on(group: &Path) -> io::Result<()> {
    let read = |name: &str| fs::read_to_string(group.join(name));
    let (has, passes_on) = (read("cgroup.controllers")?, read("cgroup.subtree_control")?);
    let mut words = lacking(&has, &passes_on).map(|name| format!("+{name}"));
    words.try_for_each(|word| fs::write(group.join("cgroup.subtree_control"), word))
}

/// The controllers that are wanted and there, but not passed on.
fn lacking(has: &str, passes_on: &str) -> impl Iterator<Item = &'static str> {
    let among = |all: &str, name: &str| all.split_whitespace().any(|found| found == name);
    WANTED.into_iter().filter(move |name| among(has, name) && !among(passes_on, name))
}

/// The runtime makes groups in all hierarchies, also in those that limit nothing.
fn everywhere() -> Vec<PathBuf> {
    hierarchies(&["cgroup", "cgroup2"])
}

fn hierarchies(types: &[&str]) -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    fields.filter(|fields| types.contains(&fields[2])).map(|fields| PathBuf::from(fields[1])).collect()
}

/// Whether a group of this name belongs to a node whose process is dead.
fn abandoned(name: &str) -> bool {
    let Some(id) = name.strip_prefix(PREFIX).and_then(|id| id.parse::<u32>().ok()) else { return false };
    id != process::id() && !is_control_plane(id)
}

/// Whether the process with this id is a control plane that lives. A dead one keeps its name until it is waited for.
fn is_control_plane(id: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    state.split_once(" (csop-cluster) ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

/// Removes a group with the groups in it, as soon as no process is in them.
fn remove(group: &Path) {
    let end = Instant::now() + EMPTY_WITHIN;
    while group.exists() && Instant::now() < end {
        remove_once(group);
        if group.exists() {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn remove_once(group: &Path) {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    for inner in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        remove_once(&inner.path());
    }
    // Refused while a process is in it; whoever calls tries again.
    let _ = fs::remove_dir(group);
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;

    use super::*;

    #[test]
    fn only_groups_of_dead_nodes_are_abandoned() {
        assert!(!abandoned("user.slice"));
        assert!(!abandoned(&format!("{PREFIX}{}", process::id())));
        // The first process is no control plane, and larger ids than this are never given.
        assert!(abandoned(&format!("{PREFIX}1")));
        assert!(abandoned(&format!("{PREFIX}4194305")));
    }

    #[test]
    fn only_what_is_wanted_there_and_not_passed_on_yet_is_lacking() {
        let found: Vec<_> = lacking("cpuset cpu io memory pids rdma\n", "cpu pids\n").collect();
        assert_eq!(found, ["cpuset", "memory"]);
        assert_eq!(lacking("cpuset cpu\n", "cpuset cpu\n").count(), 0);
        // A name that begins alike is another controller.
        assert_eq!(lacking("cpuset\n", "").collect::<Vec<_>>(), ["cpuset"]);
    }

    #[test]
    fn a_control_plane_that_was_killed_but_not_waited_for_is_dead() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("csop-cluster");
        std::os::unix::fs::symlink("/bin/sh", &program).unwrap();
        // It reads commands until its input ends.
        let mut child =
            process::Command::new(program).arg0("sh").stdin(process::Stdio::piped()).spawn().unwrap();
        let group = format!("{PREFIX}{}", child.id());
        let becomes = |dead: bool| {
            let end = Instant::now() + EMPTY_WITHIN;
            while abandoned(&group) != dead && Instant::now() < end {
                thread::sleep(Duration::from_millis(5));
            }
            abandoned(&group) == dead
        };
        // The kernel gives it its name a moment after it is started.
        assert!(becomes(false));
        child.kill().unwrap();
        assert!(becomes(true));
        child.wait().unwrap();
    }
}
