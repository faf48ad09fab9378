//! Opening connections.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{FutureExt as _, select_ok};
use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::io::AsyncDNSResolver;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    Pipeline, RedisConnectionInfo, RedisFuture, RedisResult, TlsCertificates, TlsMode, Value,
};

use super::error;
use super::login::{Account, Login};
use super::place::{Place, Topology};
use crate::metric_sources::address::Address;
use crate::metric_sources::certificates::Certificates;
use crate::metric_sources::{Failure, Hosts};

/// An end to whatever the client does by itself; queries give up earlier.
const LONGEST: Duration = Duration::from_secs(30);
const CLUSTER_RETRIES: u32 = 3;

/// An open connection; clones share it.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(Box<ClusterConnection>),
}

impl Connection {
    /// Sends the commands at once. A reply may be an error of the server.
    pub async fn run(&mut self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(commands, 0, commands.len()).await,
            Self::Cluster(connection) => connection.req_packed_commands(commands, 0, commands.len()).await,
        }
    }
}

/// Opens a connection to the server, to the cluster, or to the master that the sentinels name.
pub(super) async fn open(place: Arc<Place>, login: Login, hosts: Arc<Hosts>) -> Result<Connection, Failure> {
    let opener = Opener { place: &place, login: &login, hosts: &hosts };
    match &place.topology {
        Topology::Single => opener.server(&place.addresses[0]).await.map(Connection::Single),
        Topology::Cluster => opener.cluster().await.map(|cluster| Connection::Cluster(Box::new(cluster))),
        Topology::Sentinel(master) => opener.master(master).await.map(Connection::Single),
    }
}

struct Opener<'a> {
    place: &'a Place,
    login: &'a Login,
    hosts: &'a Arc<Hosts>,
}

impl Opener<'_> {
    fn scheme(&self) -> &'static str {
        if self.place.tls { "rediss" } else { "redis" }
    }

    fn origin(&self, address: &Address) -> String {
        format!("{}://{address}", self.scheme())
    }

    async fn server(&self, address: &Address) -> Result<MultiplexedConnection, Failure> {
        self.connect(address, &self.login.server, self.place.db).await
    }

    async fn connect(
        &self,
        address: &Address,
        account: &Account,
        db: i32,
    ) -> Result<MultiplexedConnection, Failure> {
        let origin = self.origin(address);
        let failed = |error| error::at_first(&origin, &error);
        let resolver = Resolver::new(self.hosts);
        let refused = Arc::clone(&resolver.refused);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(LONGEST))
            .set_response_timeout(Some(LONGEST))
            .set_dns_resolver(resolver);
        let info = info(self.place.tls, address).map_err(failed)?.set_redis_settings(settings(account, db));
        let client = match self.place.tls {
            true => Client::build_with_tls(info, tls(&self.login.certificates)),
            false => Client::open(info),
        };
        let connected = client.map_err(failed)?.get_multiplexed_async_connection_with_config(&config).await;
        let mut connection =
            connected.map_err(|error| taken(&refused).unwrap_or_else(|| error::at_first(&origin, &error)))?;
        // Whoever answers in another protocol, or wants a certificate, shows it only now. That a user may not ping does not matter.
        match connection.req_packed_command(&redis::cmd("PING")).await {
            Err(error) if error.code().is_none() => Err(error::at_first(&origin, &error)),
            _ => Ok(connection),
        }
    }

    /// A cluster's client does not say why it cannot connect, so one of the nodes is tried first.
    async fn cluster(&self) -> Result<ClusterConnection, Failure> {
        let (node, _) = select_ok(self.place.addresses.iter().map(|node| self.server(node).boxed())).await?;
        drop(node);
        let origin = self.place.to_string();
        let resolver = Resolver::new(self.hosts);
        let refused = Arc::clone(&resolver.refused);
        let failed = |error| taken(&refused).unwrap_or_else(|| error::failure(&origin, &error));
        let nodes: RedisResult<Vec<_>> =
            self.place.addresses.iter().map(|address| info(self.place.tls, address)).collect();
        let mut builder = ClusterClientBuilder::new(nodes.map_err(failed)?)
            .retries(CLUSTER_RETRIES)
            .connection_timeout(LONGEST)
            .response_timeout(LONGEST)
            .async_dns_resolver(resolver);
        if let Some(user) = &self.login.server.user {
            builder = builder.username(user);
        }
        if let Some(password) = &self.login.server.password {
            builder = builder.password(password);
        }
        if self.place.tls {
            builder = builder.tls(TlsMode::Secure).certs(tls(&self.login.certificates));
        }
        let client = builder.build().map_err(failed)?;
        client.get_async_connection().await.map_err(failed)
    }

    async fn master(&self, name: &str) -> Result<MultiplexedConnection, Failure> {
        let sentinels = self.place.addresses.iter().map(|sentinel| self.named_by(sentinel, name).boxed());
        let (address, _) = select_ok(sentinels).await?;
        let mut connection = self.server(&address).await?;
        let role = connection.req_packed_command(&redis::cmd("ROLE")).await;
        // A user may not be allowed to ask for it.
        if let Ok(Value::Array(role)) = role
            && role.first() == Some(&Value::BulkString(b"slave".to_vec()))
        {
            return Err(Failure::Unreachable {
                origin: self.origin(&address),
                problem: format!("it is a replica, although the sentinels name it as the master {name:?}"),
            });
        }
        Ok(connection)
    }

    /// The address of a master according to a sentinel.
    async fn named_by(&self, sentinel: &Address, name: &str) -> Result<Address, Failure> {
        let origin = self.origin(sentinel);
        let mut connection = self.connect(sentinel, &self.login.sentinel, 0).await.map_err(as_sentinel)?;
        let mut command = redis::cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
        let named: RedisResult<Option<(String, u16)>> = command.query_async(&mut connection).await;
        match named {
            Ok(Some((host, port))) => Ok(Address { host, port }),
            Ok(None) => Err(Failure::Unusable {
                origin,
                problem: format!(
                    "no master named {name:?}; config.sentinelMaster must be a name that the sentinels know"
                ),
            }),
            Err(error) => Err(as_sentinel(error::failure(&origin, &error))),
        }
    }
}

/// A sentinel that refuses has a password of its own.
fn as_sentinel(failure: Failure) -> Failure {
    match failure {
        Failure::Refused { origin, problem } => {
            let problem =
                format!("{problem} (this is a sentinel: its password is `sentinelPassword` in the Secret)");
            Failure::Refused { origin, problem }
        }
        other => other,
    }
}

fn info(with_tls: bool, address: &Address) -> RedisResult<ConnectionInfo> {
    let (host, port) = (address.host.clone(), address.port);
    let address = match with_tls {
        true => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        false => ConnectionAddr::Tcp(host, port),
    };
    address.into_connection_info()
}

fn settings(account: &Account, db: i32) -> RedisConnectionInfo {
    let mut settings = RedisConnectionInfo::default().set_db(db.into()).set_skip_set_lib_name();
    if let Some(user) = &account.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = &account.password {
        settings = settings.set_password(password);
    }
    settings
}

fn tls(certificates: &Certificates) -> TlsCertificates {
    let identity = certificates.identity.clone();
    TlsCertificates {
        client_tls: identity
            .map(|identity| ClientTlsConfig { client_cert: identity.certificate, client_key: identity.key }),
        root_cert: certificates.authority.clone(),
    }
}

/// Looks names up under the rule of which hosts may be asked, for the addresses that a cluster announces too.
struct Resolver {
    hosts: Arc<Hosts>,
    /// Why a name was not looked up; the client passes on no more than a text.
    refused: Arc<Mutex<Option<Failure>>>,
}

impl Resolver {
    fn new(hosts: &Arc<Hosts>) -> Self {
        Self { hosts: Arc::clone(hosts), refused: Arc::default() }
    }
}

fn taken(refused: &Mutex<Option<Failure>>) -> Option<Failure> {
    refused.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl AsyncDNSResolver for Resolver {
    fn resolve<'a, 'b: 'a>(
        &'a self,
        host: &'b str,
        port: u16,
    ) -> RedisFuture<'a, Box<dyn Iterator<Item = SocketAddr> + Send + 'a>> {
        async move {
            match self.hosts.resolve(host, port).await {
                Ok(addresses) if !addresses.is_empty() => {
                    let addresses: Box<dyn Iterator<Item = SocketAddr> + Send> =
                        Box::new(addresses.into_iter());
                    Ok(addresses)
                }
                Ok(_) => Err(io::Error::other(format!("{host} has no address")).into()),
                Err(failure) => {
                    let error = io::Error::other(failure.to_string());
                    *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
                    Err(error.into())
                }
            }
        }
        .boxed()
    }
}
