//! Clients, and kubeconfig files for other users than the administrator.

use std::path::{Path, PathBuf};

use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::ServiceAccount,
};
use kube::{
    Api, Client, Config,
    api::PostParams,
    config::{KubeConfigOptions, Kubeconfig},
};

use crate::{
    Error,
    kubeconfig::{self, Proof},
    namespace::unique,
    pki::{self, Authority, Subject},
};

/// How long a token of a test is good for, in seconds.
const TOKEN_SECONDS: i64 = 2 * 3600;

/// A client for a kubeconfig file. It belongs to the runtime in which it is made.
pub async fn client(kubeconfig: &Path) -> Result<Client, Error> {
    Client::try_from(config(kubeconfig).await?).map_err(Error::api("make a client"))
}

async fn config(path: &Path) -> Result<Config, Error> {
    let unusable = |error: kube::config::KubeconfigError| Error::Kubeconfig {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let kubeconfig = Kubeconfig::read_from(path).map_err(unusable)?;
    let mut config =
        Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.map_err(unusable)?;
    // The cluster is on this machine: a proxy of the environment would only be in the way.
    config.proxy_url = None;
    Ok(config)
}

/// Writes a kubeconfig with which its reader is this service account, by a token of its own, and not the administrator.
pub async fn for_service_account(
    admin: &Path,
    folder: &Path,
    namespace: &str,
    name: &str,
) -> Result<PathBuf, Error> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client(admin).await?, namespace);
    let request = TokenRequest {
        spec: TokenRequestSpec { expiration_seconds: Some(TOKEN_SECONDS), ..TokenRequestSpec::default() },
        ..TokenRequest::default()
    };
    let response = accounts
        .create_token_request(name, &PostParams::default(), &request)
        .await
        .map_err(Error::api(format!("request a token for the service account {namespace}/{name}")))?;
    let token = response.status.map(|status| status.token).unwrap_or_default();
    let config = config(admin).await?;
    let file = format!("{namespace}-{name}-{}", unique());
    let authority = folder.join(format!("{file}.crt"));
    let certificates = config.root_cert.as_deref().unwrap_or_default();
    pki::write_private(
        &authority,
        &certificates.iter().map(|certificate| pki::pem(certificate)).collect::<String>(),
    )?;
    let path = folder.join(format!("{file}.kubeconfig"));
    let server = config.cluster_url.to_string();
    kubeconfig::write(&path, server.trim_end_matches('/'), &authority, Proof::Token(&token), namespace)?;
    Ok(path)
}

/// Writes a kubeconfig for a user with a certificate of the cluster's own authority.
pub async fn for_user(admin: &Path, pki: &Path, folder: &Path, user: &Subject<'_>) -> Result<PathBuf, Error> {
    let authority = Authority::load(pki, "ca")?;
    let file = format!("user-{}-{}", user.name, unique());
    let files = authority.issue(&file, user)?;
    let path = folder.join(format!("{file}.kubeconfig"));
    let server = config(admin).await?.cluster_url.to_string();
    let server = server.trim_end_matches('/');
    kubeconfig::write(&path, server, &authority.certificate(), Proof::Certificate(&files), "default")?;
    Ok(path)
}
