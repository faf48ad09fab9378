//! Starts the components, watches over them, and takes everything away at the end.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use futures::{FutureExt as _, future};
use kube::Client;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::process::{Child, Command};

use crate::{
    Error, bootstrap, child,
    components::{self, Component, Options},
    credentials,
    layout::Layout,
    node::{self, Node},
    orders::{Act, Order},
    process::tail,
    programs,
    run_dir::{self, RunDir},
    wait,
};

const READY_WITHIN: Duration = Duration::from_secs(60);

/// A running control plane. Dropping it kills its components; its folder goes last.
pub struct Supervisor {
    components: Vec<Running>,
    node: Option<Node>,
    layout: Layout,
    bin: PathBuf,
    run: RunDir,
}

struct Running {
    component: Component,
    program: PathBuf,
    /// Missing while it is stopped by order.
    child: Option<Child>,
    log: PathBuf,
}

impl Running {
    fn signal(&self, signal: Signal) {
        let id = self.child.as_ref().and_then(Child::id).and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id {
            // It may have ended by itself.
            let _ = killpg(Pid::from_raw(id), signal);
        }
    }
}

impl Supervisor {
    /// Starts a control plane and returns when it can be used. Must be called on a thread that lives as long as the
    /// control plane: the components are tied to it. Their programs are in the folder `bin`.
    pub async fn start(bin: PathBuf, options: &Options) -> Result<Self, Error> {
        run_dir::sweep();
        node::cgroups::sweep();
        let run = RunDir::create(options.dir.as_deref())?;
        let layout = Layout::prepare(run.path())?;
        let mut supervisor = Self { components: Vec::new(), node: None, layout, bin, run };
        supervisor.bring_up(options).await?;
        Ok(supervisor)
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.layout.kubeconfig()
    }

    /// Where images are pushed to for the real node, if there is one.
    pub fn registry(&self) -> Option<String> {
        self.node.as_ref().map(|_| components::registry_address(&self.layout))
    }

    /// The folder with the programs, kubectl among them.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// Waits for the first component that ends, or for the real node, which none should, and says which it was.
    pub async fn failure(&mut self) -> Error {
        let ends = self.components.iter_mut().filter_map(|running| {
            let (name, log) = (running.component.name, running.log.clone());
            Some(running.child.as_mut()?.wait().map(move |ended| (name, log, ended)).boxed())
        });
        let component = async {
            match future::select_all(ends).await.0 {
                (name, log, Ok(status)) => ended(name, &log, status),
                (name, _, Err(source)) => Error::Spawn { program: name.to_owned(), source },
            }
        };
        match &mut self.node {
            None => component.await,
            Some(node) => tokio::select! {
                failure = component => failure,
                failure = node.failure() => failure,
            },
        }
    }

    /// Does what a test asks for with one of the components.
    pub async fn obey(&mut self, order: &Order) -> Result<(), Error> {
        let unknown = || Error::Order { order: order.to_string() };
        let at = self.components.iter().position(|running| running.component.name == order.component);
        let running = &mut self.components[at.ok_or_else(unknown)?];
        match order.act {
            Act::Pause => running.signal(Signal::SIGSTOP),
            Act::Resume => running.signal(Signal::SIGCONT),
            Act::Stop => {
                running.signal(Signal::SIGKILL);
                if let Some(mut child) = running.child.take() {
                    child.wait().await.map_err(Error::spawn(running.component.name))?;
                }
            }
            Act::Start if running.child.is_some() => return Err(unknown()),
            Act::Start => {
                let child = spawn(&running.program, &self.run, &running.component, &running.log)?;
                running.child = Some(child);
            }
        }
        Ok(())
    }

    async fn bring_up(&mut self, options: &Options) -> Result<(), Error> {
        for component in components::servers(&self.layout, options)? {
            self.launch(component, None)?;
        }
        let client = credentials::client(&self.kubeconfig()).await?;
        self.ready("the API server is ready", async || api_ready(&client).await).await?;
        for component in components::clients(&self.layout, options)? {
            self.launch(component, None)?;
        }
        bootstrap::nodes(&client, options.nodes).await?;
        if options.real_node {
            self.launch(components::registry(&self.layout)?, Some(programs::node()?.registry))?;
            bootstrap::real_node(&client).await?;
            bootstrap::real_network(&client, &self.layout).await?;
            self.node = Some(Node::start(self.run.path(), &self.layout).await?);
        }
        if !options.without_metrics {
            bootstrap::metrics(&client, &self.layout).await?;
        }
        self.ready("nodes, accounts and APIs are ready", async || bootstrap::complete(&client, options).await)
            .await
    }

    /// Starts a component, whose program is in this folder, or else among the control plane's.
    fn launch(&mut self, component: Component, folder: Option<PathBuf>) -> Result<(), Error> {
        let program = folder.as_ref().unwrap_or(&self.bin).join(component.name);
        let log = self.run.path().join(format!("{}.log", component.name));
        let child = spawn(&program, &self.run, &component, &log)?;
        self.components.push(Running { component, program, child: Some(child), log });
        Ok(())
    }

    /// Waits for a condition, but no longer than all components live.
    async fn ready(
        &mut self,
        what: &str,
        probe: impl AsyncFnMut() -> Result<(), String>,
    ) -> Result<(), Error> {
        let waited = tokio::select! {
            waited = wait::try_until(READY_WITHIN, what, probe) => waited,
            failure = self.failure() => return Err(failure),
        };
        waited.map_err(|error| match error {
            Error::NotReady { what, limit, detail } => {
                Error::NotReady { what, limit, detail: format!("{detail}\n{}", self.tails()) }
            }
            other => other,
        })
    }

    fn tails(&self) -> String {
        let logs = self.components.iter().map(|running| (running.component.name, &running.log));
        let parts = logs.map(|(name, log)| format!("--- {name}\n{}", tail(log, 8)));
        parts.chain(self.node.as_ref().map(Node::logs)).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // It goes before the API server, without which it would only complain.
        drop(self.node.take());
        for running in &self.components {
            // Nothing of a component is worth keeping, so none is asked politely.
            running.signal(Signal::SIGKILL);
        }
        for child in self.components.iter_mut().filter_map(|running| running.child.as_mut()) {
            while matches!(child.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }
}

/// Starts a component; what it writes is added to the log.
fn spawn(program: &Path, run: &RunDir, component: &Component, log: &Path) -> Result<Child, Error> {
    let output = File::options().create(true).append(true).open(log).map_err(Error::file("create", log))?;
    let errors = output.try_clone().map_err(Error::file("open", log))?;
    let mut command = std::process::Command::new(program);
    command.args(&component.arguments).current_dir(run.path());
    let mut tied = Command::from(child::tied_to_caller(&command)?);
    // Proxies and other settings of the user must not reach the components.
    tied.env_clear().env("HOME", run.path()).env("KWOK_WORKDIR", run.path().join("kwok"));
    tied.stdin(Stdio::null()).stdout(output).stderr(errors);
    // In a group of its own, so that Ctrl-C reaches only the supervisor.
    tied.process_group(0).spawn().map_err(Error::spawn(component.name))
}

async fn api_ready(client: &Client) -> Result<(), String> {
    let request = http::Request::get("/readyz").body(Vec::new()).expect("a fixed request is valid");
    client.request_text(request).await.map(|_| ()).map_err(|error| error.to_string())
}

fn ended(name: &str, log: &Path, status: ExitStatus) -> Error {
    Error::Failed { program: name.to_owned(), status, detail: tail(log, 20) }
}
