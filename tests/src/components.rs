//! The programs of the control plane with their arguments.

use std::{fs, path::PathBuf};

use crate::{Error, kwok, layout::Layout};

/// What can be chosen about a control plane.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The run folder; it must not exist and is removed at the end [default: one in the temporary folder]
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// How many simulated nodes it has
    #[arg(long, default_value_t = 3)]
    pub nodes: u16,
    /// Add a node that runs real containers, where this machine can (root on Linux); with `--nodes 0` it is the only one
    #[arg(long)]
    pub real_node: bool,
    /// Leave out metrics-server, and with it `kubectl top` and autoscaling by CPU
    #[arg(long)]
    pub without_metrics: bool,
    /// How often HorizontalPodAutoscalers are evaluated
    #[arg(long, default_value = "2s")]
    pub hpa_sync_period: String,
    /// How long a HorizontalPodAutoscaler waits before it follows a falling load
    #[arg(long, default_value = "10s")]
    pub hpa_downscale_stabilization: String,
    /// How long after its start a pod's readiness changes do not count for autoscaling
    #[arg(long, default_value = "1s")]
    pub hpa_initial_readiness_delay: String,
    /// How long after its start a pod's CPU does not count for autoscaling
    #[arg(long, default_value = "1s")]
    pub hpa_cpu_initialization_period: String,
    /// How often the history of changes is cut off
    #[arg(long, default_value = "5m")]
    pub compaction_interval: String,
}

/// A program of the control plane, ready to be started.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name, which is its program's too.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// The namespace and name of the metrics server's Service.
pub const METRICS_SERVICE: (&str, &str) = ("kube-system", "metrics-server");

/// The name of the audit log in the run folder.
pub const AUDIT_LOG: &str = "audit.log";

/// An address for documentation: the API server must advertise one, and nobody connects to it.
const ADVERTISED: &str = "192.0.2.1";

/// The components that must run before all others.
pub fn servers(layout: &Layout, options: &Options) -> Result<Vec<Component>, Error> {
    Ok(vec![etcd(layout)?, apiserver(layout, options)?])
}

/// The components that are clients of the API server.
pub fn clients(layout: &Layout, options: &Options) -> Result<Vec<Component>, Error> {
    let mut clients = vec![controller_manager(layout, options), scheduler(layout), kwok(layout)?];
    if !options.without_metrics {
        clients.push(metrics_server(layout)?);
    }
    Ok(clients)
}

fn etcd(layout: &Layout) -> Result<Component, Error> {
    let (client, peer) = (layout.ports().etcd, layout.ports().etcd_peer);
    let files = layout.server("etcd", &[])?;
    let mut arguments = arguments(&[
        ("name", "csop"),
        ("data-dir", &layout.file("etcd")),
        ("listen-client-urls", &format!("https://127.0.0.1:{client}")),
        ("advertise-client-urls", &format!("https://127.0.0.1:{client}")),
        ("listen-peer-urls", &format!("https://127.0.0.1:{peer}")),
        ("initial-advertise-peer-urls", &format!("https://127.0.0.1:{peer}")),
        ("initial-cluster", &format!("csop=https://127.0.0.1:{peer}")),
        ("log-level", "warn"),
    ]);
    for prefix in ["", "peer-"] {
        arguments.push(format!("--{prefix}client-cert-auth"));
        arguments.push(format!("--{prefix}trusted-ca-file={}", layout.authority().display()));
        arguments.push(format!("--{prefix}cert-file={}", files.certificate.display()));
        arguments.push(format!("--{prefix}key-file={}", files.key.display()));
    }
    // Its data need not survive a crash.
    arguments.push("--unsafe-no-fsync".to_owned());
    Ok(Component { name: "etcd", arguments })
}

fn apiserver(layout: &Layout, options: &Options) -> Result<Component, Error> {
    let (etcd, own) = (layout.ports().etcd, layout.ports().api);
    let hosts = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "10.96.0.1"];
    let files = layout.server("kube-apiserver", &hosts)?;
    let proxy = layout.front_proxy()?;
    let tokens = layout.token_keys()?;
    let [certificate, key] = [&files.certificate, &files.key].map(|path| path.display().to_string());
    let mut arguments = arguments(&[
        ("etcd-servers", &format!("https://127.0.0.1:{etcd}")),
        ("etcd-cafile", &layout.authority().display().to_string()),
        ("etcd-certfile", &certificate),
        ("etcd-keyfile", &key),
        ("etcd-compaction-interval", &options.compaction_interval),
        ("bind-address", "127.0.0.1"),
        ("secure-port", &own.to_string()),
        ("advertise-address", ADVERTISED),
        ("endpoint-reconciler-type", "none"),
        ("service-cluster-ip-range", "10.96.0.0/16"),
        ("tls-cert-file", &certificate),
        ("tls-private-key-file", &key),
        ("client-ca-file", &layout.authority().display().to_string()),
        ("kubelet-client-certificate", &certificate),
        ("kubelet-client-key", &key),
        ("kubelet-certificate-authority", &layout.authority().display().to_string()),
        ("kubelet-preferred-address-types", "InternalIP"),
        ("authorization-mode", "Node,RBAC"),
        ("enable-admission-plugins", "NodeRestriction"),
        ("allow-privileged", "true"),
        ("service-account-issuer", "https://kubernetes.default.svc.cluster.local"),
        ("service-account-key-file", &tokens.certificate.display().to_string()),
        ("service-account-signing-key-file", &tokens.key.display().to_string()),
        ("requestheader-client-ca-file", &layout.front_proxy_authority().display().to_string()),
        ("requestheader-allowed-names", "front-proxy"),
        ("requestheader-username-headers", "X-Remote-User"),
        ("requestheader-group-headers", "X-Remote-Group"),
        ("requestheader-extra-headers-prefix", "X-Remote-Extra-"),
        ("proxy-client-cert-file", &proxy.certificate.display().to_string()),
        ("proxy-client-key-file", &proxy.key.display().to_string()),
        ("audit-policy-file", &layout.file("audit-policy.yaml")),
        ("audit-log-path", &layout.file(AUDIT_LOG)),
        // In megabytes; the log is read as one file.
        ("audit-log-maxsize", "100000"),
    ]);
    if options.real_node {
        arguments.push(format!("--egress-selector-config-file={}", layout.file("egress.yaml")));
    }
    Ok(Component { name: "kube-apiserver", arguments })
}

fn controller_manager(layout: &Layout, options: &Options) -> Component {
    let kubeconfig = layout.file("kube-controller-manager.kubeconfig");
    let arguments = arguments(&[
        ("kubeconfig", &kubeconfig),
        ("secure-port", "0"),
        ("leader-elect", "false"),
        ("kube-api-qps", "500"),
        ("kube-api-burst", "1000"),
        ("use-service-account-credentials", "true"),
        ("service-account-private-key-file", &layout.file("pki/service-accounts.key")),
        ("root-ca-file", &layout.authority().display().to_string()),
        ("cluster-signing-cert-file", &layout.authority().display().to_string()),
        ("cluster-signing-key-file", &layout.file("pki/ca.key")),
        ("horizontal-pod-autoscaler-sync-period", &options.hpa_sync_period),
        ("horizontal-pod-autoscaler-downscale-stabilization", &options.hpa_downscale_stabilization),
        ("horizontal-pod-autoscaler-initial-readiness-delay", &options.hpa_initial_readiness_delay),
        ("horizontal-pod-autoscaler-cpu-initialization-period", &options.hpa_cpu_initialization_period),
    ]);
    Component { name: "kube-controller-manager", arguments }
}

fn scheduler(layout: &Layout) -> Component {
    let arguments = arguments(&[("config", &layout.file("scheduler.yaml")), ("secure-port", "0")]);
    Component { name: "kube-scheduler", arguments }
}

fn kwok(layout: &Layout) -> Result<Component, Error> {
    let port = layout.ports().kwok;
    let files = layout.server("kwok", &[])?;
    let (annotation, value) = kwok::NODE;
    let arguments = arguments(&[
        ("kubeconfig", &layout.file("kwok.kubeconfig")),
        ("config", &layout.file("kwok.yaml")),
        ("manage-all-nodes", "false"),
        ("manage-nodes-with-annotation-selector", &format!("{annotation}={value}")),
        ("node-ip", "127.0.0.1"),
        ("node-port", &port.to_string()),
        ("server-address", &format!("127.0.0.1:{port}")),
        ("tls-cert-file", &files.certificate.display().to_string()),
        ("tls-private-key-file", &files.key.display().to_string()),
        ("cidr", "10.64.0.1/10"),
        ("node-lease-duration-seconds", "40"),
    ]);
    Ok(Component { name: "kwok", arguments })
}

fn metrics_server(layout: &Layout) -> Result<Component, Error> {
    let (namespace, name) = METRICS_SERVICE;
    let files = layout.server("metrics-server", &["localhost", &format!("{name}.{namespace}.svc")])?;
    let kubeconfig = layout.file("metrics-server.kubeconfig");
    let arguments = arguments(&[
        ("kubeconfig", &kubeconfig),
        ("authentication-kubeconfig", &kubeconfig),
        ("authorization-kubeconfig", &kubeconfig),
        ("bind-address", "127.0.0.1"),
        ("secure-port", &layout.ports().metrics.to_string()),
        ("tls-cert-file", &files.certificate.display().to_string()),
        ("tls-private-key-file", &files.key.display().to_string()),
        ("kubelet-certificate-authority", &layout.authority().display().to_string()),
        // Where there is one, it is the address for those who are outside of the node's network.
        ("kubelet-preferred-address-types", "ExternalIP,InternalIP"),
        ("kubelet-use-node-status-port", "true"),
        ("kubelet-request-timeout", "5s"),
        // The shortest that it accepts.
        ("metric-resolution", "10s"),
    ]);
    Ok(Component { name: "metrics-server", arguments })
}

/// Where the image registry of the real node listens, on this machine.
pub fn registry_address(layout: &Layout) -> String {
    format!("127.0.0.1:{}", layout.ports().registry)
}

/// The image registry of the real node. Its program is one of the node's.
pub fn registry(layout: &Layout) -> Result<Component, Error> {
    let folder = layout.file("registry");
    fs::create_dir(&folder).map_err(Error::file("make the folder", &folder))?;
    let address = registry_address(layout);
    let mut arguments = vec!["registry".to_owned(), "serve".to_owned()];
    arguments.extend(self::arguments(&[("address", &address), ("disk", &folder)]));
    Ok(Component { name: "crane", arguments })
}

fn arguments(pairs: &[(&str, &str)]) -> Vec<String> {
    pairs.iter().map(|(name, value)| format!("--{name}={value}")).collect()
}
