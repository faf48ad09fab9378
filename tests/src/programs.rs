//! The programs of the control plane, helm, and the programs of a real node, built from Go modules once per machine.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use crate::{Error, cache, child, go, packages};

/// A group of programs that are built together.
struct Group {
    name: &'static str,
    what: &'static str,
    go_mod: &'static str,
    go_sum: &'static str,
    /// The module whose version is stamped into the programs.
    stamped: &'static str,
    /// The linker's flags for a version such as `1.36.1`.
    ldflags: fn(&str) -> String,
    /// Programs whose package has another name than they are known by.
    renames: &'static [(&'static str, &'static str)],
    /// The library in C that they are built with, if any.
    library: Option<Library>,
}

/// A library in C, and the Debian package to build with it.
struct Library {
    /// As `pkg-config` knows it.
    name: &'static str,
    package: &'static str,
    /// The build tag of the programs' part that uses it.
    tag: &'static str,
}

/// The folders with the programs of a real node.
#[derive(Debug)]
pub struct NodePrograms {
    /// The kubelet and kube-proxy.
    pub kubelet: PathBuf,
    /// containerd, its shim, `ctr`, and the network plugins.
    pub containerd: PathBuf,
    /// runc.
    pub runc: PathBuf,
    /// CoreDNS.
    pub dns: PathBuf,
    /// `crane`, which is the image registry and its client.
    pub registry: PathBuf,
}

/// Programs of the machine that a real node runs, and their Debian packages.
pub(crate) const NODE_PACKAGES: [(&str, &str); 2] = [("nft", "nftables"), ("ip", "iproute2")];

const CLUSTER: Group = Group {
    name: "cluster",
    what: "the control plane (etcd, Kubernetes, KWOK, metrics-server), usually 5 to 10 minutes",
    go_mod: include_str!("../cluster/go.mod"),
    go_sum: include_str!("../cluster/go.sum"),
    stamped: "k8s.io/kubernetes",
    ldflags: kubernetes_ldflags,
    renames: &[("server", "etcd")],
    library: None,
};

/// Apart from the control plane, which does without a node on most machines.
const KUBELET: Group = Group {
    name: "kubelet",
    what: "the kubelet and kube-proxy, usually one minute",
    go_mod: include_str!("../node/kubelet/go.mod"),
    go_sum: include_str!("../node/kubelet/go.sum"),
    stamped: "k8s.io/kubernetes",
    ldflags: kubernetes_ldflags,
    renames: &[],
    library: None,
};

const CONTAINERD: Group = Group {
    name: "containerd",
    what: "containerd and network plugins, usually two minutes",
    go_mod: include_str!("../node/containerd/go.mod"),
    go_sum: include_str!("../node/containerd/go.sum"),
    stamped: "github.com/containerd/containerd/v2",
    ldflags: |version| format!("-s -w -X github.com/containerd/containerd/v2/version.Version={version}"),
    renames: &[],
    library: None,
};

const RUNC: Group = Group {
    name: "runc",
    what: "runc, usually half a minute",
    go_mod: include_str!("../node/runc/go.mod"),
    go_sum: include_str!("../node/runc/go.sum"),
    stamped: "github.com/opencontainers/runc",
    ldflags: |version| format!("-s -w -X main.version={version}"),
    renames: &[],
    // Pods under the restricted profile have their system calls filtered.
    library: Some(Library { name: "libseccomp", package: "libseccomp-dev", tag: "seccomp" }),
};

const DNS: Group = Group {
    name: "dns",
    what: "CoreDNS, usually two minutes",
    go_mod: include_str!("../node/dns/go.mod"),
    go_sum: include_str!("../node/dns/go.sum"),
    stamped: "github.com/coredns/coredns",
    ldflags: |_| "-s -w".to_owned(),
    renames: &[],
    library: None,
};

const REGISTRY: Group = Group {
    name: "registry",
    what: "crane, an image registry, usually half a minute",
    go_mod: include_str!("../node/registry/go.mod"),
    go_sum: include_str!("../node/registry/go.sum"),
    stamped: "github.com/google/go-containerregistry",
    ldflags: |version| {
        format!("-s -w -X github.com/google/go-containerregistry/cmd/crane/cmd.Version={version}")
    },
    renames: &[],
    library: None,
};

const HELM: Group = Group {
    name: "helm",
    what: "helm, usually one minute",
    go_mod: include_str!("../helm/go.mod"),
    go_sum: include_str!("../helm/go.sum"),
    stamped: "helm.sh/helm/v3",
    ldflags: |version| format!("-s -w -X helm.sh/helm/v3/internal/version.version=v{version}"),
    renames: &[],
    library: None,
};

/// Unstamped programs call themselves v0.0.0, which confuses clients.
fn kubernetes_ldflags(version: &str) -> String {
    let mut numbers = version.split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].iter().fold(
        "-s -w".to_owned(),
        |flags, package| {
            format!(
                "{flags} -X {package}.gitVersion=v{version} -X {package}.gitMajor={major} \
                 -X {package}.gitMinor={minor} -X {package}.gitTreeState=clean"
            )
        },
    )
}

/// The folder with the programs of the control plane, which are built first when they are missing.
pub fn cluster() -> Result<PathBuf, Error> {
    CLUSTER.build()
}

/// The `helm` program, which is built first when it is missing.
pub fn helm() -> Result<PathBuf, Error> {
    Ok(HELM.build()?.join("helm"))
}

/// The folders with the programs of a real node, which are built first when they are missing.
pub fn node() -> Result<NodePrograms, Error> {
    for (program, package) in NODE_PACKAGES {
        packages::ensure(package, || packages::in_system(program))?;
    }
    Ok(NodePrograms {
        runc: RUNC.build()?,
        kubelet: KUBELET.build()?,
        containerd: CONTAINERD.build()?,
        dns: DNS.build()?,
        registry: registry()?,
    })
}

/// The folder with `crane`, which is built first when it is missing.
pub fn registry() -> Result<PathBuf, Error> {
    REGISTRY.build()
}

/// The folder with the programs of the control plane, if they were built before.
pub fn cluster_if_built() -> Option<PathBuf> {
    let bin = cache::folder().ok()?.join(CLUSTER.folder()).join("bin");
    bin.is_dir().then_some(bin)
}

/// Tells the person at the terminal what is going on.
pub(crate) fn say(message: &str) {
    // A closed standard error is no reason to stop.
    let _ = writeln!(io::stderr(), "csop-cluster: {message}");
}

impl Group {
    fn flags(&self) -> String {
        (self.ldflags)(self.version())
    }

    fn version(&self) -> &str {
        let line = self.go_mod.lines().map(str::trim).find_map(|line| {
            let rest = line.strip_prefix("require ").unwrap_or(line);
            rest.strip_prefix(self.stamped)?.strip_prefix(" v")
        });
        line.and_then(|rest| rest.split_whitespace().next()).expect("go.mod requires the stamped module")
    }

    fn folder(&self) -> String {
        format!("{}-{}", self.name, cache::key(&[self.go_mod, self.go_sum, &self.flags()]))
    }

    fn build(&self) -> Result<PathBuf, Error> {
        let cache_folder = cache::folder()?;
        let built = cache::once(&cache_folder, &self.folder(), |partial| {
            let go = go::command(&cache_folder, self.go_mod)?;
            say(&format!("building {}; kept in {}", self.what, cache_folder.display()));
            let started = Instant::now();
            self.install(&go, partial)?;
            say(&format!("built {} in {} s", self.name, started.elapsed().as_secs()));
            Ok(())
        })?;
        Ok(built.join("bin"))
    }

    fn install(&self, go: &Path, folder: &Path) -> Result<(), Error> {
        for (name, content) in [("go.mod", self.go_mod), ("go.sum", self.go_sum)] {
            let path = folder.join(name);
            fs::write(&path, content).map_err(Error::file("write", path))?;
        }
        let bin = folder.join("bin");
        let mut command = Command::new(go);
        command.args(["install", "-mod=readonly", "-ldflags", &self.flags()]);
        let mut with_c = "0";
        if let Some(library) = &self.library {
            packages::ensure("pkg-config", || packages::on_path("pkg-config").is_some())?;
            packages::ensure(library.package, || library.is_there())?;
            command.args(["-tags", library.tag]);
            with_c = "1";
        }
        command.arg("tool").current_dir(folder).env("GOBIN", &bin);
        command.envs([("CGO_ENABLED", with_c), ("GOFLAGS", ""), ("GOWORK", "off")]);
        command.env_remove("GOOS").env_remove("GOARCH");
        let output = child::tied_to_caller(&command)?.output().map_err(Error::spawn("go install"))?;
        Error::unless_succeeded("go install", &output)?;
        for (from, to) in self.renames {
            fs::rename(bin.join(from), bin.join(to)).map_err(Error::file("rename", bin.join(from)))?;
        }
        Ok(())
    }
}

impl Library {
    fn is_there(&self) -> bool {
        Command::new("pkg-config").args(["--exists", self.name]).status().is_ok_and(|status| status.success())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_go_mod() {
        assert_eq!(CLUSTER.version(), "1.36.1");
        assert!(HELM.version().starts_with("3."));
        assert_eq!(CONTAINERD.version(), "2.4.2");
        assert_eq!(RUNC.version(), "1.5.2");
    }

    #[test]
    fn the_kubelet_is_as_old_as_the_api_server() {
        assert_eq!(KUBELET.version(), CLUSTER.version());
        let replaced = |go_mod: &'static str| go_mod.lines().filter(|line| line.contains("=>"));
        assert!(replaced(KUBELET.go_mod).eq(replaced(CLUSTER.go_mod)));
    }

    #[test]
    fn the_version_is_stamped_for_servers_and_clients() {
        let flags = kubernetes_ldflags("1.36.1");
        assert!(flags.contains("-X k8s.io/component-base/version.gitVersion=v1.36.1"));
        assert!(flags.contains("-X k8s.io/client-go/pkg/version.gitMinor=36"));
    }
}
