//! The control plane as tests see it.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::OnceLock,
};

use crate::{
    Error, binaries,
    components::AUDIT_LOG,
    credentials, node,
    orders::{Act, Order},
    pki::Subject,
    requests::Requests,
};
use kube::Client;

/// The line of `csop-cluster up` that says it is ready and where its kubeconfig is.
pub const READY: &str = "export KUBECONFIG=";

/// The line before that which says where images are pushed to, where there is a real node.
pub const REGISTRY: &str = "export REGISTRY=";

/// A Kubernetes cluster for tests: a local control plane, or the one that `CSOP_TEST_KUBECONFIG` names.
#[derive(Debug)]
pub struct Cluster {
    kubeconfig: PathBuf,
    /// Holds the kubeconfig files of other users.
    users: PathBuf,
    supervisor: Option<Supervisor>,
    registry: Option<String>,
}

/// The process that owns the control plane. It takes it down when its standard input is closed, which happens at the
/// latest when the test process ends, in whatever way.
#[derive(Debug)]
struct Supervisor {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Cluster {
    /// The cluster that all tests of this process share; started at first use.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            match env::var_os("CSOP_TEST_KUBECONFIG").filter(|path| !path.is_empty()) {
                Some(path) => Self::existing(Path::new(&path)),
                None => Self::start(&[]),
            }
            .map_err(|error| error.to_string())
        });
        shared.as_ref().unwrap_or_else(|error| panic!("{error}"))
    }

    /// A control plane of the test's own, for tests that change what others see or kill parts of it. It ends when
    /// dropped.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn own() -> Self {
        Self::with(&[])
    }

    /// Like [`Self::own`], with arguments for `csop-cluster up`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn with(arguments: &[&str]) -> Self {
        Self::start(arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    fn existing(kubeconfig: &Path) -> Result<Self, Error> {
        let kubeconfig = kubeconfig.canonicalize().map_err(Error::file("find", kubeconfig))?;
        let users = binaries::target_folder()?.join("csop-test-users");
        fs::create_dir_all(&users).map_err(Error::file("make the folder", &users))?;
        Ok(Self { kubeconfig, users, supervisor: None, registry: None })
    }

    /// Like [`Self::with`], but returns the failure.
    pub fn start(arguments: &[&str]) -> Result<Self, Error> {
        let program = binaries::beside_tests("csop-cluster")?;
        let mut command = Command::new(program);
        command.args(["up", "--until-stdin-closes"]).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(Error::spawn("csop-cluster"))?;
        let output = child.stdout.take().expect("the output is piped");
        let mut supervisor = Supervisor { stdin: child.stdin.take(), child };
        let mut registry = None;
        let kubeconfig = BufReader::new(output).lines().map_while(Result::ok).find_map(|line| {
            if let Some(address) = line.strip_prefix(REGISTRY) {
                registry = Some(address.to_owned());
            }
            line.strip_prefix(READY).map(PathBuf::from)
        });
        let Some(kubeconfig) = kubeconfig else {
            let status = supervisor.child.wait().map_err(Error::spawn("csop-cluster"))?;
            let detail = "its reason is written above".to_owned();
            return Err(Error::Failed { program: "csop-cluster up".to_owned(), status, detail });
        };
        let users = kubeconfig.parent().expect("a file lies in a folder").to_owned();
        Ok(Self { kubeconfig, users, supervisor: Some(supervisor), registry })
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Whether it is a local control plane, with simulated nodes and an audit log.
    pub fn is_local(&self) -> bool {
        self.supervisor.is_some()
    }

    /// The folder of a local control plane with the logs of its components.
    ///
    /// # Panics
    /// When it is not a local one.
    pub fn run_folder(&self) -> &Path {
        assert!(self.is_local(), "only the local control plane has a run folder; unset CSOP_TEST_KUBECONFIG");
        self.kubeconfig.parent().expect("a file lies in a folder")
    }

    /// The process id of the supervisor of a local control plane.
    pub fn supervisor(&self) -> Option<u32> {
        self.supervisor.as_ref().map(|supervisor| supervisor.child.id())
    }

    /// Whether a local control plane still runs.
    pub fn is_running(&mut self) -> bool {
        self.supervisor.as_mut().is_some_and(|supervisor| matches!(supervisor.child.try_wait(), Ok(None)))
    }

    /// Where images for the real node are pushed to, if there is one.
    pub fn registry(&self) -> Option<&str> {
        self.registry.as_deref()
    }

    /// The process id of the first process of the real node, in whose network its pods are.
    ///
    /// # Panics
    /// When there is no real node.
    pub fn node_process(&self) -> u32 {
        let path = self.run_folder().join(node::PROCESS);
        let id = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        id.parse().expect("the supervisor has written a number")
    }

    /// Does something to a component of a local control plane of the test's own, such as `kube-apiserver`. What follows
    /// from it is to be waited for.
    ///
    /// # Panics
    /// When it is not a local one, or has ended.
    pub fn order(&self, act: Act, component: &str) {
        let order = Order { act, component: component.to_owned() };
        let mut stdin =
            self.supervisor.as_ref().and_then(|s| s.stdin.as_ref()).expect("the cluster is local");
        writeln!(stdin, "{order}").expect("the supervisor runs");
    }

    /// A client as the administrator. It belongs to the test's runtime, so every test makes its own.
    ///
    /// # Panics
    /// When the kubeconfig cannot be used.
    pub async fn client(&self) -> Client {
        credentials::client(&self.kubeconfig).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The log of changing requests.
    ///
    /// # Panics
    /// When it is not a local control plane.
    pub async fn requests(&self) -> Requests {
        Requests::new(self.run_folder().join(AUDIT_LOG), self.client().await)
    }

    /// A kubeconfig with which its reader is this service account, which must exist.
    ///
    /// # Panics
    /// When the API server gives no token.
    pub async fn kubeconfig_for_service_account(&self, namespace: &str, name: &str) -> PathBuf {
        let made = credentials::for_service_account(&self.kubeconfig, &self.users, namespace, name).await;
        made.unwrap_or_else(|error| panic!("{error}"))
    }

    /// A kubeconfig with a client certificate for this user.
    ///
    /// # Panics
    /// When it is not a local control plane.
    pub async fn kubeconfig_for_user(&self, user: &Subject<'_>) -> PathBuf {
        let pki = self.run_folder().join("pki");
        let made = credentials::for_user(&self.kubeconfig, &pki, &self.users, user).await;
        made.unwrap_or_else(|error| panic!("{error}"))
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // It ends by itself now.
        let _ = self.child.wait();
    }
}
