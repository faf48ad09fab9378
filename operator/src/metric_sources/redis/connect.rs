//! Opening connections.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{FutureExt as _, TryFutureExt as _, select_ok};
use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    Pipeline, RedisConnectionInfo, RedisError, RedisResult, TlsCertificates, TlsMode, Value,
};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::bounded::Bounded;
use super::error;
use super::login::{Account, Login};
use super::place::{Place, Topology};
use super::resolver::{Resolver, taken};
use crate::metric_sources::address::Address;
use crate::metric_sources::certificates::Certificates;
use crate::metric_sources::nearby::told;
use crate::metric_sources::{Failure, Hosts};

/// An end to whatever the client does by itself; queries give up earlier.
const LONGEST: Duration = Duration::from_secs(30);
const CLUSTER_RETRIES: u32 = 3;

/// An open connection; clones share it.
#[derive(Clone)]
pub(super) enum Connection {
    Single(Single),
    Cluster(Box<ClusterConnection>),
}

impl Connection {
    /// Sends the commands at once. A reply may be an error of the server.
    pub async fn run(&mut self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        match self {
            Self::Single(single) => single.connection.req_packed_commands(commands, 0, commands.len()).await,
            Self::Cluster(connection) => connection.req_packed_commands(commands, 0, commands.len()).await,
        }
    }
}

/// A connection to one server.
#[derive(Clone)]
pub(super) struct Single {
    connection: MultiplexedConnection,
    /// What moves its bytes, where it is ours.
    _driver: Option<Arc<Driver>>,
}

struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
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

    async fn server(&self, address: &Address) -> Result<Single, Failure> {
        self.connect(address, &self.login.server, self.place.db).await
    }

    async fn connect(&self, address: &Address, account: &Account, db: i32) -> Result<Single, Failure> {
        let origin = self.origin(address);
        let settings = settings(account, db);
        let mut single = match self.place.tls {
            true => self.secure(address, settings).await?,
            false => self.plain(address, settings).await?,
        };
        // Whoever answers in another protocol, or wants a certificate, shows it only now. That a user may not ping does not matter.
        match single.connection.req_packed_command(&redis::cmd("PING")).await {
            Err(error) if error.code().is_none() => Err(error::at_first(&origin, &error)),
            _ => Ok(single),
        }
    }

    async fn secure(&self, address: &Address, settings: RedisConnectionInfo) -> Result<Single, Failure> {
        let origin = self.origin(address);
        let failed = |error| error::at_first(&origin, &error);
        let resolver = Resolver::new(self.hosts, address);
        let refused = Arc::clone(&resolver.refused);
        let config = patient().set_dns_resolver(resolver);
        let info = info(true, address).map_err(failed)?.set_redis_settings(settings);
        let client = Client::build_with_tls(info, tls(&self.login.certificates)).map_err(failed)?;
        let connected = client.get_multiplexed_async_connection_with_config(&config).await;
        let connection = connected.map_err(|error| taken(&refused).unwrap_or_else(|| failed(error)))?;
        Ok(Single { connection, _driver: None })
    }

    /// Nothing vouches for the other side of a plain connection, so what it sends is bounded.
    async fn plain(&self, address: &Address, settings: RedisConnectionInfo) -> Result<Single, Failure> {
        let origin = self.origin(address);
        let failed = |error: RedisError| error::at_first(&origin, &error);
        let addresses = self.hosts.resolve(&address.host, address.port).await?;
        let stream = TcpStream::connect(&addresses[..]).await.map_err(|error| failed(error.into()))?;
        stream.set_nodelay(true).map_err(|error| failed(error.into()))?;
        let opened = MultiplexedConnection::new_with_config(&settings, Bounded::new(stream), patient()).await;
        let (connection, driver) = opened.map_err(failed)?;
        Ok(Single { connection, _driver: Some(Arc::new(Driver(tokio::spawn(driver)))) })
    }

    /// A cluster's client does not say why it cannot connect, so one of the nodes is tried first.
    async fn cluster(&self) -> Result<ClusterConnection, Failure> {
        let tried = self.place.addresses.iter().map(|node| self.server(node).map_ok(move |_| node).boxed());
        let (node, _) = select_ok(tried).await?;
        let origin = self.place.to_string();
        let resolver = Resolver::new(self.hosts, node);
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

    async fn master(&self, name: &str) -> Result<Single, Failure> {
        let sentinels = self.place.addresses.iter().map(|sentinel| self.named_by(sentinel, name).boxed());
        let (address, _) = select_ok(sentinels).await?;
        let mut single = self.server(&address).await?;
        let role = single.connection.req_packed_command(&redis::cmd("ROLE")).await;
        // A user may not be allowed to ask for it.
        if let Ok(Value::Array(role)) = role
            && role.first() == Some(&Value::BulkString(b"slave".to_vec()))
        {
            return Err(Failure::Unreachable {
                origin: self.origin(&address),
                problem: format!("it is a replica, although the sentinels name it as the master {name:?}"),
            });
        }
        Ok(single)
    }

    /// The address of a master according to a sentinel.
    async fn named_by(&self, sentinel: &Address, name: &str) -> Result<Address, Failure> {
        let origin = self.origin(sentinel);
        let mut single = self.connect(sentinel, &self.login.sentinel, 0).await.map_err(as_sentinel)?;
        let mut command = redis::cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
        let named: RedisResult<Option<(String, u16)>> = command.query_async(&mut single.connection).await;
        match named {
            Ok(Some((host, port))) => Ok(Address { host: told(&sentinel.host, &host), port }),
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

fn patient() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(LONGEST)).set_response_timeout(Some(LONGEST))
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
