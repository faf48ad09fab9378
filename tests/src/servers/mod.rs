//! Servers that metrics come from. Those of others are found on the machine, else installed from Debian's packages; those of our own
//! stand for what others write, and for what goes wrong.

pub mod external;
pub mod liar;
pub mod prometheus;
pub mod redis;

use std::{
    env,
    fs::File,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{Error, child, programs::say};

/// A program, and the Debian package that has it.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// The package.
    pub package: &'static str,
}

impl Program {
    /// Where it is. It is installed first when it is missing and this is Debian and root.
    ///
    /// # Errors
    /// When it is neither there nor can be installed: one line says what to do.
    pub fn find(&self) -> Result<PathBuf, Error> {
        if let Some(found) = on_path(self.name) {
            return Ok(found);
        }
        if nix::unistd::geteuid().is_root() && on_path("apt-get").is_some() {
            self.install()?;
        }
        on_path(self.name).ok_or_else(|| {
            Error::Missing(format!(
                "there is no {0}: install it, as by `apt-get install {1}`",
                self.name, self.package
            ))
        })
    }

    /// One process installs while others wait for it.
    fn install(&self) -> Result<(), Error> {
        let path = env::temp_dir().join("csop-apt.lock");
        let lock = File::create(&path).map_err(Error::file("create", &path))?;
        lock.lock().map_err(Error::file("lock", &path))?;
        if on_path(self.name).is_some() {
            return Ok(());
        }
        say(&format!("installing {}", self.package));
        let install = ["install", "--yes", "--no-install-recommends", self.package];
        if apt(&install)?.status.success() {
            return Ok(());
        }
        // The lists of packages may be missing or old.
        apt(&["update"])?;
        let output = apt(&install)?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Failed {
            program: format!("apt-get install {}", self.package),
            status: output.status,
            detail: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

fn apt(arguments: &[&str]) -> Result<Output, Error> {
    let mut command = Command::new("apt-get");
    // A package that starts its server at once finds no run level to do so in.
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    child::tied_to_caller(&command)?.output().map_err(Error::spawn("apt-get"))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(path: &Path) -> bool {
    let executable =
        |metadata: std::fs::Metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0;
    path.metadata().is_ok_and(executable)
}

/// A folder for a server that goes with it, in this one or in that of temporary files.
pub(crate) fn folder(name: &str, parent: Option<&Path>) -> Result<tempfile::TempDir, Error> {
    let parent = parent.map_or_else(env::temp_dir, Path::to_owned);
    let made = tempfile::Builder::new().prefix(&format!("csop-{name}-")).tempdir_in(&parent);
    made.map_err(Error::file("make a folder in", parent))
}
