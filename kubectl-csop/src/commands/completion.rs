//! `completion`: scripts for shells and for kubectl.

use crate::cli::Cli;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell as Target;

/// Print a completion script for a shell, or for kubectl.
///
/// For `kubectl csop <TAB>`, kubectl itself calls a program named kubectl_complete-csop: print it with
/// `completion kubectl` into a folder of your PATH, and make it executable. The other scripts complete the
/// plugin when it is called as `kubectl-csop`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # Completion of `kubectl csop`, names of services included (kubectl's own completion must be set up)\n  \
    kubectl csop completion kubectl > ~/.local/bin/kubectl_complete-csop\n  \
    chmod +x ~/.local/bin/kubectl_complete-csop\n\n  \
    # Completion of `kubectl-csop` in this bash\n  \
    source <(kubectl-csop completion bash)\n\n  \
    # ... and in every fish\n  \
    kubectl-csop completion fish > ~/.config/fish/completions/kubectl-csop.fish")]
pub struct Args {
    /// What to complete in
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    /// For kubectl: the program kubectl_complete-csop
    Kubectl,
}

const FOR_KUBECTL: &str = "#!/bin/sh\n\
    # kubectl runs this program, found on PATH as kubectl_complete-csop, to complete `kubectl csop`.\n\
    exec kubectl-csop __complete \"$@\"\n";

pub(super) fn run(args: &Args, io: &mut Io) -> Result<Exit, Error> {
    let target = match args.shell {
        Shell::Bash => Target::Bash,
        Shell::Zsh => Target::Zsh,
        Shell::Fish => Target::Fish,
        Shell::Powershell => Target::PowerShell,
        Shell::Kubectl => {
            io.print(FOR_KUBECTL)?;
            return Ok(Exit::Ok);
        }
    };
    let mut script = vec![];
    clap_complete::generate(target, &mut Cli::command(), "kubectl-csop", &mut script);
    io.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}
