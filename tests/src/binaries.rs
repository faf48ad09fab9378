//! Finds the workspace's own programs beside the running test.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use crate::Error;

/// The program of this name in the target folder of the running test; it must exist.
pub fn beside_tests(name: &str) -> Result<PathBuf, Error> {
    let program = target_folder()?.join(name);
    if program.is_file() {
        return Ok(program);
    }
    Err(Error::Missing(format!("{} is missing: run `cargo build --workspace` first", program.display())))
}

/// The program of this name, brought up to date by cargo first (once per process): `cargo test` alone builds only the
/// libraries of other members.
pub fn up_to_date(package: &str, name: &str) -> Result<PathBuf, Error> {
    static BUILT: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let target = target_folder()?;
    if !built.iter().any(|done| done == name) {
        build_into(&["--package", package, "--bin", name], &target)?;
        built.push(name.to_owned());
    }
    beside_tests(name)
}

/// Brings programs of these names up to date with the features of a build of the whole workspace, which makes nothing of
/// it again.
pub fn of_workspace_up_to_date(names: &[&str]) -> Result<(), Error> {
    let mut arguments = vec!["--workspace"];
    arguments.extend(names.iter().flat_map(|name| ["--bin", *name]));
    build_into(&arguments, &target_folder()?)
}

fn build_into(arguments: &[&str], target: &Path) -> Result<(), Error> {
    let mut command = cargo_build(arguments);
    if target.file_name().is_some_and(|profile| profile == "release") {
        command.arg("--release");
    }
    run(&mut command, &format!("cargo build {}", arguments.join(" ")))
}

/// A build of the workspace by the same cargo.
pub(crate) fn cargo_build(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--quiet"]).args(arguments);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    // What an outer cargo says of the package that it runs would make build scripts run, and most crates build, again.
    for (name, _) in env::vars_os() {
        let about_package = name
            .to_str()
            .is_some_and(|name| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|p| name.starts_with(p)));
        if about_package {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command, called: &str) -> Result<(), Error> {
    let output = command.output().map_err(Error::spawn(called))?;
    Error::unless_succeeded(called, &output)
}

/// `target/debug` or its like: tests run from its folder `deps`, programs from itself.
pub(crate) fn target_folder() -> Result<PathBuf, Error> {
    let exe = env::current_exe().map_err(Error::file("find", "/proc/self/exe"))?;
    let folder = exe.parent().expect("a program lies in a folder");
    Ok(if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder }.to_owned())
}
