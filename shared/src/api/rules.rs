//! CEL rules that several fields share, and their messages.

/// A name as most Kubernetes objects have: parts of lower-case letters, digits and dashes, joined by dots.
pub(super) const OBJECT_NAME: &str = "self.size() <= 253 && self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')";

/// The keys of labels and annotations: an optional domain and a slash, then a name.
pub(super) const METADATA_KEYS: &str = "self.all(k, k.size() <= 317 && k.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'))";

/// The values of labels.
pub(super) const LABEL_VALUES: &str =
    "self.all(k, self[k].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$'))";

/// Annotations that somebody else writes on the children.
pub(super) const NO_CONTROLLER_ANNOTATIONS: &str = "self.all(k, k != 'kubectl.kubernetes.io/last-applied-configuration' && !k.startsWith('deployment.kubernetes.io/') && !k.startsWith('autoscaling.alpha.kubernetes.io/'))";

/// Annotations that once set what pods have fields for.
pub(super) const NO_SECURITY_ANNOTATIONS: &str = "self.all(k, !k.startsWith('container.apparmor.security.beta.kubernetes.io/') && k != 'seccomp.security.alpha.kubernetes.io/pod' && !k.startsWith('container.seccomp.security.alpha.kubernetes.io/'))";

/// The path of a mount, but for secrets.
pub(super) const MOUNT_PATH: &str = "self.matches('^/[^:]+$')";

/// No path twice, with or without a slash at its end.
pub(super) const OWN_MOUNT_PATHS: &str =
    "self.all(m, self.exists_one(o, o.mountPath == m.mountPath || o.mountPath == m.mountPath + '/'))";

/// Nothing of the owner's at or below the folders of `config.files` and `contract.tls`.
pub(super) const NOT_IN_OWN_FOLDERS: &str = "[(has(self.config) && has(self.config.files) && self.config.files.size() > 0) ? '/etc/config/service/' : '', (has(self.contract) && has(self.contract.tls)) ? '/etc/secrets/tls/' : ''].all(own, own == '' || ((!has(self.volumeMounts) || self.volumeMounts.all(m, !(m.mountPath + '/').startsWith(own))) && (!has(self.secrets) || self.secrets.all(s, !has(s.mountPath) || !(s.mountPath + '/').startsWith(own)))))";

/// No volume at or below the folder of a secret.
pub(super) const NOT_IN_SECRETS: &str = "!has(self.secrets) || !has(self.volumeMounts) || self.secrets.all(s, has(s.env) || self.volumeMounts.all(m, !(m.mountPath + '/').startsWith((has(s.mountPath) ? s.mountPath : '/etc/secrets/service/' + s.name) + '/')))";

/// No secret at or below the folder of another one.
pub(super) const SECRETS_APART: &str = "self.all(s, has(s.env) || self.exists_one(o, !has(o.env) && ((has(o.mountPath) ? o.mountPath : '/etc/secrets/service/' + o.name) + '/').startsWith((has(s.mountPath) ? s.mountPath : '/etc/secrets/service/' + s.name) + '/')))";

/// A token only for a service that names its account.
pub(super) const NO_TOKEN_WITHOUT_ACCOUNT: &str = "has(self.serviceAccountName) || !has(self.volumes) || !self.volumes.exists(v, has(v.projected) && has(v.projected.sources) && v.projected.sources.exists(s, has(s.serviceAccountToken)))";

/// No variable both in `env` and in a secret's `env`.
pub(super) const ENV_APART_FROM_SECRETS: &str = "!has(self.env) || !has(self.secrets) || !self.secrets.exists(s, has(s.env) && self.env.exists(e, e.name in s.env))";

/// Peers of a NetworkPolicy.
pub(super) const PEERS: &str =
    "self.all(p, has(p.ipBlock) != (has(p.podSelector) || has(p.namespaceSelector)))";
/// What to write as a peer.
pub(super) const PEERS_SAY: &str = "a peer has either ipBlock, or podSelector or namespaceSelector or both; podSelector: {} is every pod of the namespace, namespaceSelector: {} every namespace";
/// Ranges of a NetworkPolicy.
pub(super) const RANGES: &str = "self.all(p, !has(p.ipBlock) || (isCIDR(p.ipBlock.cidr) && (!has(p.ipBlock.except) || p.ipBlock.except.all(e, isCIDR(e) && cidr(p.ipBlock.cidr).containsCIDR(e)))))";
/// What to write as a range.
pub(super) const RANGES_SAY: &str =
    "ipBlock.cidr is a range of addresses such as 192.0.2.0/24, and each of ipBlock.except one within it";

/// Exactly one way to probe.
pub(super) const ONE_HANDLER: &str = "[has(self.exec), has(self.grpc), has(self.httpGet), has(self.tcpSocket)].filter(h, h).size() == 1 && (!has(self.exec) || (has(self.exec.command) && self.exec.command.size() > 0))";
/// What to write as a probe.
pub(super) const ONE_HANDLER_SAY: &str = "a probe has exactly one of httpGet, tcpSocket, grpc and exec (with a command); leave the probe out to keep that of the contract";
/// Probes that a single success ends.
pub(super) const ONE_SUCCESS: &str = "!has(self.successThreshold) || self.successThreshold <= 1";
/// What to write as the threshold.
pub(super) const ONE_SUCCESS_SAY: &str =
    "successThreshold is 1 in liveness and startup probes; only probes.readiness may ask for more";
