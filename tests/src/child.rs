//! Child processes that never outlive the process that started them, not even when that one is killed.
//!
//! A program is started through `csop-cluster child`, which asks the kernel to be killed with its parent and then
//! becomes the program.

use std::{
    convert::Infallible,
    env,
    ffi::OsString,
    io,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{self, Command},
};

use crate::{Error, binaries};

/// The hidden subcommand of `csop-cluster` that becomes the program.
pub const SUBCOMMAND: &str = "child";

/// The same command, but killed by the kernel when the calling thread ends. The standard streams are not carried over.
pub fn tied_to_caller(command: &Command) -> Result<Command, Error> {
    let mut tied = Command::new(launcher()?);
    tied.arg(SUBCOMMAND).arg("--parent").arg(process::id().to_string()).arg("--");
    tied.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => tied.env(name, value),
            None => tied.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        tied.current_dir(folder);
    }
    Ok(tied)
}

fn launcher() -> Result<PathBuf, Error> {
    let own = env::current_exe().map_err(Error::file("find", "/proc/self/exe"))?;
    if own.file_stem().is_some_and(|name| name == "csop-cluster") {
        return Ok(own);
    }
    binaries::beside_tests("csop-cluster")
}

/// Becomes the program, tied to the parent with this id. Returns only when that fails.
pub fn become_program(parent: u32, program: &[OsString]) -> Result<Infallible, io::Error> {
    let (name, arguments) = program.split_first().ok_or_else(|| io::Error::other("no program was given"))?;
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    // The parent may have ended before the kernel was asked.
    if nix::unistd::getppid().as_raw().unsigned_abs() != parent {
        return Err(io::Error::other("the parent process has ended"));
    }
    Err(Command::new(name).args(arguments).exec())
}
