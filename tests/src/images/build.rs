//! Static programs for images, in which nothing tells of the machine that they were built on.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, binaries};

/// How programs are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As they are published.
    Release,
    /// Not optimised.
    Tests,
}

/// What separates the flags in `CARGO_ENCODED_RUSTFLAGS`.
const SEPARATOR: &str = "\x1f";

/// Builds the operator and the sample applications, and returns the folder with them.
pub(super) fn programs(kind: Kind, operator: &str, applications: &[&str]) -> Result<PathBuf, Error> {
    if !cfg!(target_os = "linux") {
        return Err(Error::Missing(
            "images can be built on Linux only: elsewhere, use make image".to_owned(),
        ));
    }
    let compiler = Compiler::ask()?;
    let target = super::folder_of(match kind {
        Kind::Release => "images-build",
        Kind::Tests => "images-build-for-tests",
    })?;
    let mut arguments =
        vec!["--locked", "--target", &compiler.host, "--package", operator, "--bin", operator];
    arguments.extend(["--package", "csop-examples"]);
    arguments.extend(applications.iter().flat_map(|name| ["--bin", *name]));
    let folder = match kind {
        Kind::Release => {
            arguments.push("--release");
            "release"
        }
        Kind::Tests => {
            arguments.extend(["--profile", "images-for-tests"]);
            "images-for-tests"
        }
    };
    let mut command = binaries::cargo_build(&arguments);
    command.arg("--target-dir").arg(&target).env("CARGO_ENCODED_RUSTFLAGS", flags(&compiler, &target)?);
    binaries::run(&mut command, "cargo build of images")?;
    Ok(target.join(&compiler.host).join(folder))
}

/// The flags of the compiler: no library is looked for at the start, and folders of this machine have other names.
fn flags(compiler: &Compiler, target: &Path) -> Result<OsString, Error> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = manifest.parent().expect("a member lies in the workspace's folder");
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cargo = set("CARGO_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cargo")))
        .ok_or_else(|| Error::Missing("no folder of cargo: set CARGO_HOME or HOME".to_owned()))?;
    let library = compiler.sysroot.join("lib/rustlib/src/rust");
    let remapped = [
        (cargo.as_path(), "/cargo"),
        // As in the library's compiled part; its sources are installed on some machines only.
        (&library, &*format!("/rustc/{}", compiler.commit)),
        (workspace, "/csop"),
        // The last one that fits counts.
        (target, "/csop/target"),
    ];
    let mut flags = OsString::from("-Ctarget-feature=+crt-static");
    for (from, to) in remapped {
        flags.push(SEPARATOR);
        flags.push("--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    }
    Ok(flags)
}

/// What the compiler says of itself.
struct Compiler {
    host: String,
    commit: String,
    sysroot: PathBuf,
}

impl Compiler {
    fn ask() -> Result<Self, Error> {
        let (version, sysroot) = (ask(&["--version", "--verbose"])?, ask(&["--print", "sysroot"])?);
        let line = |name: &str| {
            let value = version.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            value.ok_or_else(|| Error::Missing(format!("rustc does not say its {name}")))
        };
        let (host, commit) = (line("host: ")?, line("commit-hash: ")?);
        Ok(Self { host, commit, sysroot: PathBuf::from(sysroot.trim()) })
    }
}

fn ask(arguments: &[&str]) -> Result<String, Error> {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    // Whose toolchain is named in the workspace.
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().map_err(Error::spawn("rustc"))?;
    Error::unless_succeeded("rustc", &output)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
