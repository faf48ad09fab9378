//! The files in the root of a real node.

use std::{fs, path::Path};

use super::NAME;
use crate::{
    Error,
    kubeconfig::{self, Proof},
    layout::Layout,
    pki::{self, Certificate},
};

/// Writes the configuration of a node whose pods' control groups are in this one, and the images.
pub(super) fn write(root: &Path, layout: &Layout, cgroup: &str, images: &Path) -> Result<(), Error> {
    for folder in ["etc/csop", "etc/cni/net.d", "run", "tmp", "var/lib", "var/log"] {
        let path = root.join(folder);
        fs::create_dir_all(&path).map_err(Error::file("make the folder", path))?;
    }
    let kubelet = include_str!("../../node/kubelet.yaml")
        .replace("PORT", &layout.ports().kubelet.to_string())
        .replace("CGROUP", cgroup);
    for (name, content) in [
        ("etc/csop/containerd.toml", include_str!("../../node/containerd.toml")),
        ("etc/cni/net.d/10-csop.conflist", include_str!("../../node/network.conflist")),
        ("etc/csop/kubelet.yaml", &kubelet),
        // The kubelet wants to know which users there are.
        ("etc/passwd", "root:x:0:0:root:/:/bin/sh\n"),
        ("etc/group", "root:x:0:\n"),
        ("etc/hosts", "127.0.0.1 localhost\n"),
        // There is no name server that it could reach.
        ("etc/resolv.conf", ""),
    ] {
        pki::write_private(&root.join(name), content)?;
    }
    copy(images, &root.join("images.tar"))?;
    write_identity(root, layout)
}

fn write_identity(root: &Path, layout: &Layout) -> Result<(), Error> {
    let files = layout.kubelet(NAME)?;
    for (from, name) in
        [(&files.certificate, "kubelet.crt"), (&files.key, "kubelet.key"), (&layout.authority(), "ca.crt")]
    {
        copy(from, &root.join("etc/csop").join(name))?;
    }
    // As the kubelet finds them.
    let inside = Path::new("/etc/csop");
    let files = Certificate { certificate: inside.join("kubelet.crt"), key: inside.join("kubelet.key") };
    let server = format!("https://127.0.0.1:{}", layout.ports().api);
    let proof = Proof::Certificate(&files);
    kubeconfig::write(&root.join("etc/csop/kubeconfig"), &server, &inside.join("ca.crt"), proof, "default")
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    fs::copy(from, to).map(|_| ()).map_err(Error::file("copy", from))
}
