//! Images for the real node, made without an engine: one small static program, as an OCI archive that containerd imports.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Error, cache, child,
    images::{
        layer::{Form, Layer},
        layout::{Description, Layout, NOBODY},
    },
    programs::say,
};

/// What every pod needs beside its own containers: it holds the pod's namespaces.
pub const PAUSE: &str = "localhost/csop/pause:1";

/// Answers every HTTP request with 200, on the ports of a `CashService` that says nothing about its contract.
pub const SERVER: &str = "localhost/csop/server:1";

/// The same, but it runs as root unless the pod says otherwise.
pub const ROOT: &str = "localhost/csop/root:1";

const PROGRAM: &str = include_str!("../../node/program.rs");
/// Part of the key in the cache: to be raised when the form of the archive changes.
const FORM: &str = "3";

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
    Error::unless_succeeded("rustc", &output)?;
    fs::read(&program).map_err(Error::file("read", program))
}

fn pack(program: &[u8]) -> Vec<u8> {
    let mut layer = Layer::default();
    layer.file("program", program, 0o755);
    let layer = layer.pack(Form::Plain);
    let mut layout = Layout::default();
    let server = &["/program", "8443", "8080"][..];
    for (name, user, entrypoint) in
        [(PAUSE, NOBODY, &["/program"][..]), (SERVER, NOBODY, server), (ROOT, "", server)]
    {
        layout.add(&Description { name, user, entrypoint, labels: BTreeMap::new() }, &layer);
    }
    layout.tar()
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
