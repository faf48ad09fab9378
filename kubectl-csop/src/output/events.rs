//! Events, a line each; on a narrow terminal the message has lines of its own.

use super::paint::Paint;
use super::wrap;
use crate::duration;
use crate::view::events::EventView;
use console::measure_text_width;
use jiff::Timestamp;

const AGE: usize = 6;
const TYPE: usize = 8;
const REASON: usize = 20;
/// A message gets this much room on the line of its event, or lines of its own.
const ROOM: usize = 40;

/// How events are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// The terminal's width; `None` for pipes.
    pub width: Option<usize>,
    /// Colours.
    pub paint: Paint,
    /// Characters for the object.
    pub object: usize,
}

impl Style {
    /// A style in which these events are aligned.
    pub fn new(events: &[EventView], width: Option<usize>, paint: Paint) -> Self {
        let longest = events.iter().map(|event| measure_text_width(&event.object)).max().unwrap_or(0);
        Self { width, paint, object: longest.max(24) }
    }

    fn left(self) -> usize {
        AGE + TYPE + REASON + self.object + 4
    }

    fn fits(self) -> bool {
        self.width.is_none_or(|width| width >= self.left() + ROOM)
    }
}

/// The titles of the columns.
pub fn head(style: Style) -> String {
    if !style.fits() {
        return String::new();
    }
    let object = style.object;
    format!("{:<AGE$} {:<TYPE$} {:<REASON$} {:<object$} MESSAGE\n", "SEEN", "TYPE", "REASON", "OBJECT")
}

/// An event.
pub fn text(event: &EventView, style: Style, now: Timestamp) -> String {
    let age = event.last_seen.map(|then| duration::age(then, now)).unwrap_or_default();
    let painted = |text: String| if event.type_ == "Warning" { style.paint.warn(&text) } else { text };
    let message = match event.count {
        0 | 1 => event.message.clone(),
        many => format!("{} ({many} times)", event.message),
    };
    if !style.fits() {
        let head = format!("{age} {} {} {}", painted(event.type_.clone()), event.reason, event.object);
        let head = wrap::lines(&head, style.width.map(|width| width.saturating_sub(2))).join("\n  ");
        let lines = wrap::lines(&message, style.width.map(|width| width.saturating_sub(2)));
        return lines.into_iter().fold(head + "\n", |text, line| format!("{text}  {line}\n"));
    }
    let object = style.object;
    let kind = painted(format!("{:<TYPE$}", event.type_));
    let left = format!("{age:<AGE$} {kind} {:<REASON$} {:<object$} ", event.reason, event.object);
    let room = style.width.map(|width| width.saturating_sub(style.left()));
    let indent = " ".repeat(style.left());
    let lines = wrap::lines(&message, room);
    lines.iter().enumerate().fold(String::new(), |text, (at, line)| {
        let lead = if at == 0 { &left } else { &indent };
        format!("{text}{}\n", format!("{lead}{line}").trim_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> EventView {
        EventView {
            last_seen: "2026-11-23T11:57:00Z".parse().ok(),
            first_seen: None,
            count: 3,
            type_: "Warning".to_owned(),
            reason: "BackOff".to_owned(),
            object: "Pod/shop-7c9b-aaaaa".to_owned(),
            message: "Back-off restarting failed container app in pod".to_owned(),
            source: "kubelet".to_owned(),
        }
    }

    fn drawn(width: Option<usize>) -> String {
        let style = Style::new(&[event()], width, Paint::new(false));
        head(style) + &text(&event(), style, "2026-11-23T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_pipe_gets_a_line_for_each_event() {
        assert_eq!(
            drawn(None),
            "SEEN   TYPE     REASON               OBJECT                   MESSAGE\n\
             3m     Warning  BackOff              Pod/shop-7c9b-aaaaa      Back-off restarting failed container app in pod (3 times)\n"
        );
    }

    #[test]
    fn a_narrow_terminal_gets_the_message_below() {
        assert_eq!(
            drawn(Some(40)),
            "3m Warning BackOff Pod/shop-7c9b-aaaaa\n  Back-off restarting failed container\n  app in pod (3 times)\n"
        );
    }
}
