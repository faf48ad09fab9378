//! Programs and libraries of others, from Debian's packages where they are missing.

use std::{
    env,
    fs::File,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{Error, child, programs::say};

/// Installs a package unless what is wanted of it is there. This takes Debian and root; one process installs while others
/// wait for it.
///
/// # Errors
/// When it is not there and cannot be installed: one line says what to do.
pub(crate) fn ensure(package: &str, is_there: impl Fn() -> bool) -> Result<(), Error> {
    if is_there() {
        return Ok(());
    }
    if !can_install() {
        let advice = format!("{package} is missing: install it, as by `apt-get install {package}`");
        return Err(Error::Missing(advice));
    }
    let path = env::temp_dir().join("csop-apt.lock");
    let lock = File::create(&path).map_err(Error::file("create", &path))?;
    lock.lock().map_err(Error::file("lock", &path))?;
    if is_there() { Ok(()) } else { install(package) }
}

/// Whether a package that is missing could be installed.
pub(crate) fn can_install() -> bool {
    nix::unistd::geteuid().is_root() && on_path("apt-get").is_some()
}

fn install(package: &str) -> Result<(), Error> {
    say(&format!("installing {package}"));
    let install = ["install", "--yes", "--no-install-recommends", package];
    if apt(&install)?.status.success() {
        return Ok(());
    }
    // The lists of packages may be missing or old.
    apt(&["update"])?;
    Error::unless_succeeded(format!("apt-get install {package}"), &apt(&install)?)
}

fn apt(arguments: &[&str]) -> Result<Output, Error> {
    let mut command = Command::new("apt-get");
    // A package that starts its server at once finds no run level to do so in.
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    child::tied_to_caller(&command)?.output().map_err(Error::spawn("apt-get"))
}

/// Where a program of this name is that the PATH leads to.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

/// Whether there is a program of this name where all systems have theirs, whatever the PATH.
pub(crate) fn in_system(name: &str) -> bool {
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter().any(|folder| is_program(&Path::new(folder).join(name)))
}

fn is_program(path: &Path) -> bool {
    let executable =
        |metadata: std::fs::Metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0;
    path.metadata().is_ok_and(executable)
}
