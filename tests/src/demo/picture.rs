//! The part of the transcript that the picture shows, in lines as a terminal of a fixed width has them.

use super::narrator::{Entry, Kind};

/// The width of the picture's terminal, in characters.
pub(super) const COLUMNS: usize = 100;

/// How a line begins that the plugin, at a terminal, replaces by the next one.
const PASSING: &str = "waiting: ";

/// A line of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// Whether it goes on from the line before.
    pub(super) goes_on: bool,
}

/// The pictured commands with their output, under the headings that they stand under.
pub(super) fn lines(transcript: &[Entry], columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut heading = None;
    for entry in transcript {
        match entry.kind {
            Kind::Heading => heading = Some(entry),
            Kind::Output if entry.text.starts_with(PASSING) => {}
            Kind::Command | Kind::Output if entry.pictured => {
                let shown = heading.take().into_iter().chain([entry]);
                lines.extend(shown.flat_map(|entry| typed(entry, columns)));
            }
            _ => {}
        }
    }
    lines
}

/// The entry as a terminal shows it: behind a prompt, cut where a line is full.
fn typed(entry: &Entry, columns: usize) -> Vec<Line> {
    let prompt = match entry.kind {
        Kind::Command => "$ ",
        Kind::Heading | Kind::Note => "# ",
        Kind::Output => "",
    };
    let text = format!("{prompt}{}", entry.text);
    let parts = text.split('\n').flat_map(|line| cut(line, columns)).enumerate();
    parts.map(|(index, text)| Line { kind: entry.kind, text, goes_on: index > 0 }).collect()
}

fn cut(line: &str, columns: usize) -> Vec<String> {
    if line.is_empty() {
        return vec![String::new()];
    }
    let characters: Vec<char> = line.chars().collect();
    characters.chunks(columns).map(|part| part.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: Kind, text: &str, pictured: bool) -> Entry {
        Entry { kind, text: text.to_owned(), pictured }
    }

    fn texts(transcript: &[Entry]) -> Vec<String> {
        lines(transcript, 12).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn only_what_is_pictured_is_shown_under_its_heading() {
        let transcript = [
            entry(Kind::Heading, "Install", false),
            entry(Kind::Command, "apply", false),
            entry(Kind::Heading, "Create", false),
            entry(Kind::Command, "init", true),
            entry(Kind::Output, "one\n\ntwo", true),
            entry(Kind::Note, "remarkable", true),
        ];
        assert_eq!(texts(&transcript), ["# Create", "$ init", "one", "", "two"]);
    }

    #[test]
    fn what_a_terminal_shows_for_a_moment_only_is_left_out() {
        let transcript = [entry(Kind::Output, "waiting: a", true), entry(Kind::Output, "Ready", true)];
        assert_eq!(texts(&transcript), ["Ready"]);
    }

    #[test]
    fn only_the_first_line_of_a_command_has_a_prompt() {
        assert_eq!(texts(&[entry(Kind::Command, "a \\\n  -b", true)]), ["$ a \\", "  -b"]);
        assert_eq!(texts(&[entry(Kind::Output, "", true)]), [""]);
    }

    #[test]
    fn long_lines_go_on_as_in_a_terminal() {
        let wrapped = lines(&[entry(Kind::Command, "abcdefghijklmn", true)], 12);
        assert_eq!((wrapped[0].text.as_str(), wrapped[0].goes_on), ("$ abcdefghij", false));
        assert_eq!((wrapped[1].text.as_str(), wrapped[1].goes_on), ("klmn", true));
    }
}
