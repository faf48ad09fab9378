//! OCI image layouts: folders, or archives of them, with images that registries and container runtimes take.

use std::{collections::BTreeMap, fs, io::ErrorKind, path::Path};

use serde_json::{Value, json};

use super::{
    digest,
    layer::{Form, Layer, Packed},
};
use crate::Error;

const OCI: &str = "application/vnd.oci.image";
/// Which images there are.
const INDEX: &str = "index.json";
/// Makes a folder a layout; the last of its files by name.
const MARK: &str = "oci-layout";
/// Nobody in particular; the restricted profile refuses root, and wants a number to be sure.
pub const NOBODY: &str = "65532:65532";
/// What an image is of; it depends on nothing but its content.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// What an image says of itself.
#[derive(Debug)]
pub struct Description<'a> {
    /// How container runtimes call it that import it, such as `docker.io/library/shop:1.4.2`.
    pub name: &'a str,
    /// As whom it runs, such as [`NOBODY`]; as root when that is empty.
    pub user: &'a str,
    /// The program and its first arguments.
    pub entrypoint: &'a [&'a str],
    /// Labels and annotations.
    pub labels: BTreeMap<&'static str, String>,
}

/// A layout in the making.
#[derive(Debug, Default)]
pub struct Layout {
    blobs: BTreeMap<String, Vec<u8>>,
    manifests: Vec<Value>,
}

impl Layout {
    /// Adds an image with this one layer, and returns its digest.
    pub fn add(&mut self, image: &Description<'_>, layer: &Packed) -> String {
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
        let config = json!({
            "created": CREATED,
            "architecture": architecture,
            "os": "linux",
            "config": {"User": image.user, "Entrypoint": image.entrypoint, "WorkingDir": "/", "Labels": image.labels},
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id]},
        });
        let kind = match layer.form {
            Form::Plain => "layer.v1.tar",
            Form::Gzip => "layer.v1.tar+gzip",
        };
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": format!("{OCI}.manifest.v1+json"),
            "config": self.blob("config.v1+json", config.to_string().into_bytes()),
            "layers": [self.blob(kind, layer.stored.clone())],
            "annotations": image.labels,
        });
        let mut entry = self.blob("manifest.v1+json", manifest.to_string().into_bytes());
        let digest = entry["digest"].as_str().expect("a descriptor has a digest").to_owned();
        let tag = image.name.rsplit(':').next().unwrap_or_default();
        entry["platform"] = json!({"architecture": architecture, "os": "linux"});
        entry["annotations"] =
            json!({"io.containerd.image.name": image.name, "org.opencontainers.image.ref.name": tag});
        self.manifests.push(entry);
        digest
    }

    /// How many bytes a registry has of it.
    pub fn size(&self) -> u64 {
        self.blobs.values().map(|content| content.len() as u64).sum()
    }

    fn blob(&mut self, kind: &str, content: Vec<u8>) -> Value {
        let digest = digest(&content);
        let descriptor =
            json!({"mediaType": format!("{OCI}.{kind}"), "digest": digest, "size": content.len()});
        self.blobs.insert(format!("blobs/{}", digest.replace(':', "/")), content);
        descriptor
    }

    fn files(self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.blobs;
        let index = json!({
            "schemaVersion": 2,
            "mediaType": format!("{OCI}.index.v1+json"),
            "manifests": self.manifests,
        });
        files.insert(INDEX.to_owned(), index.to_string().into_bytes());
        files.insert(MARK.to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        files
    }

    /// The layout as an archive.
    pub fn tar(self) -> Vec<u8> {
        let mut archive = Layer::default();
        for (path, content) in self.files() {
            archive.file(&path, content, 0o644);
        }
        archive.tar()
    }

    /// Writes the layout into this folder, in place of what was in it, unless that is the same.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(self, folder: &Path) -> Result<(), Error> {
        let files = self.files();
        let mark = folder.join(MARK);
        // The index names the rest by digest.
        if mark.exists() && fs::read(folder.join(INDEX)).is_ok_and(|index| index == files[INDEX]) {
            return Ok(());
        }
        if folder.exists() {
            // The first to go and the last to be written: where it is, all is there.
            match fs::remove_file(&mark) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Error::file("remove", mark)(error));
                }
                _ => {}
            }
            fs::remove_dir_all(folder).map_err(Error::file("remove", folder))?;
        }
        let blobs = folder.join("blobs/sha256");
        fs::create_dir_all(&blobs).map_err(Error::file("make the folder", blobs))?;
        for (path, content) in files {
            let path = folder.join(path);
            fs::write(&path, content).map_err(Error::file("write", path))?;
        }
        Ok(())
    }
}
