//! The kubectl plugin of csop: `kubectl csop ...`.
//!
//! It works by creating and patching custom resources and by reading their status; it never needs the operator's
//! address. [`run`] is the whole program, with its streams as an argument.

mod certificate;
mod cli;
mod client;
mod commands;
mod completion;
mod duration;
mod error;
pub mod exit;
pub mod io;
mod kube_error;
mod machine_zone;
mod manifest;
mod marks;
mod output;
mod presets;
mod schema;
pub mod terminal;
mod view;
mod when;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};
use cli::Cli;
use error::Error;
use exit::Exit;
use io::Io;
use std::ffi::OsString;

/// The command line, as it is parsed: for whoever documents it.
pub fn command() -> clap::Command {
    Cli::command().term_width(cli::HELP_WIDTH)
}

/// Runs the command line `args`, the program's own name first.
pub fn run(args: impl IntoIterator<Item = OsString>, mut io: Io) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    execute(&args, &mut io).unwrap_or_else(|error| {
        if !error.is_broken_pipe() {
            io.fail(&error);
        }
        error.exit()
    })
}

fn execute(args: &[OsString], io: &mut Io) -> Result<Exit, Error> {
    if let Some(words) = completion::asked(args) {
        return block_on(completion::answer(words, io));
    }
    let width = io.terminal.width().unwrap_or(cli::HELP_WIDTH).min(cli::HELP_WIDTH);
    let parsed =
        Cli::command().term_width(width).try_get_matches_from(args).and_then(|m| Cli::from_arg_matches(&m));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(answer) => return show(&answer, io),
    };
    io.terminal.quiet = cli.global.quiet;
    io.terminal.verbose = cli.global.verbose;
    io.terminal.plain |= cli.global.no_color;
    console::set_colors_enabled(io.terminal.live_stdout());
    console::set_colors_enabled_stderr(io.terminal.live_stderr());
    block_on(cli.command.run(&cli.global, io))
}

/// Prints what clap has to say: help to standard output, a misuse to standard error.
fn show(answer: &clap::Error, io: &mut Io) -> Result<Exit, Error> {
    let text = answer.render();
    if matches!(answer.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let text = if io.terminal.live_stdout() { text.ansi().to_string() } else { text.to_string() };
        io.print(&text)?;
        return Ok(Exit::Ok);
    }
    let text = if io.terminal.live_stderr() { text.ansi().to_string() } else { text.to_string() };
    io.say(text.trim_end());
    Ok(Exit::Usage)
}

fn block_on(command: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Usage { message: format!("cannot start: {error}"), hint: None })?;
    let end = runtime.block_on(command);
    // A prompt that was left by Ctrl-C still waits for its key.
    runtime.shutdown_background();
    end
}
