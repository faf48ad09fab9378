//! The files in the root of a real node.

use std::{fs, path::Path};

use super::NAME;
use crate::{
    Error,
    kubeconfig::{self, Proof},
    layout::Layout,
    pki::{self, Certificate},
};

/// Where the node's programs find their configuration.
const CONFIGURATION: &str = "etc/csop";

/// Writes the configuration of a node whose pods' control groups are in this one, and the images.
pub(super) fn write(root: &Path, layout: &Layout, cgroup: &str, images: &Path) -> Result<(), Error> {
    for folder in ["etc/csop/certs.d/_default", "etc/cni/net.d", "run", "tmp", "var/lib", "var/log"] {
        let path = root.join(folder);
        fs::create_dir_all(&path).map_err(Error::file("make the folder", path))?;
    }
    let kubelet = include_str!("../../node/kubelet.yaml")
        .replace("PORT", &layout.ports().kubelet.to_string())
        .replace("CGROUP", cgroup);
    let proxy = include_str!("../../node/kube-proxy.yaml").replace("NODE", NAME);
    for (name, content) in [
        ("etc/csop/containerd.toml", include_str!("../../node/containerd.toml")),
        ("etc/csop/certs.d/_default/hosts.toml", include_str!("../../node/registry.toml")),
        ("etc/csop/Corefile", include_str!("../../node/Corefile")),
        ("etc/cni/net.d/10-csop.conflist", include_str!("../../node/network.conflist")),
        ("etc/csop/kubelet.yaml", &kubelet),
        ("etc/csop/kube-proxy.yaml", &proxy),
        // The kubelet wants to know which users there are.
        ("etc/passwd", "root:x:0:0:root:/:/bin/sh\n"),
        ("etc/group", "root:x:0:\n"),
        ("etc/hosts", "127.0.0.1 localhost\n"),
        // Pods ask the cluster's name server, which asks nobody.
        ("etc/resolv.conf", ""),
    ] {
        pki::write_private(&root.join(name), content)?;
    }
    copy(images, &root.join("images.tar"))?;
    copy(&layout.authority(), &root.join(CONFIGURATION).join("ca.crt"))?;
    write_user(root, layout, "kubelet", &layout.kubelet(NAME)?)?;
    write_user(root, layout, "kube-proxy", &layout.user("system:kube-proxy", None)?)?;
    write_user(root, layout, "csop", &layout.user("csop-node", Some("system:masters"))?)
}

/// Writes the kubeconfig of a user, with its certificate.
fn write_user(root: &Path, layout: &Layout, name: &str, user: &Certificate) -> Result<(), Error> {
    let (certificate, key) = (format!("{name}.crt"), format!("{name}.key"));
    for (from, name) in [(&user.certificate, &certificate), (&user.key, &key)] {
        copy(from, &root.join(CONFIGURATION).join(name))?;
    }
    // As they are found inside.
    let inside = Path::new("/").join(CONFIGURATION);
    let files = Certificate { certificate: inside.join(certificate), key: inside.join(key) };
    let server = format!("https://127.0.0.1:{}", layout.ports().api);
    let path = root.join(CONFIGURATION).join(format!("{name}.kubeconfig"));
    kubeconfig::write(&path, &server, &inside.join("ca.crt"), Proof::Certificate(&files), "default")
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    fs::copy(from, to).map(|_| ()).map_err(Error::file("copy", from))
}
