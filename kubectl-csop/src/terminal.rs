//! What the plugin is attached to: terminals or pipes, how wide, and what may be written to it.

use crate::machine_zone;
use console::Term;
use jiff::tz::TimeZone;
use std::io::IsTerminal;

/// The size of a terminal, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Lines.
    pub rows: usize,
    /// Characters in a line.
    pub columns: usize,
}

/// What standard input and the two outputs are, and what the environment asks for.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// Standard input is a terminal.
    pub stdin: bool,
    /// Standard output is a terminal.
    pub stdout: bool,
    /// Standard error is a terminal.
    pub stderr: bool,
    /// No escape codes whatever the terminal (NO_COLOR, `--no-color`, `TERM=dumb`).
    pub plain: bool,
    /// The locale can show more than ASCII.
    pub unicode: bool,
    /// Only data and errors are printed.
    pub quiet: bool,
    /// More is said on standard error.
    pub verbose: bool,
    /// A size that does not change; `None`: ask the terminal each time.
    pub fixed: Option<Size>,
    /// The zone of the user's clocks, where its name is known.
    pub zone: Option<TimeZone>,
}

impl Terminal {
    /// Looks at the process's own streams and environment.
    pub fn detect() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            stdin: std::io::stdin().is_terminal(),
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
            plain: set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|term| term == "dumb"),
            unicode: locale_is_utf8(|name| std::env::var(name).ok()),
            quiet: false,
            verbose: false,
            fixed: None,
            zone: machine_zone::detect(),
        }
    }

    /// Pipes on all sides, as in a script.
    pub fn none() -> Self {
        Self {
            stdin: false,
            stdout: false,
            stderr: false,
            plain: false,
            unicode: true,
            quiet: false,
            verbose: false,
            fixed: None,
            zone: None,
        }
    }

    /// Whether standard output may carry colours and redraws.
    pub fn live_stdout(&self) -> bool {
        self.stdout && !self.plain
    }

    /// Whether standard error may carry colours and redraws.
    pub fn live_stderr(&self) -> bool {
        self.stderr && !self.plain
    }

    /// Whether somebody is there to answer questions.
    pub fn can_ask(&self) -> bool {
        self.stdin && self.stderr
    }

    /// The size of the terminal on standard output; `None` when it is none.
    pub fn size(&self) -> Option<Size> {
        if !self.stdout {
            return None;
        }
        self.fixed.or_else(|| {
            let (rows, columns) = Term::stdout().size_checked()?;
            Some(Size { rows: rows.into(), columns: columns.into() })
        })
    }

    /// Characters in a line of the terminal on standard output; `None` when it is none.
    pub fn width(&self) -> Option<usize> {
        self.size().map(|size| size.columns).filter(|columns| *columns > 0)
    }
}

/// Whether the first of the locale's variables that is set names UTF-8.
fn locale_is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty())
        .is_some_and(|value| value.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_set_variable_names_the_locale() {
        let locale = |pairs: &'static [(&str, &str)]| {
            locale_is_utf8(move |name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(locale(&[("LANG", "en_GB.UTF-8")]));
        assert!(locale(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]));
        assert!(!locale(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")]));
        assert!(!locale(&[]));
    }

    #[test]
    fn plain_terminals_get_no_escape_codes() {
        let terminal = Terminal { stdout: true, stderr: true, plain: true, ..Terminal::none() };
        assert!(!terminal.live_stdout() && !terminal.live_stderr());
    }
}
