//! HTTPS: the certificate, and a listener whose connections have agreed on their keys.

use std::{fmt::Display, io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::serve::Listener;
use csop_examples::Failure;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Whoever connects has that long to agree on keys.
const PATIENCE: Duration = Duration::from_secs(10);

type Agreed = io::Result<(TlsStream<TcpStream>, SocketAddr)>;

/// A TCP listener with a certificate. Clients that are slow to agree on keys hold nobody up.
pub struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    agreeing: JoinSet<Agreed>,
}

impl Tls {
    /// With the certificate `tls.crt` and its key `tls.key` in this folder, where the container contract mounts them. Where
    /// they are missing, with one that is made here, for these names, and that nobody trusts.
    ///
    /// # Errors
    /// When there is a certificate that cannot be used.
    pub fn new(listener: TcpListener, folder: &Path, names: Vec<String>) -> Result<Self, Failure> {
        let (chain, key) = if folder.join("tls.crt").exists() { read(folder)? } else { make(names)? };
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)), agreeing: JoinSet::new() })
    }

    fn agree(&mut self, stream: TcpStream, address: SocketAddr) {
        let agreement = self.acceptor.accept(stream);
        self.agreeing.spawn(async move { Ok((timeout(PATIENCE, agreement).await??, address)) });
    }
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            tokio::select! {
                (stream, address) = Listener::accept(&mut self.listener) => self.agree(stream, address),
                Some(agreed) = self.agreeing.join_next() => match agreed {
                    Ok(Ok(connection)) => return connection,
                    Ok(Err(error)) => tracing::debug!(%error, "a client gave up, or was given up"),
                    Err(error) => tracing::warn!(%error, "a connection is lost"),
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

type Certificate = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn read(folder: &Path) -> Result<Certificate, Failure> {
    let (chain, key) = (folder.join("tls.crt"), folder.join("tls.key"));
    let certificates = CertificateDer::pem_file_iter(&chain).and_then(Iterator::collect);
    let certificates = certificates.map_err(|error| unusable(&chain, &error))?;
    let private = PrivateKeyDer::from_pem_file(&key).map_err(|error| unusable(&key, &error))?;
    tracing::info!(certificate = %chain.display(), "the certificate is that of");
    Ok((certificates, private))
}

fn unusable(path: &Path, error: &dyn Display) -> String {
    format!("cannot use {}: {error}", path.display())
}

fn make(names: Vec<String>) -> Result<Certificate, Failure> {
    let made = rcgen::generate_simple_self_signed(names)?;
    tracing::info!("the certificate is self-signed");
    Ok((vec![made.cert.der().clone()], made.signing_key.into()))
}
