//! Container images of the operator and the sample applications, made without an engine: one static program each, with what
//! it expects of a machine. The same sources give the same bytes.

pub mod build;
pub mod content;
pub mod debian;
pub mod layer;
pub mod layout;
pub mod registry;

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use sha2::{Digest as _, Sha256};

use self::{
    build::Kind,
    layer::Form,
    layout::{Description, Layout, NOBODY},
};
use crate::{Error, binaries, programs::say};

/// The version of all members of the workspace, which is the images' tag.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The program in an image, whatever it is called outside.
pub const PROGRAM: &str = "program";

/// An image in a layout of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its name without a registry, such as `csop-operator`.
    pub name: String,
    /// Its tag, such as `0.1.0`.
    pub tag: String,
    /// The OCI image layout, a folder.
    pub layout: PathBuf,
    /// The digest of its manifest, which a registry knows it by, such as `sha256:…`.
    pub digest: String,
    /// The bytes of its layout.
    pub size: u64,
}

/// A program of the workspace that has an image.
#[derive(Debug)]
struct Known {
    name: &'static str,
    about: &'static str,
}

const OPERATOR: Known = Known {
    name: "csop-operator",
    about: "Kubernetes operator for services, their scaling and its schedules",
};
const APPLICATIONS: [Known; 4] = [
    Known { name: "http-app", about: "Sample application of csop: an HTTP server with metrics" },
    Known { name: "pubsub-worker", about: "Sample application of csop: a worker on a Pub/Sub subscription" },
    Known { name: "redis-worker", about: "Sample application of csop: a worker on a Redis list" },
    Known { name: "shop", about: "Sample application of csop: a service that keeps the container contract" },
];

impl Display for Image {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.tag)
    }
}

/// The images as they are published, in `images` of the target folder.
///
/// # Errors
/// When a program cannot be built, or a file not written.
pub fn for_release() -> Result<Vec<Image>, Error> {
    all(Kind::Release, "images", Form::Gzip)
}

/// The images for tests, by the same names: their programs are not optimised, so that they are soon built. Built once per
/// process, and only what has changed.
///
/// # Errors
/// When a program cannot be built, or a file not written.
pub fn for_tests() -> Result<Vec<Image>, Error> {
    static MADE: Mutex<Vec<Image>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if made.is_empty() {
        *made = all(Kind::Tests, "images-for-tests", Form::Plain)?;
    }
    Ok(made.clone())
}

fn all(kind: Kind, folder: &str, form: Form) -> Result<Vec<Image>, Error> {
    let folder = folder_of(folder)?;
    say("building images of the operator and the sample applications");
    let names = APPLICATIONS.map(|known| known.name);
    let programs = build::programs(kind, OPERATOR.name, &names)?;
    let of = |known: &Known| {
        let path = programs.join(known.name);
        let program = fs::read(&path).map_err(Error::file("read", path))?;
        of_workspace(known, program, &folder, form)
    };
    [OPERATOR].iter().chain(&APPLICATIONS).map(of).collect()
}

fn of_workspace(known: &Known, program: Vec<u8>, folder: &Path, form: Form) -> Result<Image, Error> {
    let mut layer = content::base();
    layer.file(PROGRAM, program, 0o755);
    let labels = [
        ("org.opencontainers.image.title", known.name),
        ("org.opencontainers.image.description", known.about),
        ("org.opencontainers.image.version", VERSION),
        ("org.opencontainers.image.licenses", env!("CARGO_PKG_LICENSE")),
    ];
    let labels = labels.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    write(known.name, VERSION, &[&format!("/{PROGRAM}")], labels, &layer.pack(form), folder)
}

/// Writes an image into a folder of its name in this one.
fn write(
    name: &str,
    tag: &str,
    entrypoint: &[&str],
    labels: BTreeMap<&'static str, String>,
    layer: &layer::Packed,
    folder: &Path,
) -> Result<Image, Error> {
    // As every runtime completes a name without a registry.
    let full = format!("docker.io/library/{name}:{tag}");
    let mut layout = Layout::default();
    let digest = layout.add(&Description { name: &full, user: NOBODY, entrypoint, labels }, layer);
    let (size, path) = (layout.size(), folder.join(name));
    // Two processes would write the same files.
    let lock_path = folder.join(format!(".{name}.lock"));
    let lock = File::create(&lock_path).map_err(Error::file("create", &lock_path))?;
    lock.lock().map_err(Error::file("lock", &lock_path))?;
    layout.write(&path)?;
    Ok(Image { name: name.to_owned(), tag: tag.to_owned(), layout: path, digest, size })
}

/// A folder beside that of the tests' own programs, as in `target`.
fn folder_of(name: &str) -> Result<PathBuf, Error> {
    let target = binaries::target_folder()?;
    let folder = target.parent().unwrap_or(&target).join(name);
    fs::create_dir_all(&folder).map_err(Error::file("make the folder", &folder))?;
    Ok(folder)
}

/// A digest as OCI writes it.
fn digest(content: &[u8]) -> String {
    let hash: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(program: &[u8], folder: &Path, form: Form) -> Image {
        of_workspace(&OPERATOR, program.to_owned(), folder, form).unwrap()
    }

    #[test]
    fn the_same_program_gives_the_same_digest_wherever_it_is_packed() {
        let [here, there] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        for form in [Form::Plain, Form::Gzip] {
            let (one, same) = (image(b"one", here.path(), form), image(b"one", there.path(), form));
            assert_eq!((&one.digest, one.size), (&same.digest, same.size));
            assert_ne!(one.digest, image(b"two", there.path(), form).digest);
        }
    }

    #[test]
    fn a_layout_names_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let made = image(b"one", folder.path(), Form::Gzip);
        let read = |path: &str| fs::read(made.layout.join(path)).unwrap();
        let json = |content: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&content).unwrap();
        let blob = |descriptor: &serde_json::Value| {
            let named = descriptor["digest"].as_str().unwrap();
            let content = read(&format!("blobs/{}", named.replace(':', "/")));
            assert_eq!((digest(&content), &descriptor["size"]), (named.to_owned(), &content.len().into()));
            content
        };
        let entry = &json(read("index.json"))["manifests"][0];
        assert_eq!(entry["digest"], made.digest);
        assert_eq!(entry["annotations"]["org.opencontainers.image.ref.name"], VERSION);
        let manifest = json(blob(entry));
        let config = json(blob(&manifest["config"]));
        assert_eq!(config["config"]["User"], "65532:65532");
        assert_eq!(config["config"]["Entrypoint"], serde_json::json!(["/program"]));
        assert_eq!(config["config"]["Labels"]["org.opencontainers.image.version"], VERSION);
        let layer = blob(&manifest["layers"][0]);
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&*layer));
        let names =
            archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string());
        let wanted = ["etc", "etc/group", "etc/nsswitch.conf", "etc/passwd", "etc/ssl", "etc/ssl/certs"];
        let rest = ["etc/ssl/certs/ca-certificates.crt", "program", "tmp"];
        assert!(names.eq(wanted.into_iter().chain(rest)), "sorted, and nothing else");
    }
}
