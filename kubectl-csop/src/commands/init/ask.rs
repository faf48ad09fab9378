//! The questions of `init`.

use super::image;
use super::plan::{self, Draft};
use crate::error::Error;
use crate::io::Io;
use crate::presets;
use crate::terminal::Terminal;
use dialoguer::{Confirm, Input, Select};
use std::io::{self, BufRead, Write};
use std::str::FromStr;

/// Asks for what the draft lacks; without a terminal, whoever makes the plan says what is missing.
pub fn complete(mut draft: Draft, io: &mut Io) -> Result<Draft, Error> {
    if !io.terminal.can_ask() {
        return Ok(draft);
    }
    if draft.name.is_none() {
        draft.name = Some(text("Name of the service", None, io, |answer: &String| plan::name(answer))?);
    }
    if draft.image.is_none() {
        draft.image = Some(text("Image", None, io, |answer: &String| image::check(answer))?);
    }
    if draft.preset.is_none() {
        let choices: Vec<_> = presets::ALL.iter().map(|preset| preset.summary).collect();
        draft.preset = Some(presets::ALL[choose("What does the container serve?", &choices, io)?].name);
    }
    let preset = draft.preset.map(presets::Name::preset);
    if draft.port.is_none()
        && let Some(default) = preset.and_then(|preset| preset.default_port)
    {
        draft.port = Some(text("Port", Some(i64::from(default)), io, |answer| plan::port(*answer, None))?);
    }
    if draft.min.is_none() {
        let default = draft.max.map_or(2, |max| max.min(2));
        draft.min = Some(text("Fewest replicas", Some(default), io, |answer| plan::replicas(*answer, 1))?);
    }
    if draft.max.is_none() {
        let min = draft.min;
        let default = min.map_or(10, |min| min.max(10));
        draft.max = Some(text("Most replicas", Some(default), io, |answer| plan::most(*answer, min))?);
    }
    Ok(draft)
}

/// Asks yes or no; no is the default.
pub fn confirm(question: &str, io: &mut Io) -> Result<bool, Error> {
    if fancy(&io.terminal) {
        return Confirm::new()
            .with_prompt(question)
            .default(false)
            .interact()
            .map_err(|error| failed(question, error.into()));
    }
    let answer = line(&format!("{question} [y/N]"), io)?;
    Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Prompts that redraw themselves need a terminal that is not plain.
fn fancy(terminal: &Terminal) -> bool {
    terminal.stdin && terminal.live_stderr()
}

fn text<T>(
    what: &str,
    default: Option<T>,
    io: &mut Io,
    check: impl Fn(&T) -> Result<(), String>,
) -> Result<T, Error>
where
    T: Clone + ToString + FromStr,
    T::Err: ToString,
{
    if fancy(&io.terminal) {
        let mut input = Input::<T>::new().with_prompt(what).validate_with(|answer: &T| check(answer));
        if let Some(default) = default {
            input = input.default(default);
        }
        return input.interact_text().map_err(|error| failed(what, error.into()));
    }
    loop {
        let prompt = default
            .as_ref()
            .map_or_else(|| what.to_owned(), |default| format!("{what} [{}]", default.to_string()));
        let answer = line(&prompt, io)?;
        let parsed = match (&default, answer.is_empty()) {
            (Some(default), true) => Ok(default.clone()),
            _ => answer.parse().map_err(|error: T::Err| error.to_string()),
        };
        match parsed.and_then(|value| check(&value).map(|()| value)) {
            Ok(value) => return Ok(value),
            Err(message) => io.say(&message),
        }
    }
}

fn choose(what: &str, choices: &[&str], io: &mut Io) -> Result<usize, Error> {
    if fancy(&io.terminal) {
        return Select::new()
            .with_prompt(what)
            .items(choices)
            .default(0)
            .interact()
            .map_err(|error| failed(what, error.into()));
    }
    io.say(what);
    for (at, choice) in choices.iter().enumerate() {
        io.say(&format!("  {}  {choice}", at + 1));
    }
    let last = choices.len();
    let check = |answer: &usize| {
        if (1..=last).contains(answer) { Ok(()) } else { Err(format!("choose 1 to {last}")) }
    };
    text("Number", Some(1), io, check).map(|number| number - 1)
}

/// Asks on a line of its own, without any escape codes.
fn line(prompt: &str, io: &mut Io) -> Result<String, Error> {
    let asked = write!(io.err, "{prompt}: ").and_then(|()| io.err.flush());
    let mut answer = String::new();
    let read = asked.and_then(|()| io.input.read_line(&mut answer)).map_err(|error| failed(prompt, error))?;
    if read == 0 {
        return Err(failed(prompt, io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(answer.trim().to_owned())
}

fn failed(what: &str, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::Interrupted {
        // A prompt that is left by Ctrl-C may have hidden the cursor; nobody is there to hear of a failure.
        let _ = console::Term::stderr().show_cursor();
        return Error::Interrupted("interrupted; nothing was created".to_owned());
    }
    Error::Ask { what: what.to_owned(), source: error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(answers: &'static str) -> Io {
        let terminal = Terminal { stdin: true, stderr: true, plain: true, ..Terminal::none() };
        Io {
            out: Box::new(io::sink()),
            err: Box::new(io::sink()),
            input: Box::new(answers.as_bytes()),
            terminal,
        }
    }

    #[test]
    fn a_plain_terminal_is_asked_line_by_line() {
        let mut io = plain("Shop\nshop\nregistry.example.com/shop:1\n2\n\n1\n0\n4\n");
        let draft = complete(Draft::default(), &mut io).unwrap();
        assert_eq!(draft.name.as_deref(), Some("shop"));
        assert_eq!(draft.preset, Some(presets::Name::Web));
        assert_eq!((draft.port, draft.min, draft.max), (Some(8080), Some(1), Some(4)));
    }

    #[test]
    fn only_what_is_missing_is_asked() {
        let given = Draft {
            name: Some("shop".into()),
            image: Some("shop:1".into()),
            preset: Some(presets::Name::Worker),
            min: Some(1),
            ..Draft::default()
        };
        assert_eq!(complete(given, &mut plain("3\n")).unwrap().max, Some(3));
    }

    #[test]
    fn the_end_of_the_input_is_an_error() {
        assert!(matches!(complete(Draft::default(), &mut plain("")), Err(Error::Ask { .. })));
        assert!(!confirm("Create it?", &mut plain("\n")).unwrap());
        assert!(confirm("Create it?", &mut plain("yes\n")).unwrap());
    }
}
