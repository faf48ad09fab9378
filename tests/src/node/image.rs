//! Images for the real node, made without an engine: one small static program, as an OCI archive that containerd imports.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::tar::Tar;
use crate::{Error, cache, child, programs::say};

/// What every pod needs beside its own containers: it holds the pod's namespaces.
pub const PAUSE: &str = "localhost/csop/pause:1";

/// Answers every HTTP request with 200, on the ports of a `CashService` that says nothing about its contract.
pub const SERVER: &str = "localhost/csop/server:1";

/// The same, but it runs as root unless the pod says otherwise.
pub const ROOT: &str = "localhost/csop/root:1";

const PROGRAM: &str = include_str!("../../node/program.rs");
/// Nobody in particular; the restricted profile refuses root.
const USER: &str = "65532:65532";
/// Part of the key in the cache: to be raised when the form of the archive changes.
const FORM: &str = "2";
const OCI: &str = "application/vnd.oci.image";

/// The archive with all images, made first when it is missing.
pub fn archive() -> Result<PathBuf, Error> {
    let name = format!("image-{}", cache::key(&[PROGRAM, FORM]));
    let made = cache::once(&cache::folder()?, &name, |folder| {
        say("making the images of the real node");
        let program = compile(folder)?;
        let path = folder.join("images.tar");
        fs::write(&path, pack(&program)).map_err(Error::file("write", path))
    })?;
    Ok(made.join("images.tar"))
}

fn compile(folder: &Path) -> Result<Vec<u8>, Error> {
    let (source, program) = (folder.join("program.rs"), folder.join("program"));
    fs::write(&source, PROGRAM).map_err(Error::file("write", &source))?;
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.args(["--edition=2024", "-Copt-level=s", "-Cpanic=abort", "-Cstrip=symbols"]);
    // It finds no library in its image.
    command.args(["-Ctarget-feature=+crt-static", "-o"]).args([&program, &source]);
    let output = child::tied_to_caller(&command)?.output().map_err(Error::spawn("rustc"))?;
    if !output.status.success() {
        return Err(Error::Failed {
            program: "rustc".to_owned(),
            status: output.status,
            detail: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    fs::read(&program).map_err(Error::file("read", program))
}

/// The same program gives the same bytes.
fn pack(program: &[u8]) -> Vec<u8> {
    let mut layer = Tar::default();
    layer.file("program", program, 0o755);
    let layer = layer.end();
    let mut archive = Tar::default();
    archive.file("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#, 0o644);
    blob(&mut archive, &layer);
    let server = &["/program", "8443", "8080"][..];
    let manifests: Vec<_> = [(PAUSE, USER, &["/program"][..]), (SERVER, USER, server), (ROOT, "", server)]
        .into_iter()
        .map(|(name, user, entrypoint)| image(&mut archive, &layer, name, user, entrypoint))
        .collect();
    let index =
        json!({"schemaVersion": 2, "mediaType": format!("{OCI}.index.v1+json"), "manifests": manifests});
    archive.file("index.json", index.to_string().as_bytes(), 0o644);
    archive.end()
}

/// Adds the configuration and the manifest of an image, and returns its entry in the index.
fn image(archive: &mut Tar, layer: &[u8], name: &str, user: &str, entrypoint: &[&str]) -> Value {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let config = json!({
        "architecture": architecture,
        "os": "linux",
        "config": {"User": user, "Entrypoint": entrypoint, "WorkingDir": "/"},
        // The layer is not compressed, so its content's digest is its own.
        "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
    });
    let config = config.to_string();
    blob(archive, config.as_bytes());
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": format!("{OCI}.manifest.v1+json"),
        "config": descriptor("config.v1+json", config.as_bytes()),
        "layers": [descriptor("layer.v1.tar", layer)],
    });
    let manifest = manifest.to_string();
    blob(archive, manifest.as_bytes());
    let mut entry = descriptor("manifest.v1+json", manifest.as_bytes());
    entry["platform"] = json!({"architecture": architecture, "os": "linux"});
    entry["annotations"] = json!({"io.containerd.image.name": name});
    entry
}

fn descriptor(kind: &str, content: &[u8]) -> Value {
    json!({"mediaType": format!("{OCI}.{kind}"), "digest": digest(content), "size": content.len()})
}

fn blob(archive: &mut Tar, content: &[u8]) {
    archive.file(&format!("blobs/sha256/{}", hash(content)), content, 0o644);
}

fn digest(content: &[u8]) -> String {
    format!("sha256:{}", hash(content))
}

fn hash(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_program_gives_the_same_archive_and_another_one_another() {
        assert_eq!(pack(b"one"), pack(b"one"));
        assert_ne!(pack(b"one"), pack(b"two"));
        let text = String::from_utf8_lossy(&pack(b"one")).into_owned();
        assert!(text.contains(PAUSE) && text.contains(SERVER));
    }
}
