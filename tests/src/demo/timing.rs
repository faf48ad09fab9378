//! How long each part took.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

/// Measures parts that follow each other.
#[derive(Debug)]
pub(super) struct Laps {
    done: Vec<(&'static str, Duration)>,
    current: Option<(&'static str, Instant)>,
    began: Instant,
    milestones: Vec<(&'static str, Duration)>,
}

impl Laps {
    pub(super) fn new() -> Self {
        Self { done: Vec::new(), current: None, began: Instant::now(), milestones: Vec::new() }
    }

    /// Ends the part before and begins the next.
    pub(super) fn begin(&mut self, part: &'static str) {
        self.end();
        self.current = Some((part, Instant::now()));
    }

    /// Ends the last part.
    pub(super) fn end(&mut self) {
        if let Some((part, began)) = self.current.take() {
            self.done.push((part, began.elapsed()));
        }
    }

    /// Remembers what has just come to pass.
    pub(super) fn milestone(&mut self, what: &'static str) {
        self.milestones.push((what, self.began.elapsed()));
    }

    /// What came to pass, and how long after the beginning.
    pub(super) fn milestones(&self) -> String {
        let line = |(what, after): &(&str, Duration)| {
            format!("{what} {:.1} s after the beginning.\n", after.as_secs_f32())
        };
        self.milestones.iter().map(line).collect()
    }

    /// A table of all parts that have ended.
    pub(super) fn table(&self) -> String {
        let total = self.done.iter().map(|(_, took)| *took).sum();
        let rows = self.done.iter().copied().chain([("Together", total)]);
        rows.fold(String::new(), |mut table, (part, took)| {
            writeln!(table, "{part:<10} {:>6.1} s", took.as_secs_f32()).expect("a string takes all text");
            table
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ends_with_the_sum() {
        let done = vec![("Install", Duration::from_millis(1250)), ("Load", Duration::from_secs(20))];
        let laps = Laps { done, ..Laps::new() };
        assert_eq!(laps.table(), "Install       1.2 s\nLoad         20.0 s\nTogether     21.2 s\n");
    }

    #[test]
    fn a_part_ends_where_the_next_begins() {
        let mut laps = Laps::new();
        laps.begin("a");
        laps.begin("b");
        laps.end();
        laps.end();
        let parts: Vec<_> = laps.done.iter().map(|(part, _)| *part).collect();
        assert_eq!(parts, ["a", "b"]);
    }

    #[test]
    fn a_milestone_says_when_it_was() {
        let milestones = vec![("The service was Ready", Duration::from_millis(20_400))];
        let laps = Laps { milestones, ..Laps::new() };
        assert_eq!(laps.milestones(), "The service was Ready 20.4 s after the beginning.\n");
    }
}
