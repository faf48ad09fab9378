//! Tells the story: headings, commands as typed, their output, and what to notice.

use std::{
    env,
    io::{self, IsTerminal as _, Write},
};

use super::timing::Laps;
use crate::Error;

/// What a part of the transcript is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The title of what follows.
    Heading,
    /// A command, as typed.
    Command,
    /// What a command wrote.
    Output,
    /// What to notice.
    Note,
}

/// A part of the transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// Whether the picture shows it.
    pub(super) pictured: bool,
}

/// Writes the story and remembers it.
pub(super) struct Narrator {
    out: Box<dyn Write>,
    colours: bool,
    live: bool,
    pictured: bool,
    transcript: Vec<Entry>,
    laps: Laps,
}

impl Narrator {
    /// Writes to standard output. Only what is `recorded` is sure to be in the transcript: at a terminal, commands
    /// write to it themselves otherwise.
    pub(super) fn on_stdout(recorded: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { live: terminal && !recorded, ..Self::to(Box::new(io::stdout()), terminal && !plain) }
    }

    fn to(out: Box<dyn Write>, colours: bool) -> Self {
        Self { out, colours, live: false, pictured: false, transcript: Vec::new(), laps: Laps::new() }
    }

    /// Whether commands may write to the terminal themselves, with their colours and redraws.
    pub(super) fn is_live(&self) -> bool {
        self.live
    }

    /// Whether the picture shows what follows, up to the next heading.
    pub(super) fn pictured(&mut self, pictured: bool) {
        self.pictured = pictured;
    }

    /// Begins a part, which the table of times calls `part`.
    pub(super) fn heading(&mut self, part: &'static str, text: &str) -> Result<(), Error> {
        self.laps.begin(part);
        self.pictured = false;
        self.add(Kind::Heading, text)
    }

    /// Shows a command that is about to run.
    pub(super) fn command(&mut self, text: &str) -> Result<(), Error> {
        self.add(Kind::Command, text)
    }

    /// Shows what a command wrote.
    pub(super) fn output(&mut self, text: &str) -> Result<(), Error> {
        self.add(Kind::Output, text)
    }

    /// Says what to notice.
    pub(super) fn note(&mut self, text: &str) -> Result<(), Error> {
        self.add(Kind::Note, text)
    }

    /// Remembers when something came to pass, for the table of times.
    pub(super) fn milestone(&mut self, what: &'static str) {
        self.laps.milestone(what);
    }

    /// Says how long each part took.
    pub(super) fn times(&mut self) -> Result<(), Error> {
        self.laps.end();
        let (table, milestones) = (self.laps.table(), self.laps.milestones());
        self.write(&format!("\n{table}{milestones}"))
    }

    /// All that was told.
    pub(super) fn transcript(&self) -> &[Entry] {
        &self.transcript
    }

    fn add(&mut self, kind: Kind, text: &str) -> Result<(), Error> {
        let text = text.trim_end_matches('\n');
        self.transcript.push(Entry { kind, text: text.to_owned(), pictured: self.pictured });
        let shown = match kind {
            Kind::Heading => format!("\n{}\n", self.painted("1;36", &format!("== {text}"))),
            Kind::Command => format!("{} {}\n", self.painted("32", "$"), self.painted("1", text)),
            Kind::Output => format!("{text}\n"),
            Kind::Note => format!("{}\n", self.painted("36", &format!("# {text}"))),
        };
        self.write(&shown)
    }

    fn painted(&self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn write(&mut self, text: &str) -> Result<(), Error> {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        written.map_err(Error::file("write to", "standard output"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{cell::RefCell, rc::Rc};

    #[derive(Clone, Default)]
    struct Page(Rc<RefCell<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn told(colours: bool) -> (String, Vec<Entry>) {
        let page = Page::default();
        let mut narrator = Narrator::to(Box::new(page.clone()), colours);
        narrator.heading("Look", "Look at it").unwrap();
        narrator.pictured(true);
        narrator.command("kubectl get csvc").unwrap();
        narrator.output("shop\n").unwrap();
        narrator.note("One service.").unwrap();
        narrator.heading("End", "The end").unwrap();
        let text = String::from_utf8(page.0.borrow().clone()).unwrap();
        (text, narrator.transcript().to_vec())
    }

    #[test]
    fn without_a_terminal_it_is_plain_text() {
        assert_eq!(
            told(false).0,
            "\n== Look at it\n$ kubectl get csvc\nshop\n# One service.\n\n== The end\n"
        );
    }

    #[test]
    fn colours_change_nothing_else() {
        let painted = told(true).0;
        assert!(painted.contains("\x1b[32m$\x1b[0m \x1b[1mkubectl get csvc\x1b[0m\n"), "{painted:?}");
    }

    #[test]
    fn the_picture_shows_parts_up_to_the_next_heading() {
        let pictured: Vec<_> = told(false).1.iter().map(|entry| entry.pictured).collect();
        assert_eq!(pictured, [false, true, true, true, false]);
    }
}
