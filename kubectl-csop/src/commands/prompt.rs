//! One question at a time: by dialoguer where the terminal can be redrawn, line by line where it cannot.

use crate::error::Error;
use crate::io::Io;
use dialoguer::{Confirm, Input, Select};
use std::fmt;
use std::io::{self, BufRead, Write};
use std::str::FromStr;
use tokio::signal::unix::{SignalKind, signal};

/// A whole number, refused in words for whoever types it.
#[derive(Clone, Copy)]
struct Whole(i64);

impl FromStr for Whole {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("{text:?} is no whole number"))
    }
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Asks questions on a terminal.
pub struct Prompt<'a> {
    io: &'a mut Io,
    /// Prompts that redraw themselves need a terminal that is not plain.
    live: bool,
    /// What is said when a prompt is left by Ctrl-C.
    nothing: &'static str,
}

impl<'a> Prompt<'a> {
    /// Asks on these streams; `nothing` says what was not done when a prompt is left by Ctrl-C.
    pub fn new(io: &'a mut Io, nothing: &'static str) -> Self {
        let live = io.terminal.stdin && io.terminal.live_stderr();
        Self { io, live, nothing }
    }

    /// Asks for a value, until it is one that `check` accepts.
    pub async fn value<T, C>(&mut self, what: &'static str, default: Option<T>, check: C) -> Result<T, Error>
    where
        T: Clone + ToString + FromStr + Send + 'static,
        T::Err: ToString,
        C: Fn(&T) -> Result<(), String> + Send + 'static,
    {
        if !self.live {
            return self.plain_value(what, default.as_ref(), check);
        }
        let ask = move || {
            let mut input = Input::<T>::new().with_prompt(what).validate_with(|answer: &T| check(answer));
            if let Some(default) = default {
                input = input.default(default);
            }
            input.interact_text()
        };
        self.live(what, ask).await
    }

    /// Asks for a number, until it is one that `check` accepts.
    pub async fn number<C>(&mut self, what: &'static str, default: i64, check: C) -> Result<i64, Error>
    where
        C: Fn(i64) -> Result<(), String> + Send + 'static,
    {
        self.value(what, Some(Whole(default)), move |answer| check(answer.0)).await.map(|answer| answer.0)
    }

    /// Offers choices, and returns the index of the one that was taken; the first is the default.
    pub async fn choice(&mut self, what: &'static str, choices: &[&'static str]) -> Result<usize, Error> {
        if self.live {
            let choices = choices.to_vec();
            let ask = move || Select::new().with_prompt(what).items(choices).default(0).interact();
            return self.live(what, ask).await;
        }
        self.io.say(what);
        for (at, choice) in choices.iter().enumerate() {
            self.io.say(&format!("  {}  {choice}", at + 1));
        }
        let index = |answer: Whole| usize::try_from(answer.0).ok()?.checked_sub(1);
        let check = |answer: &Whole| match index(*answer) {
            Some(at) if at < choices.len() => Ok(()),
            _ => Err(format!("choose 1 to {}", choices.len())),
        };
        let answer = self.plain_value("Number", Some(&Whole(1)), check)?;
        Ok(index(answer).unwrap_or_default())
    }

    /// Asks yes or no; no is the default.
    pub async fn yes(&mut self, question: &'static str) -> Result<bool, Error> {
        if self.live {
            let ask = move || Confirm::new().with_prompt(question).default(false).interact();
            return self.live(question, ask).await;
        }
        let answer = self.line(&format!("{question} [y/N]"))?;
        Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn plain_value<T>(
        &mut self,
        what: &str,
        default: Option<&T>,
        check: impl Fn(&T) -> Result<(), String>,
    ) -> Result<T, Error>
    where
        T: Clone + ToString + FromStr,
        T::Err: ToString,
    {
        let shown = default.map(|default| format!(" [{}]", default.to_string())).unwrap_or_default();
        loop {
            let answer = self.line(&format!("{what}{shown}"))?;
            let parsed = match (default, answer.is_empty()) {
                (Some(default), true) => Ok(default.clone()),
                _ => answer.parse().map_err(|error: T::Err| error.to_string()),
            };
            match parsed.and_then(|value| check(&value).map(|()| value)) {
                Ok(value) => return Ok(value),
                Err(message) => self.io.say(&message),
            }
        }
    }

    /// Asks on a line of its own, without any escape codes. Ctrl-C ends the process here, as it does by default.
    fn line(&mut self, prompt: &str) -> Result<String, Error> {
        let asked = write!(self.io.err, "{prompt}: ").and_then(|()| self.io.err.flush());
        let mut answer = String::new();
        match asked.and_then(|()| self.io.input.read_line(&mut answer)) {
            Ok(0) => Err(self.failed(prompt, io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(answer.trim().to_owned()),
            Err(error) => Err(self.failed(prompt, error)),
        }
    }

    /// Asks on a thread of its own, so that Ctrl-C is heard meanwhile: a prompt may have hidden the cursor.
    async fn live<T: Send + 'static>(
        &self,
        what: &'static str,
        ask: impl FnOnce() -> dialoguer::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let mut interrupted = signal(SignalKind::interrupt()).map_err(|error| self.failed(what, error))?;
        let answer = tokio::select! {
            biased;
            answer = tokio::task::spawn_blocking(ask) => answer,
            _ = interrupted.recv() => return Err(self.left()),
        };
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(dialoguer::Error::IO(error))) => Err(self.failed(what, error)),
            Err(_) => Err(self.failed(what, io::Error::other("the prompt ended early"))),
        }
    }

    fn failed(&self, what: &str, error: io::Error) -> Error {
        if error.kind() == io::ErrorKind::Interrupted {
            return self.left();
        }
        Error::Ask { what: what.to_owned(), source: error }
    }

    fn left(&self) -> Error {
        // Nobody is there to hear of a failure to show the cursor again, or to leave the prompt's line.
        let terminal = console::Term::stderr();
        let _ = terminal.show_cursor().and_then(|()| terminal.write_line(""));
        Error::Interrupted(format!("interrupted; {}", self.nothing))
    }
}
