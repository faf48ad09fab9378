//! Redrawing in place without flicker: only the lines that changed are written.

use crate::terminal::Size;
use console::truncate_str;

/// What stands on the screen.
#[derive(Debug, Default)]
pub struct Screen {
    lines: Vec<String>,
    size: Option<Size>,
}

impl Screen {
    /// What to write so that the screen shows `text`; nothing when it does already.
    pub fn draw(&mut self, text: &str, size: Size) -> String {
        if self.size != Some(size) {
            // A terminal that was resized has wrapped what stood there: begin anew below it.
            self.lines.clear();
            self.size = Some(size);
        }
        let lines = cut(text, size);
        if lines == self.lines {
            return String::new();
        }
        let mut out = String::new();
        if !self.lines.is_empty() {
            out.push_str(&format!("\u{1b}[{}A\r", self.lines.len()));
        }
        for (at, line) in lines.iter().enumerate() {
            match self.lines.get(at) {
                Some(same) if same == line => out.push('\n'),
                Some(_) => out.push_str(&format!("\u{1b}[2K{line}\n")),
                None => out.push_str(&format!("{line}\n")),
            }
        }
        if self.lines.len() > lines.len() {
            out.push_str("\u{1b}[J");
        }
        self.lines = lines;
        out
    }
}

/// The lines that fit on the terminal: a line that wraps or a frame that scrolls could not be redrawn.
fn cut(text: &str, size: Size) -> Vec<String> {
    let room = size.rows.saturating_sub(1).max(1);
    let mut lines: Vec<_> =
        text.lines().map(|line| truncate_str(line, size.columns.max(1), "").into_owned()).collect();
    if lines.len() > room {
        let hidden = lines.len() - (room - 1);
        lines.truncate(room - 1);
        lines.push(truncate_str(&format!("({hidden} more lines)"), size.columns.max(1), "").into_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { rows: 5, columns: 10 };

    #[test]
    fn the_same_frame_is_not_written_again() {
        let mut screen = Screen::default();
        assert_eq!(screen.draw("a\nb\n", SIZE), "a\nb\n");
        assert_eq!(screen.draw("a\nb\n", SIZE), "");
    }

    #[test]
    fn only_changed_lines_are_written() {
        let mut screen = Screen::default();
        screen.draw("a\nb\nc\n", SIZE);
        assert_eq!(screen.draw("a\nB\nc\n", SIZE), "\u{1b}[3A\r\n\u{1b}[2KB\n\n");
        assert_eq!(screen.draw("a\n", SIZE), "\u{1b}[3A\r\n\u{1b}[J");
        assert_eq!(screen.draw("a\nd\n", SIZE), "\u{1b}[1A\r\nd\n");
    }

    #[test]
    fn what_does_not_fit_is_cut() {
        let mut screen = Screen::default();
        assert_eq!(screen.draw("0123456789abc\n1\n2\n3\n4\n", SIZE), "0123456789\n1\n2\n(2 more li\n");
    }

    #[test]
    fn a_resized_terminal_begins_anew() {
        let mut screen = Screen::default();
        screen.draw("a\n", SIZE);
        assert_eq!(screen.draw("a\n", Size { rows: 5, columns: 20 }), "a\n");
    }
}
