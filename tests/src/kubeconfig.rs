//! Kubeconfig files.

use std::path::Path;

use serde_json::json;

use crate::{Error, pki};

/// How a user proves who they are.
#[derive(Debug, Clone, Copy)]
pub enum Proof<'a> {
    /// By a client certificate.
    Certificate(&'a pki::Certificate),
    /// By a bearer token.
    Token(&'a str),
}

/// Writes a kubeconfig with one cluster, one user and one context.
pub fn write(
    path: &Path,
    server: &str,
    authority: &Path,
    proof: Proof<'_>,
    namespace: &str,
) -> Result<(), Error> {
    let user = match proof {
        Proof::Certificate(files) => {
            json!({"client-certificate": files.certificate, "client-key": files.key})
        }
        Proof::Token(token) => json!({"token": token}),
    };
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "csop", "cluster": {"server": server, "certificate-authority": authority}}],
        "users": [{"name": "csop", "user": user}],
        "contexts": [{"name": "csop", "context": {"cluster": "csop", "user": "csop", "namespace": namespace}}],
        "current-context": "csop",
    });
    pki::write_private(path, &serde_yaml::to_string(&config).expect("JSON values are YAML"))
}
