//! Progress of a wait: a spinner on a terminal, plain lines elsewhere, nothing with `--quiet`.

use crate::io::Io;
use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::io;
use std::time::Duration;

/// What is shown while a command waits.
pub struct View {
    bar: Option<ProgressBar>,
    /// What was shown last.
    pub last: String,
}

impl View {
    /// Begins to show; `what` is waited for.
    pub fn new(what: &str, io: &Io) -> Self {
        let live = io.terminal.live_stderr() && !io.terminal.quiet;
        let bar = live.then(|| {
            let ticks = if io.terminal.unicode { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ " } else { "-\\|/ " };
            let style = ProgressStyle::with_template("{spinner} {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner())
                .tick_chars(ticks);
            let target = ProgressDrawTarget::term_like(Box::new(Narrower(Term::buffered_stderr())));
            let bar = ProgressBar::with_draw_target(None, target).with_style(style);
            bar.set_message(format!("waiting for {what}"));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, last: String::new() }
    }

    /// Shows what is going on, when that is news.
    pub fn tell(&mut self, text: &str, io: &mut Io) {
        if self.last == text {
            return;
        }
        text.clone_into(&mut self.last);
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None => io.note(&format!("waiting: {text}")),
        }
    }

    /// Says something that stays on the screen.
    pub fn note(&self, text: &str, io: &mut Io) {
        match &self.bar {
            Some(bar) => bar.suspend(|| io.note(text)),
            None => io.note(text),
        }
    }
}

/// The terminal of standard error but for its last columns, which are left to the `^C` that a terminal shows: on a line of
/// its own that would keep the progress from being cleared.
#[derive(Debug)]
struct Narrower(Term);

/// Columns that `^C` needs, with the cursor behind it.
const CTRL_C: u16 = 3;

impl TermLike for Narrower {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(CTRL_C).max(1)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Drop for View {
    /// However the wait ends, nothing of it stays on the screen.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
