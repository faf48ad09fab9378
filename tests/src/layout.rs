//! The files, ports and certificates of one control plane.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Error,
    kubeconfig::{self, Proof},
    kwok,
    pki::{self, Authority, Certificate, Subject},
    ports,
};

/// Where everything of a control plane is. All of it lies in the run folder and is readable by this user only.
pub struct Layout {
    folder: PathBuf,
    authority: Authority,
    front_proxy: Authority,
    ports: Ports,
}

/// The ports that the servers listen on, on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// etcd, for the API server.
    pub etcd: u16,
    /// etcd, for other members, of which there are none.
    pub etcd_peer: u16,
    /// The API server.
    pub api: u16,
    /// KWOK, as the kubelet of all simulated nodes.
    pub kwok: u16,
    /// The metrics server.
    pub metrics: u16,
    /// The kubelet of the real node, if there is one.
    pub kubelet: u16,
    /// The image registry of the real node.
    pub registry: u16,
}

impl Layout {
    /// Makes the certificates, the kubeconfig files and the configuration files in the run folder.
    pub fn prepare(folder: &Path) -> Result<Self, Error> {
        let pki = folder.join("pki");
        fs::create_dir_all(&pki).map_err(Error::file("make the folder", &pki))?;
        let [etcd, etcd_peer, api, kwok, metrics, kubelet, registry] = ports::free()?;
        let layout = Self {
            folder: folder.to_owned(),
            authority: Authority::create(&pki, "ca")?,
            front_proxy: Authority::create(&pki, "front-proxy-ca")?,
            ports: Ports { etcd, etcd_peer, api, kwok, metrics, kubelet, registry },
        };
        layout.write_users()?;
        layout.write_configurations()?;
        Ok(layout)
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// The certificate of the authority that signs servers and users.
    pub fn authority(&self) -> PathBuf {
        self.authority.certificate()
    }

    /// The certificate of the authority that signs the API server as a proxy.
    pub fn front_proxy_authority(&self) -> PathBuf {
        self.front_proxy.certificate()
    }

    /// The ports.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// A file of the run folder, as an argument.
    pub fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// A certificate for a server that is a client of other servers too.
    pub fn server(&self, name: &str, hosts: &[&str]) -> Result<Certificate, Error> {
        let hosts = [&["127.0.0.1"], hosts].concat();
        let subject = Subject { name, group: Some("system:masters"), hosts: &hosts, expired: false };
        self.authority.issue(&format!("server-{name}"), &subject)
    }

    /// The socket at which the API server asks for connections into the network of the real node.
    pub fn egress_socket(&self) -> PathBuf {
        self.folder.join("egress.sock")
    }

    /// The certificate of a user of the API server.
    pub fn user(&self, name: &str, group: Option<&str>) -> Result<Certificate, Error> {
        let subject = Subject { name, group, ..Subject::default() };
        self.authority.issue(&format!("user-{}", name.replace(':', "-")), &subject)
    }

    /// The certificate of the kubelet of this node, as a server and as a client with the rights of that node alone.
    pub fn kubelet(&self, node: &str) -> Result<Certificate, Error> {
        let name = format!("system:node:{node}");
        let subject = Subject {
            name: &name,
            group: Some("system:nodes"),
            hosts: &["127.0.0.1", "10.200.0.1", node],
            expired: false,
        };
        self.authority.issue("kubelet", &subject)
    }

    /// The certificate of the API server as a proxy.
    pub fn front_proxy(&self) -> Result<Certificate, Error> {
        self.front_proxy.issue("front-proxy", &Subject { name: "front-proxy", ..Subject::default() })
    }

    /// The keys that sign the tokens of service accounts.
    pub fn token_keys(&self) -> Result<Certificate, Error> {
        pki::key_pair(&self.folder.join("pki"), "service-accounts")
    }

    fn write_users(&self) -> Result<(), Error> {
        for (file, name, group) in [
            ("kubeconfig", "admin", Some("system:masters")),
            ("kube-controller-manager.kubeconfig", "system:kube-controller-manager", None),
            ("kube-scheduler.kubeconfig", "system:kube-scheduler", None),
            ("kwok.kubeconfig", "kwok", Some("system:masters")),
            ("metrics-server.kubeconfig", "metrics-server", Some("system:masters")),
        ] {
            let files = self.user(name, group)?;
            let server = format!("https://127.0.0.1:{}", self.ports.api);
            let path = self.folder.join(file);
            kubeconfig::write(&path, &server, &self.authority(), Proof::Certificate(&files), "default")?;
        }
        Ok(())
    }

    fn write_configurations(&self) -> Result<(), Error> {
        let scheduler = include_str!("../cluster/scheduler.yaml")
            .replace("KUBECONFIG", &self.file("kube-scheduler.kubeconfig"));
        pki::write_private(&self.folder.join("scheduler.yaml"), &scheduler)?;
        pki::write_private(&self.folder.join("kwok.yaml"), &kwok::configuration())?;
        let egress = include_str!("../cluster/egress.yaml")
            .replace("SOCKET", &self.egress_socket().display().to_string());
        pki::write_private(&self.folder.join("egress.yaml"), &egress)?;
        let policy = include_str!("../cluster/audit-policy.yaml");
        pki::write_private(&self.folder.join("audit-policy.yaml"), policy)
    }
}
