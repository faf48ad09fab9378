//! The streams of the plugin: data goes to standard output, everything else to standard error.

use crate::error::Error;
use crate::output::paint::Paint;
use crate::terminal::Terminal;
use std::io::{BufRead, Write};

/// The three streams, and what they are attached to.
pub struct Io {
    /// Data.
    pub out: Box<dyn Write>,
    /// Everything else.
    pub err: Box<dyn Write>,
    /// Answers and manifests.
    pub input: Box<dyn BufRead>,
    /// What the streams are attached to.
    pub terminal: Terminal,
}

impl Io {
    /// The streams of the process.
    pub fn process() -> Self {
        Self {
            out: Box::new(std::io::stdout()),
            err: Box::new(std::io::stderr()),
            input: Box::new(std::io::stdin().lock()),
            terminal: Terminal::detect(),
        }
    }

    /// Writes data.
    ///
    /// # Errors
    /// When the output cannot be written, a reader that went away included.
    pub fn print(&mut self, text: &str) -> Result<(), Error> {
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).map_err(Error::Write)
    }

    /// Tells the user something, unless `--quiet`.
    pub fn note(&mut self, text: &str) {
        if !self.terminal.quiet {
            self.say(text);
        }
    }

    /// Tells the user something with `--verbose`.
    pub fn detail(&mut self, text: &str) {
        if self.terminal.verbose {
            self.say(text);
        }
    }

    /// Warns the user, whatever the flags.
    pub fn warn(&mut self, text: &str) {
        let label = Paint::new(self.terminal.live_stderr()).warn("warning:");
        self.say(&format!("{label} {text}"));
    }

    /// Reports the error that ends the command.
    pub fn fail(&mut self, error: &Error) {
        let label = Paint::new(self.terminal.live_stderr()).bad("error:");
        self.say(&format!("{label} {error}"));
        if let Some(hint) = error.hint().filter(|hint| !hint.is_empty()) {
            self.say(&format!("hint: {hint}"));
        }
    }

    /// Writes a line to standard error. When even that fails there is nobody left to tell.
    pub fn say(&mut self, text: &str) {
        let _ = writeln!(self.err, "{text}").and_then(|()| self.err.flush());
    }
}
