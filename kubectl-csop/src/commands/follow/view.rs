//! Progress of a wait: a spinner on a terminal, plain lines elsewhere, nothing with `--quiet`.

use crate::io::Io;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
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
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style);
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

impl Drop for View {
    /// However the wait ends, nothing of it stays on the screen.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
