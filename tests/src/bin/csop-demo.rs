//! Shows csop at work on a local control plane, and leaves nothing behind.

use std::process::ExitCode;

use clap::Parser;
use csop_tests::{
    Error,
    demo::{self, Demo, End, Options},
};

/// What a shell calls the end by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Installs csop on a local control plane of its own and shows what it does, with real commands and their output
#[derive(Parser)]
#[command(name = "csop-demo")]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let end = run(Arguments::parse().options).unwrap_or_else(End::Failed);
    match end {
        End::Told => ExitCode::SUCCESS,
        End::Interrupted => ExitCode::from(INTERRUPTED),
        End::Failed(error) => {
            demo::say(&format!("csop-demo: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// On this thread alone: the programs that it starts are tied to it.
fn run(options: Options) -> Result<End, Error> {
    // Before signals are listened to, so that they still end a build.
    let demo = Demo::prepare(options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::spawn("the runtime"))?;
    Ok(runtime.block_on(demo.run()))
}
