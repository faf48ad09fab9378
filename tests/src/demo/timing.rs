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
}

impl Laps {
    pub(super) fn new() -> Self {
        Self { done: Vec::new(), current: None }
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
        let laps = Laps {
            done: vec![("Install", Duration::from_millis(1250)), ("Load", Duration::from_secs(20))],
            current: None,
        };
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
}
