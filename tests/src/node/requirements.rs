//! Whether this machine can run a real node.

use std::{
    fs::{self, File},
    io,
    path::Path,
    thread,
};

use super::{cgroups, kernel};
use crate::{namespace::unique, packages, programs::NODE_PACKAGES};

/// The capabilities that it cannot do without, by their numbers in the kernel.
const CAPABILITIES: [(u32, &str); 5] = [
    (12, "CAP_NET_ADMIN"),
    (18, "CAP_SYS_CHROOT"),
    (19, "CAP_SYS_PTRACE"),
    (21, "CAP_SYS_ADMIN"),
    (27, "CAP_MKNOD"),
];

/// The controllers of control groups that the kubelet needs.
const CONTROLLERS: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];

/// The first reason why this machine cannot run a real node, in a few words, or nothing when it can.
pub fn missing() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return Some("it needs Linux".to_owned());
    }
    if !nix::unistd::geteuid().is_root() {
        return Some("it needs root".to_owned());
    }
    capability()
        .or_else(|| File::open("/dev/kmsg").err().map(|error| format!("it reads /dev/kmsg: {error}")))
        .or_else(namespaces)
        .or_else(packages)
        .or_else(|| cgroups::unified().map_or_else(hierarchies, |root| controllers(&root)))
}

fn packages() -> Option<String> {
    let missing = NODE_PACKAGES.iter().find(|(program, _)| !packages::in_system(program));
    let (program, package) = missing.filter(|_| !packages::can_install())?;
    Some(format!("it needs {program}, which Debian has in the package {package}"))
}

fn capability() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let held = line.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or_default();
    let (_, name) = CAPABILITIES.iter().find(|(number, _)| held & (1 << number) == 0)?;
    Some(format!("it needs {name}"))
}

/// What is missing of cgroup v2.
fn controllers(root: &Path) -> Option<String> {
    let all = fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default();
    let lacks = |name: &&str| !all.split_whitespace().any(|found| found == *name);
    if let Some(controller) = CONTROLLERS.into_iter().find(lacks) {
        let root = root.display();
        return Some(format!(
            "it needs the controller {controller} of cgroup v2, which {root} does not have"
        ));
    }
    let error = match cgroups::pass_on(root) {
        Ok(()) => return no_groups(root),
        Err(error) => error,
    };
    // cgroup v2 has processes in the leaves of its tree only; the root of a container is no exception.
    let why =
        if error.kind() == io::ErrorKind::ResourceBusy { "processes are in it" } else { "it is refused" };
    Some(format!("it enables controllers of cgroup v2 in {}, and {why}: {error}", root.display()))
}

/// What is missing of cgroup v1.
fn hierarchies() -> Option<String> {
    let mounted = cgroups::controllers();
    for controller in CONTROLLERS.into_iter().chain(["devices"]) {
        // Some are mounted together, as in `cpu,cpuacct`.
        let found = mounted.iter().find(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().split(',').any(|n| n == controller))
        });
        let Some(path) = found else {
            return Some(format!(
                "it needs control groups, and {controller} is mounted neither as cgroup v1 nor v2"
            ));
        };
        if let Some(missing) = no_groups(path) {
            return Some(missing);
        }
    }
    None
}

fn no_groups(parent: &Path) -> Option<String> {
    let probe = parent.join(format!("csop-probe-{}", unique()));
    let error = fs::create_dir(&probe).and_then(|()| fs::remove_dir(&probe)).err()?;
    Some(format!("it makes control groups in {}: {error}", parent.display()))
}

/// Tried on a thread that ends with what it was given.
fn namespaces() -> Option<String> {
    let tried = thread::spawn(|| kernel::own_network().and_then(|()| kernel::own_mounts_and_processes()));
    let error = tried.join().expect("nothing in it panics").err()?;
    Some(format!("it needs namespaces of its own: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cgroup_v2_lacks_is_named() {
        let root = tempfile::tempdir().unwrap();
        let has = |names: &str, passes_on: &str| {
            fs::write(root.path().join("cgroup.controllers"), names).unwrap();
            fs::write(root.path().join("cgroup.subtree_control"), passes_on).unwrap();
            controllers(root.path())
        };
        assert!(has("cpuset cpu io pids\n", "").unwrap().contains("the controller memory of cgroup v2"));
        assert_eq!(has("cpuset cpu memory pids\n", "cpuset cpu memory pids\n"), None);
        fs::remove_file(root.path().join("cgroup.subtree_control")).unwrap();
        assert!(controllers(root.path()).unwrap().contains("it enables controllers of cgroup v2 in "));
    }
}
