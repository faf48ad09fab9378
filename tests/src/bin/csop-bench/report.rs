//! What a benchmark found, as a table and as JSON.

use serde_json::{Map, Value, json};

/// The figures of one benchmark, and under what circumstances they were taken.
#[derive(Debug)]
pub struct Report {
    name: &'static str,
    figures: Vec<Figure>,
    context: Map<String, Value>,
}

#[derive(Debug)]
struct Figure {
    name: &'static str,
    value: f64,
    /// The most that it may be.
    limit: Option<f64>,
}

impl Report {
    /// No figures yet.
    pub fn new(name: &'static str) -> Self {
        Self { name, figures: vec![], context: Map::new() }
    }

    /// The benchmark's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Adds a figure that should not exceed a limit.
    pub fn limited(&mut self, name: &'static str, value: f64, limit: f64) {
        self.figures.push(Figure { name, value: round(value), limit: Some(limit) });
    }

    /// Adds a figure without a limit.
    pub fn figure(&mut self, name: &'static str, value: f64) {
        self.figures.push(Figure { name, value: round(value), limit: None });
    }

    /// Adds something that helps to understand the figures.
    pub fn context(&mut self, name: &str, value: impl Into<Value>) {
        self.context.insert(name.to_owned(), value.into());
    }

    /// The whole report.
    pub fn json(&self) -> String {
        let figures: Map<String, Value> =
            self.figures.iter().map(|figure| (figure.name.to_owned(), number(figure.value))).collect();
        let whole = json!({"name": self.name, "figures": figures, "context": self.context});
        format!("{whole:#}\n")
    }

    /// The figures for people.
    pub fn table(&self) -> String {
        let rows: Vec<[String; 3]> = self.figures.iter().map(Figure::row).collect();
        let head = [self.name.to_owned(), "measured".to_owned(), "wanted".to_owned()];
        let all: Vec<&[String; 3]> = std::iter::once(&head).chain(&rows).collect();
        let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (first, second) = (width(0), width(1));
        let line = |row: &&[String; 3]| {
            format!("{:first$}  {:>second$}  {}", row[0], row[1], row[2]).trim_end().to_owned()
        };
        all.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl Figure {
    fn row(&self) -> [String; 3] {
        let wanted = self.limit.map(|limit| {
            let kept = if self.value <= limit { "" } else { "  MISSED" };
            format!("<= {}{kept}", number(limit))
        });
        [self.name.to_owned(), number(self.value).to_string(), wanted.unwrap_or_default()]
    }
}

/// Three digits after the point tell all that a measurement can.
pub fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// A whole number without a point.
#[expect(clippy::cast_possible_truncation, reason = "whole numbers below 2^52 are kept")]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { Value::from(value as i64) } else { Value::from(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::new("fleet");
        report.limited("create_ratio_1000", 1.234_567, 1.2);
        report.limited("steady_mutating_requests", 0.0, 0.0);
        report.figure("restart_synced_s", 2.5);
        report.context("cores", 2);
        report
    }

    #[test]
    fn the_table_says_what_missed_its_limit() {
        let expected = "fleet                     measured  wanted\n\
                        create_ratio_1000            1.235  <= 1.2  MISSED\n\
                        steady_mutating_requests         0  <= 0\n\
                        restart_synced_s               2.5";
        assert_eq!(report().table(), expected);
    }

    #[test]
    fn the_json_has_the_agreed_shape() {
        let value: Value = serde_json::from_str(&report().json()).unwrap();
        let figures =
            json!({"create_ratio_1000": 1.235, "steady_mutating_requests": 0, "restart_synced_s": 2.5});
        assert_eq!(value, json!({"name": "fleet", "figures": figures, "context": {"cores": 2}}));
    }
}
