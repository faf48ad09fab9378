//! Lengths of time as people type them: as the API has them, and with days.

use csop_shared::schedule::{Problem, parse_length};
use jiff::SignedDuration;
use std::ops::RangeInclusive;

/// A length that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Length {
    /// How much time passes.
    pub passes: SignedDuration,
    /// As a schedule has it.
    pub written: String,
}

/// Reads `4h`, `90m`, `1h30m`, `2d` or `1d12h`; a day is 24 hours.
///
/// # Errors
/// A text that is none, or a length that is not among those that are `allowed`; the problem is said of `field`.
pub fn length(
    field: &'static str,
    text: &str,
    allowed: RangeInclusive<SignedDuration>,
) -> Result<Length, Problem> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let days = text[digits..].strip_prefix('d').filter(|_| (1..=3).contains(&digits));
    let Some(rest) = days else {
        return Ok(Length { passes: parse_length(field, text, allowed)?, written: text.to_owned() });
    };
    let days = SignedDuration::from_hours(24 * text[..digits].parse::<i64>().unwrap_or(0));
    let begins = text.len() - rest.len();
    let within = |problem: Problem| Problem {
        part: problem.part.map(|part| part.start + begins..part.end + begins),
        ..problem
    };
    let rest = match rest {
        "" => SignedDuration::ZERO,
        rest => parse_length(field, rest, SignedDuration::ZERO..=SignedDuration::MAX).map_err(within)?,
    };
    let passes = days + rest;
    let written = written(passes);
    // What is too long is said of what was typed.
    parse_length(field, &written, allowed).map(|passes| Length { passes, written: written.clone() }).map_err(
        |problem| Problem { part: None, message: problem.message.replace(&written, text), ..problem },
    )
}

/// Hours, minutes and seconds, as far as there are some.
fn written(length: SignedDuration) -> String {
    let seconds = length.as_secs();
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let text: String = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use csop_shared::schedule::WINDOW_LENGTHS;

    #[test]
    fn days_become_hours() {
        let read = |text| length("spec.duration", text, WINDOW_LENGTHS).map(|it| it.written);
        for (text, want) in [
            ("4h", "4h"),
            ("90m", "90m"),
            ("1h30m", "1h30m"),
            ("2d", "48h"),
            ("1d12h", "36h"),
            ("1d90m", "25h30m"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(want), "{text}");
        }
        for (text, part, told) in [
            ("0d", None, "0d is no time at all"),
            ("32d", None, "32d is too long: at most 744h (31 days)"),
            ("4x", Some(0..2), "hours, minutes and seconds, in this order"),
            ("2d4", Some(2..3), "a unit is missing"),
            ("", None, "written as 4h"),
            ("4", Some(0..1), "a unit is missing"),
        ] {
            let problem = read(text).unwrap_err();
            assert!(problem.message.contains(told), "{text}: {problem}");
            assert_eq!(problem.part, part, "{text}");
        }
    }
}
