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
    servers::Servers,
    shell::{Shell, repository},
};
use crate::{Cluster, Error, Process, binaries, credentials, process::tail, wait};

/// The operator starts within a second, even on a busy machine within this.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// By default an autoscaler waits for minutes before it follows a falling load.
const QUICK: [&str; 2] = ["--hpa-downscale-stabilization", "2s"];

/// A pod has ten seconds to end.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// The namespace and the name of the operator's ServiceAccount, as installed.
const ACCOUNT: (&str, &str) = ("csop-system", "csop-operator");

/// The control plane and the operator, as far as they run.
pub(super) struct Stage {
    // Dropped first: without an API server it would only complain.
    operator: Option<Process>,
    servers: Option<Servers>,
    cluster: Option<Cluster>,
    shell: Shell,
}

impl Stage {
    /// Nothing runs yet. `bin` holds the programs of the control plane; what is recorded is so in UTF-8.
    pub(super) fn new(bin: PathBuf, recorded: bool) -> Self {
        let mut environment = vec![("PATH", search_path(bin))];
        if recorded {
            environment.push(("LC_ALL", "C.UTF-8".into()));
        }
        Self {
            operator: None,
            servers: None,
            cluster: None,
            shell: Shell { folder: repository().to_owned(), environment },
        }
    }

    /// Runs commands as the administrator of the control plane.
    pub(super) fn shell(&self) -> &Shell {
        &self.shell
    }

    /// Starts the control plane.
    pub(super) async fn start_cluster(&mut self) -> Result<(), Error> {
        let starting = tokio::task::spawn_blocking(|| Cluster::start(&QUICK));
        let cluster =
            starting.await.map_err(|error| Error::Missing(format!("no control plane: {error}")))??;
        self.shell.environment.push(("KUBECONFIG", cluster.kubeconfig().into()));
        self.cluster = Some(cluster);
        Ok(())
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

    /// Starts the servers that metrics come from.
    pub(super) async fn start_servers(&mut self) -> Result<(), Error> {
        self.servers = Some(Servers::start(self.cluster()?).await?);
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

    /// The operator's arguments: it may ask the servers, which are on this machine.
    pub(super) fn operator_arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--listen=127.0.0.1:0".to_owned()];
        if let Some(servers) = &self.servers {
            arguments.push("--allow-metric-hosts=127.0.0.1".to_owned());
            arguments.push(format!("--prometheus-address={}", servers.prometheus().address()));
        }
        arguments
    }

    /// Starts the operator with this kubeconfig, and waits until it works. Commands know its address as `OPERATOR_URL`.
    pub(super) async fn start_operator(&mut self, kubeconfig: &Path) -> Result<(), Error> {
        let mut command = Command::new(binaries::beside_tests("csop-operator")?);
        command.args(self.operator_arguments()).env("KUBECONFIG", kubeconfig);
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

    /// Whether the operator still runs.
    pub(super) fn operator_is_running(&mut self) -> bool {
        self.operator.as_mut().is_some_and(Process::is_running)
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
        let [cluster, operator] = ["KUBECONFIG", "OPERATOR_URL"].map(value);
        format!("export KUBECONFIG={cluster}\nexport OPERATOR_URL={operator}\nexport PATH={own}:$PATH")
    }

    /// The operator's log so far: the file, for as long as it runs.
    pub(super) fn operator_log_file(&self) -> Option<PathBuf> {
        self.operator.as_ref().map(Process::log_file)
    }

    /// The end of the operator's log under a title, for failures.
    pub(super) fn operator_log(&mut self, lines: usize) -> String {
        let state = if self.operator_is_running() { "which runs" } else { "which has ended" };
        match self.operator_log_file() {
            Some(path) if path.exists() => {
                format!("--- the log of the operator, {state}\n{}", tail(&path, lines))
            }
            Some(_) => "--- the log of the operator has gone with the control plane".to_owned(),
            None => "--- no operator runs".to_owned(),
        }
    }

    fn cluster(&self) -> Result<&Cluster, Error> {
        self.cluster.as_ref().ok_or_else(|| Error::Missing("no control plane is running".to_owned()))
    }
}

/// The plugin's folder and that of kubectl, before the user's own.
fn search_path(bin: PathBuf) -> OsString {
    let user = env::var_os("PATH").unwrap_or_default();
    let own = binaries::target_folder().into_iter().chain([bin]);
    env::join_paths(own.chain(env::split_paths(&user))).unwrap_or(user)
}
