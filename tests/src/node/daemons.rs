//! The programs that make a node.

use std::{
    fs::File,
    os::unix::net::UnixStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::wait::{WaitStatus, waitpid},
    unistd::Pid,
};

use super::{NAME, policies};
use crate::Error;

/// containerd finds its shim there, the kubelet mount, kube-proxy nft.
pub(super) const PATH: &str = "/programs/containerd:/usr/sbin:/usr/bin:/sbin:/bin";

const SOCKET: &str = "/run/containerd/containerd.sock";
const CONTAINERD_WITHIN: Duration = Duration::from_secs(60);

/// Those of a node; none of them should end.
#[derive(Default)]
pub(super) struct Daemons(Vec<(&'static str, Child)>);

impl Daemons {
    /// Starts all of them; containerd has the images that pods need before their own.
    pub(super) fn start() -> Result<Self, Error> {
        let mut daemons = Self::default();
        daemons.add(
            "containerd",
            "/programs/containerd/containerd",
            &["--config", "/etc/csop/containerd.toml"],
        )?;
        daemons.add("kube-proxy", "/programs/kubelet/kube-proxy", &["--config=/etc/csop/kube-proxy.yaml"])?;
        daemons.add("coredns", "/programs/dns/coredns", &["-conf", "/etc/csop/Corefile"])?;
        // This program, which is nowhere in the node's root.
        daemons.add("network-policies", "/proc/self/exe", &[policies::SUBCOMMAND])?;
        daemons.containerd_answers()?;
        import()?;
        let kubelet = [
            "--config=/etc/csop/kubelet.yaml",
            "--kubeconfig=/etc/csop/kubelet.kubeconfig",
            &format!("--hostname-override={NAME}"),
            // The addresses that the node has are left as they are.
            "--cloud-provider=external",
        ];
        daemons.add("kubelet", "/programs/kubelet/kubelet", &kubelet)?;
        Ok(daemons)
    }

    fn add(&mut self, name: &'static str, program: &str, arguments: &[&str]) -> Result<(), Error> {
        let path = format!("/var/log/{name}.log");
        let log = File::create(&path).map_err(Error::file("create", &path))?;
        let errors = log.try_clone().map_err(Error::file("open", &path))?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(log).stderr(errors).env("PATH", PATH);
        self.0.push((name, command.spawn().map_err(Error::spawn(name))?));
        Ok(())
    }

    fn containerd_answers(&mut self) -> Result<(), Error> {
        let end = Instant::now() + CONTAINERD_WITHIN;
        while UnixStream::connect(SOCKET).is_err() {
            for (name, child) in &mut self.0 {
                if let Some(status) = child.try_wait().map_err(Error::spawn(*name))? {
                    let detail = format!("its reason is in {name}.log");
                    return Err(Error::Failed { program: (*name).to_owned(), status, detail });
                }
            }
            if Instant::now() > end {
                return Err(Error::Missing(format!("containerd has no socket {SOCKET}")));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Buries every process that has lost its parent, until one of these ends, which none should.
    pub(super) fn watch(&self) -> Result<(), Error> {
        loop {
            let status = waitpid(None, None).map_err(|error| Error::spawn("the node")(error.into()))?;
            let ended = |child: &Child| status.pid().map(Pid::as_raw) == i32::try_from(child.id()).ok();
            if let Some((name, _)) = self.0.iter().find(|(_, child)| ended(child)) {
                let how = match status {
                    WaitStatus::Signaled(_, signal, _) => format!("was ended by {signal}"),
                    WaitStatus::Exited(_, code) => format!("has ended with exit code {code}"),
                    _ => "has ended".to_owned(),
                };
                return Err(Error::Missing(format!("{name} {how}; its last words are under {name}.log")));
            }
        }
    }
}

fn import() -> Result<(), Error> {
    let mut command = Command::new("/programs/containerd/ctr");
    command.args(["--address", SOCKET, "--namespace", "k8s.io", "images", "import", "--local"]);
    command.args(["--snapshotter", "native", "/images.tar"]);
    Error::unless_succeeded("ctr images import", &command.output().map_err(Error::spawn("ctr"))?)
}
