//! Certificates of the cluster's authority, for services of the tests.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use csop_tests::{
    Cluster,
    pki::{Authority, Subject},
};
use k8s_openapi::api::core::v1::Secret;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde_json::json;

fn authority(cluster: &Cluster) -> Authority {
    Authority::load(&cluster.run_folder().join("pki"), "ca").unwrap()
}

/// A Secret `NAME-tls` with the certificate of a server of this name.
pub fn secret(cluster: &Cluster, name: &str) -> Secret {
    let subject = Subject { name, hosts: &[name], ..Subject::default() };
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let file = format!("server-{name}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let files = authority(cluster).issue(&file, &subject).unwrap();
    let read = |path| fs::read_to_string(path).unwrap();
    let secret = json!({
        "metadata": {"name": format!("{name}-tls")},
        "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": read(files.certificate), "tls.key": read(files.key)},
    });
    serde_json::from_value(secret).unwrap()
}

/// Trust in the cluster's authority alone.
pub fn trust(cluster: &Cluster) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority(cluster).certificate()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}
