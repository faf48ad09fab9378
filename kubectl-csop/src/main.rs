//! `kubectl-csop`: called by kubectl as `kubectl csop ...`, or on its own.

use kubectl_csop::io::Io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let exit = kubectl_csop::run(std::env::args_os(), Io::process());
    ExitCode::from(exit.code())
}
