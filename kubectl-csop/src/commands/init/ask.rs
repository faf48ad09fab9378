//! The questions of `init`.

use super::image;
use super::plan::{self, Draft};
use crate::commands::prompt::Prompt;
use crate::error::Error;
use crate::io::Io;
use crate::presets;

/// What is said when a prompt is left.
const NOTHING: &str = "nothing was created";

/// Asks for what the draft lacks; without a terminal, whoever makes the plan says what is missing.
pub async fn complete(mut draft: Draft, io: &mut Io) -> Result<Draft, Error> {
    if !io.terminal.can_ask() {
        return Ok(draft);
    }
    let mut prompt = Prompt::new(io, NOTHING);
    if draft.name.is_none() {
        draft.name =
            Some(prompt.value("Name of the service", None, |answer: &String| plan::name(answer)).await?);
    }
    if draft.image.is_none() {
        draft.image = Some(prompt.value("Image", None, |answer: &String| image::check(answer)).await?);
    }
    if draft.preset.is_none() {
        let choices = presets::ALL.each_ref().map(|preset| preset.summary);
        draft.preset =
            Some(presets::ALL[prompt.choice("What does the container serve?", &choices).await?].name);
    }
    let default_port = draft.preset.and_then(|name| name.preset().default_port);
    if let (None, Some(default)) = (draft.port, default_port) {
        draft.port =
            Some(prompt.number("Port", i64::from(default), |answer| plan::port(answer, None)).await?);
    }
    if draft.min.is_none() {
        let default = draft.max.map_or(2, |max| max.min(2));
        draft.min =
            Some(prompt.number("Fewest replicas", default, |answer| plan::replicas(answer, 1)).await?);
    }
    if draft.max.is_none() {
        let min = draft.min;
        let default = min.map_or(10, |min| min.max(10));
        let check = move |answer| plan::most(answer, min, "the fewest replicas");
        draft.max = Some(prompt.number("Most replicas", default, check).await?);
    }
    Ok(draft)
}

/// Asks yes or no; no is the default.
pub async fn confirm(question: &'static str, io: &mut Io) -> Result<bool, Error> {
    Prompt::new(io, NOTHING).yes(question).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::Terminal;
    use std::io;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

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
        let mut io = plain("Shop\nshop\nregistry.example.com/shop:1\n9\n2\nhttp\n\n1\n0\n4\n");
        let draft = block_on(complete(Draft::default(), &mut io)).unwrap();
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
        assert_eq!(block_on(complete(given, &mut plain("3\n"))).unwrap().max, Some(3));
    }

    #[test]
    fn the_end_of_the_input_is_an_error() {
        assert!(matches!(block_on(complete(Draft::default(), &mut plain(""))), Err(Error::Ask { .. })));
        assert!(!block_on(confirm("Create it?", &mut plain("\n"))).unwrap());
        assert!(block_on(confirm("Create it?", &mut plain("yes\n"))).unwrap());
    }
}
