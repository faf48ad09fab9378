//! The connection to a cluster, made on first use.

use crate::certificate;
use crate::cli::Global;
use crate::error::{Attempt, Error};
use crate::kube_error;
use csop_shared::api::{CashService, CashServiceScheduledScale, GeneralScaler};
use http::{HeaderValue, header};
use jiff::Timestamp;
use kube::api::{ListParams, ObjectList};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Config, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

/// The resource of CashServices, as RBAC and errors name it.
pub const SERVICES: &str = "cashservices.csop.dev";
/// The resource of GeneralScalers.
pub const SCALERS: &str = "generalscalers.csop.dev";
/// The resource of CashServiceScheduledScales.
pub const SCHEDULES: &str = "cashservicescheduledscales.csop.dev";
/// How long a single request may take, unless `--request-timeout` says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// Lists are read in pages of this size: a namespace may hold a thousand services, and the events of all of them.
pub const PAGE: u32 = 500;
/// How long the cluster may take to take a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A cluster, and the namespace that commands mean.
#[derive(Clone)]
pub struct Cluster {
    /// The client.
    pub client: Client,
    /// The namespace of `-n`, else of the context.
    pub namespace: String,
    /// The API server's address.
    pub server: String,
    timeout: Duration,
    /// When the caller's certificate ends, where it has one.
    certificate_end: Option<Timestamp>,
}

impl Cluster {
    /// Reads the kubeconfig and makes a client; nothing is sent yet.
    ///
    /// # Errors
    /// When no kubeconfig is found, or it makes no sense.
    pub async fn connect(global: &Global) -> Result<Self, Error> {
        let mut config = config(global).await?;
        let timeout = match global.request_timeout {
            None => DEFAULT_TIMEOUT,
            Some(Duration::ZERO) => Duration::MAX,
            Some(given) => given,
        };
        config.connect_timeout = Some(CONNECT_TIMEOUT.min(timeout));
        // So that audit logs tell the plugin from other clients of the same user.
        let agent = concat!("kubectl-csop/", env!("CARGO_PKG_VERSION"));
        config.headers.push((header::USER_AGENT, HeaderValue::from_static(agent)));
        if let Some(user) = &global.r#as {
            config.auth_info.impersonate = Some(user.clone());
        }
        let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let namespace = global.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let certificate_end = certificate::end(&config.auth_info);
        let client = Client::try_from(config)
            .map_err(|error| kube_error::of_call(error, &Attempt::new("reach", "the cluster"), &server))?;
        Ok(Self { client, namespace, server, timeout, certificate_end })
    }

    /// Awaits a request, for as long as a request may take, and says what failed on what.
    ///
    /// # Errors
    /// The request's error, in the plugin's words.
    pub async fn call<T>(
        &self,
        attempt: Attempt,
        request: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, Error> {
        match tokio::time::timeout(self.timeout, request).await {
            Ok(answer) => {
                answer.map_err(|error| self.explain(kube_error::of_call(error, &attempt, &self.server)))
            }
            Err(_) => Err(Error::TimedOut {
                what: format!("the API server at {} to {} {}", self.server, attempt.verb, attempt.subject()),
                after: self.timeout,
                hint: "give it longer with --request-timeout".to_owned(),
            }),
        }
    }

    /// Reads a list to its end, page by page.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn pages<K: Clone>(
        &self,
        attempt: &Attempt,
        params: ListParams,
        read: impl AsyncFn(ListParams) -> kube::Result<ObjectList<K>>,
    ) -> Result<Vec<K>, Error> {
        let (mut all, mut params) = (vec![], params.limit(PAGE));
        loop {
            let page = self.call(attempt.clone(), read(params.clone())).await?;
            all.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok(all),
            }
        }
    }

    /// Makes sure that a service of which nothing is left is itself still there: it may be gone since it was read.
    ///
    /// # Errors
    /// When it is gone, or another one of that name is there.
    pub async fn still(&self, service: &CashService) -> Result<(), Error> {
        let name = service.name_any();
        match self.call(self.on_service("get", &name), self.services().get_opt(&name)).await? {
            Some(now) if now.uid() == service.uid() => Ok(()),
            _ => Err(Error::Vanished { subject: format!("cashservice/{name}"), doing: "read" }),
        }
    }

    /// Says why the caller is not known, where the kubeconfig tells.
    fn explain(&self, error: Error) -> Error {
        match (error, self.certificate_end.filter(|end| *end < Timestamp::now())) {
            (Error::Unauthorized { server, .. }, Some(end)) => {
                let reason = format!("your client certificate expired on {}", end.strftime("%F"));
                Error::Unauthorized { server, reason }
            }
            (other, _) => other,
        }
    }

    /// The objects of a kind in the namespace.
    pub fn api<K: Own>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// A call on one object.
    pub fn on<K: Own>(&self, verb: &'static str, name: &str) -> Attempt {
        Attempt::new(verb, resource::<K>()).of(name).within(Some(&self.namespace))
    }

    /// Reads one object.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub async fn get<K: Own>(&self, name: &str) -> Result<K, Error> {
        self.call(self.on::<K>("get", name), self.api::<K>().get(name)).await
    }

    /// The CashServices of the namespace.
    pub fn services(&self) -> Api<CashService> {
        self.api()
    }

    /// A call on one CashService.
    pub fn on_service(&self, verb: &'static str, name: &str) -> Attempt {
        self.on::<CashService>(verb, name)
    }
}

/// A kind of csop, in a namespace.
pub trait Own:
    Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned + 'static
{
}

impl Own for CashService {}
impl Own for CashServiceScheduledScale {}
impl Own for GeneralScaler {}

/// The resource of a kind, as RBAC and errors name it.
pub fn resource<K: Own>() -> String {
    format!("{}.{}", K::plural(&()), K::group(&()))
}

/// A kind in lower case, as kubectl prints it before a name: `cashservice`.
pub fn singular<K: Own>() -> String {
    K::kind(&()).to_ascii_lowercase()
}

async fn config(global: &Global) -> Result<Config, Error> {
    let kubeconfig = match kubeconfig(global) {
        Ok(found) => found,
        Err(missing @ Error::NoCluster(_)) if global.kubeconfig.is_none() && global.context.is_none() => {
            return Config::incluster().map_err(|_| missing);
        }
        Err(error) => return Err(error),
    };
    let options = KubeConfigOptions { context: global.context.clone(), ..KubeConfigOptions::default() };
    Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| kube_error::of_kubeconfig(&error))
}

/// The kubeconfig that the flags and the environment name.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn kubeconfig(global: &Global) -> Result<Kubeconfig, Error> {
    let paths = match (&global.kubeconfig, std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty())) {
        (Some(path), _) => return read(path),
        (None, Some(list)) => {
            std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect()
        }
        (None, None) => vec![default_path()?],
    };
    // As kubectl does: of several files, those that are not there are passed over.
    let present: Vec<_> = paths.iter().filter(|path| path.exists()).collect();
    let Some((first, rest)) = present.split_first() else {
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Error::NoCluster(format!("there is no kubeconfig at {}", names.join(" or "))));
    };
    rest.iter().try_fold(read(first)?, |merged, path| {
        merged.merge(read(path)?).map_err(|error| kube_error::of_kubeconfig(&error))
    })
}

fn read(path: &PathBuf) -> Result<Kubeconfig, Error> {
    Kubeconfig::read_from(path).map_err(|error| kube_error::of_kubeconfig(&error))
}

fn default_path() -> Result<PathBuf, Error> {
    std::env::home_dir()
        .map(|home| home.join(".kube").join("config"))
        .ok_or_else(|| Error::NoCluster("there is no home directory to look for .kube/config in".to_owned()))
}
