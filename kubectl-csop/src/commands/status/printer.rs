//! Showing something again and again.

use super::frame::Screen;
use crate::error::Error;
use crate::io::Io;
use crate::output::facts::{self, Facts};

/// How something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// For people.
    Text,
    /// For programs, one document after the other.
    Json,
    /// For programs, with a line between documents.
    Yaml,
}

/// Redraws on a terminal; elsewhere prints everything once, then what changes.
#[derive(Default)]
pub struct Printer {
    screen: Screen,
    told: Option<Facts>,
    last: String,
}

impl Printer {
    /// Shows what is now to be seen.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn show(
        &mut self,
        notation: Notation,
        show: impl Fn(&Io) -> (String, Facts),
        io: &mut Io,
    ) -> Result<(), Error> {
        let (text, facts) = show(io);
        if notation != Notation::Text {
            // Machine formats: the whole view again, whenever it changes.
            if text != self.last {
                let separator =
                    if notation == Notation::Yaml && !self.last.is_empty() { "---\n" } else { "" };
                io.print(&format!("{separator}{text}"))?;
                self.last = text;
            }
            return Ok(());
        }
        if let (true, Some(size)) = (io.terminal.live_stdout(), io.terminal.size()) {
            let change = self.screen.draw(&text, size);
            return if change.is_empty() { Ok(()) } else { io.print(&change) };
        }
        let out = match &self.told {
            None => text,
            Some(told) => facts::changes(told, &facts).iter().map(|line| format!("{line}\n")).collect(),
        };
        self.told = Some(facts);
        if out.is_empty() { Ok(()) } else { io.print(&out) }
    }
}
