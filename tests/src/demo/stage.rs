//! What the demo runs on: a control plane and an operator, gone when dropped.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use nix::sys::signal::Signal;

use super::{
    pods::Pods,
    servers::Servers,
    shell::{Shell, repository},
};
use crate::{
    Cluster, Error, Process, binaries, credentials,
    images::{self, Image},
    wait,
};

/// The operator starts within a second, even on a busy machine within this.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// A pod has ten seconds to end.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// The arguments of an operator beside the cluster: it may ask the servers, which are on this machine.
pub(super) const OPERATOR_ARGUMENTS: [&str; 2] = ["--listen=127.0.0.1:0", "--allow-metric-hosts=127.0.0.1"];

/// The namespace and the name of the operator's ServiceAccount, as installed.
const ACCOUNT: (&str, &str) = ("csop-system", "csop-operator");

/// The control plane and the operator, as far as they run.
pub(super) struct Stage {
    pods: Pods,
    // Dropped first: without an API server it would only complain.
    operator: Option<Process>,
    servers: Option<Servers>,
    cluster: Option<Cluster>,
    shell: Shell,
}

impl Stage {
    /// Nothing runs yet. `bin` holds the programs of the control plane; what is recorded is so in UTF-8.
    pub(super) fn new(bin: PathBuf, pods: Pods, recorded: bool) -> Self {
        let mut environment = vec![("PATH", search_path(bin))];
        if recorded {
            environment.push(("LC_ALL", "C.UTF-8".into()));
        }
        Self {
            pods,
            operator: None,
            servers: None,
            cluster: None,
            shell: Shell { folder: repository().to_owned(), environment },
        }
    }

    /// What the pods are.
    pub(super) fn pods(&self) -> Pods {
        self.pods
    }

    /// Runs commands as the administrator of the control plane.
    pub(super) fn shell(&self) -> &Shell {
        &self.shell
    }

    /// Starts the control plane.
    pub(super) async fn start_cluster(&mut self) -> Result<(), Error> {
        let arguments = self.pods.cluster_arguments();
        let starting = tokio::task::spawn_blocking(|| Cluster::start(arguments));
        let cluster =
            starting.await.map_err(|error| Error::Missing(format!("no control plane: {error}")))??;
        self.shell.environment.push(("KUBECONFIG", cluster.kubeconfig().into()));
        self.cluster = Some(cluster);
        Ok(())
    }

    /// Puts images where the real node pulls them from.
    pub(super) async fn push(&self, made: Vec<Image>) -> Result<(), Error> {
        let registry = self.cluster()?.registry().unwrap_or_default().to_owned();
        let pushing = tokio::task::spawn_blocking(move || images::registry::provide(&made, &registry));
        pushing.await.map_err(|error| Error::Missing(format!("no images: {error}")))?
    }

    /// Makes the file `OPERATOR_KUBECONFIG`, with which its reader is the operator's ServiceAccount.
    pub(super) async fn make_operator_kubeconfig(&mut self) -> Result<PathBuf, Error> {
        let cluster = self.cluster()?;
        let (namespace, name) = ACCOUNT;
        let made =
            credentials::for_service_account(cluster.kubeconfig(), cluster.run_folder(), namespace, name);
        let path = made.await?;
        self.shell.environment.push(("OPERATOR_KUBECONFIG", path.clone().into()));
        Ok(path)
    }

    /// Starts the servers that metrics come from, or finds them in their pods.
    pub(super) async fn start_servers(&mut self) -> Result<(), Error> {
        self.servers = Some(Servers::start(self.cluster()?, self.pods).await?);
        Ok(())
    }

    /// The servers that metrics come from, if they run.
    pub(super) fn servers(&mut self) -> Option<&mut Servers> {
        self.servers.as_mut()
    }

    /// A new folder that goes with the control plane. Commands know it by this variable.
    pub(super) fn folder_for(&mut self, variable: &'static str) -> Result<PathBuf, Error> {
        let folder = self.cluster()?.run_folder().join(variable.to_lowercase());
        fs::create_dir_all(&folder).map_err(Error::file("make the folder", &folder))?;
        self.shell.environment.push((variable, folder.clone().into()));
        Ok(folder)
    }

    /// What a command adds that asks the operator, where that is not in the cluster.
    pub(super) fn operator_flag(&self) -> &'static str {
        if self.pods.are_real() { "" } else { " --operator-url \"$OPERATOR_URL\"" }
    }

    /// Starts the operator with this kubeconfig, and waits until it works. Commands know its address as `OPERATOR_URL`.
    pub(super) async fn start_operator(&mut self, kubeconfig: &Path) -> Result<(), Error> {
        let mut command = Command::new(binaries::beside_tests("csop-operator")?);
        command.args(OPERATOR_ARGUMENTS).env("KUBECONFIG", kubeconfig);
        // In the folder of the control plane, so that it goes with it even when the demo is killed.
        let process = Process::try_start_in(self.cluster()?.run_folder(), "csop-operator", &command)?;
        let process = self.operator.insert(process);
        wait::try_until(STARTS_WITHIN, "the operator has filled its caches", async || {
            process.log().contains("caches are filled").then_some(()).ok_or("")
        })
        .await?;
        let log = process.log();
        let address = log.split_once("address=").and_then(|(_, rest)| rest.split_whitespace().next());
        let address = address.ok_or_else(|| Error::Missing("the operator names no address".to_owned()))?;
        self.shell.environment.push(("OPERATOR_URL", format!("http://{address}").into()));
        Ok(())
    }

    /// Ends the operator as Kubernetes would, and says whether it ended in order.
    pub(super) async fn stop_operator(&mut self) -> Result<(), Error> {
        let Some(mut operator) = self.operator.take() else { return Ok(()) };
        operator.signal(Signal::SIGTERM);
        let ended = wait::try_until(ENDS_WITHIN, "the operator has ended", async || {
            (!operator.is_running()).then_some(()).ok_or("")
        });
        ended.await
    }

    /// Whether what runs beside the demo still does: the cluster, and the operator if it is not in it.
    pub(super) fn goes_on(&mut self) -> bool {
        match self.pods {
            Pods::Real => self.cluster.as_mut().is_some_and(Cluster::is_running),
            Pods::Simulated => self.operator.as_mut().is_some_and(Process::is_running),
        }
    }

    /// Takes the servers and the control plane down, and returns the folder that it had.
    pub(super) fn stop_cluster(&mut self) -> Result<PathBuf, Error> {
        self.servers = None;
        let folder = self.cluster()?.run_folder().to_owned();
        self.cluster = None;
        match folder.exists() {
            true => Err(Error::Missing(format!("{} is still there", folder.display()))),
            false => Ok(folder),
        }
    }

    /// What to type into another terminal to work with what runs.
    pub(super) fn exports(&self) -> String {
        let value = |wanted| {
            let found = self.shell.environment.iter().rfind(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.to_string_lossy()).unwrap_or_default()
        };
        let path = value("PATH");
        let own = path.split(':').take(2).collect::<Vec<_>>().join(":");
        let mut lines = vec![format!("export KUBECONFIG={}", value("KUBECONFIG"))];
        if !self.pods.are_real() {
            lines.push(format!("export OPERATOR_URL={}", value("OPERATOR_URL")));
        }
        lines.push(format!("export PATH={own}:$PATH"));
        lines.join("\n")
    }

    /// The command that shows the operator's log.
    pub(super) fn operator_log_command(&self) -> Option<String> {
        match self.pods {
            Pods::Real => Some(format!("kubectl logs -n {} deployment/{} --all-pods", ACCOUNT.0, ACCOUNT.1)),
            Pods::Simulated => {
                self.operator.as_ref().map(|process| format!("cat {}", process.log_file().display()))
            }
        }
    }

    /// The end of the operator's log under a title, for failures.
    pub(super) async fn operator_log(&self, lines: usize) -> String {
        let text = match self.operator_log_command() {
            Some(command) => self.shell.ask(&command).await.map_err(|error| error.to_string()),
            None => Err("no operator runs".to_owned()),
        };
        let text = text.unwrap_or_else(|reason| reason);
        format!("--- the log of the operator\n{}", last(&text, lines))
    }

    /// The control plane, which must run.
    pub(super) fn cluster(&self) -> Result<&Cluster, Error> {
        self.cluster.as_ref().ok_or_else(|| Error::Missing("no control plane is running".to_owned()))
    }
}

/// The plugin's folder and that of kubectl, before the user's own.
fn search_path(bin: PathBuf) -> OsString {
    let user = env::var_os("PATH").unwrap_or_default();
    let own = binaries::target_folder().into_iter().chain([bin]);
    env::join_paths(own.chain(env::split_paths(&user))).unwrap_or(user)
}

/// The last lines of a text.
fn last(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
