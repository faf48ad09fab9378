//! Times as people type them: `2026-11-27 08:00`, `tomorrow 18:00`, `friday 08:00`, `18:00`, `in 30m`, `now`.
//!
//! Pure: what time it is, and in which zone, are arguments.

mod day;
mod length;
#[cfg(test)]
mod tests;

pub use length::length;

use csop_shared::schedule::{Bound, LEAD_TIMES, Problem, WINDOW_LENGTHS, instant_of, parse_instant};
use day::{Day, nearest};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::ops::Range;

/// What is said of a text that is no time.
const HOW: &str = "a time is written as 2026-11-27 08:00, 2026-11-27T13:00:00Z, tomorrow 18:00, friday 08:00, 18:00, in 30m \
                   or now";

/// What time it is, and on which clocks.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Now.
    pub now: Timestamp,
    /// On whose clocks civil times are.
    pub zone: TimeZone,
}

/// A time that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// What it means.
    pub instant: Timestamp,
    /// As a schedule has it: a civil time on the clocks of the zone, or an instant with its offset.
    pub written: String,
}

impl When {
    /// Whether it is read from the clocks of a zone.
    pub fn is_civil(&self) -> bool {
        let zulu = self.written.ends_with('Z');
        !zulu && !self.written.get(16..).is_some_and(|rest| rest.contains(['+', '-']))
    }
}

/// Reads a time. `after` is what a time of day or a weekday is the next one after: now for a start, the start for an end.
///
/// # Errors
/// A text that is no time, or one that no calendar has; the problem is said of `field`.
pub fn parse(
    field: &'static str,
    text: &str,
    clock: &Clock,
    after: Timestamp,
    bound: Bound,
) -> Result<When, Problem> {
    let reader = Reader { field, text, clock, after, bound };
    let lower = text.to_ascii_lowercase();
    if text.is_empty() {
        return Err(Problem::new(field, HOW));
    }
    if lower == "now" {
        return Ok(at_instant(whole(clock.now)));
    }
    if let Some(rest) = lower.strip_prefix('+') {
        return reader.relative(rest, 1);
    }
    if let Some(rest) = lower.strip_prefix("in ") {
        return reader.relative(rest.trim_start(), text.len() - rest.trim_start().len());
    }
    let digits = lower.bytes().take_while(u8::is_ascii_digit).count();
    match (digits, lower.as_bytes().get(digits)) {
        (1 | 2, Some(b':')) => reader.next_time(0),
        (1.., _) => reader.in_full(),
        _ => reader.of_day(&lower),
    }
}

struct Reader<'a> {
    field: &'static str,
    text: &'a str,
    clock: &'a Clock,
    after: Timestamp,
    bound: Bound,
}

impl Reader<'_> {
    fn wrong(&self, part: Range<usize>, message: impl Into<String>) -> Problem {
        Problem::at(self.field, part, message)
    }

    fn today(&self) -> Date {
        self.clock.zone.to_datetime(self.clock.now).date()
    }

    /// A date with a time of day, as the API has it.
    fn in_full(&self) -> Result<When, Problem> {
        let instant = parse_instant(self.field, self.text, &self.clock.zone, self.bound);
        let instant = instant.map_err(|problem| match problem.message.contains("of timeZone") {
            true => Problem { message: HOW.to_owned(), ..problem },
            false => problem,
        })?;
        Ok(When { instant, written: self.text.replacen('T', " ", usize::from(!self.has_offset())) })
    }

    fn has_offset(&self) -> bool {
        let rest = self.text.get(16..).unwrap_or_default();
        rest.contains(['Z', '+', '-'])
    }

    fn relative(&self, rest: &str, begins: usize) -> Result<When, Problem> {
        let length = length(self.field, rest, *LEAD_TIMES.start()..=SignedDuration::MAX);
        let length = length.map_err(|problem| Problem {
            part: Some(
                problem.part.map_or(begins..self.text.len(), |part| part.start + begins..part.end + begins),
            ),
            ..problem
        })?;
        let instant = self.clock.now.checked_add(length.passes);
        let instant = instant.map_err(|_| self.wrong(begins..self.text.len(), "this is too far away"))?;
        Ok(at_instant(whole(instant)))
    }

    /// The next time that clocks show a time of day.
    fn next_time(&self, begins: usize) -> Result<When, Problem> {
        let time = self.time(begins)?;
        let first = self.clock.zone.to_datetime(self.after).date();
        self.first_after(first, 1, time)
    }

    /// `tomorrow 18:00`, `friday 08:00`.
    fn of_day(&self, lower: &str) -> Result<When, Problem> {
        let word = lower.split_whitespace().next().unwrap_or_default();
        let Some(day) = Day::of(word) else {
            let meant = nearest(word).map(|meant| format!(": did you mean {meant}?"));
            let message = meant.map_or_else(|| HOW.to_owned(), |meant| format!("{word:?} is no day{meant}"));
            return Err(self.wrong(0..word.len(), message));
        };
        let rest = &self.text[word.len()..];
        let begins = self.text.len() - rest.trim_start().len();
        if rest.trim().is_empty() {
            let message = format!("the time of day is missing: write {word} 08:00");
            return Err(self.wrong(0..word.len(), message));
        }
        let time = self.time(begins)?;
        match day {
            Day::After(days) => {
                let days = jiff::Span::new().days(days);
                let date = self.today().checked_add(days).map_err(|_| self.too_far())?;
                self.civil(date.to_datetime(time))
            }
            Day::Next(weekday) => {
                let first = self.clock.zone.to_datetime(self.after).date();
                let ahead = first.weekday().until(weekday);
                let first = first.checked_add(jiff::Span::new().days(ahead)).map_err(|_| self.too_far())?;
                self.first_after(first, 7, time)
            }
        }
    }

    /// The first of a row of days on which the time is later than `after`.
    fn first_after(&self, first: Date, every: i64, time: Time) -> Result<When, Problem> {
        let mut date = first;
        loop {
            let when = self.civil(date.to_datetime(time))?;
            if when.instant > self.after {
                return Ok(when);
            }
            date = date.checked_add(jiff::Span::new().days(every)).map_err(|_| self.too_far())?;
        }
    }

    fn civil(&self, wall: DateTime) -> Result<When, Problem> {
        let instant = instant_of(wall, &self.clock.zone, self.bound).ok_or_else(|| self.too_far())?;
        let seconds = if wall.second() == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
        Ok(When { instant, written: wall.strftime(seconds).to_string() })
    }

    fn too_far(&self) -> Problem {
        Problem::new(self.field, "this is too far away: the calendar ends with the year 9999")
    }

    /// The time of day that begins at this byte.
    fn time(&self, begins: usize) -> Result<Time, Problem> {
        let all = begins..self.text.len();
        let text = &self.text[all.clone()];
        let parts: Vec<&str> = text.split(':').collect();
        let well_formed = (2..=3).contains(&parts.len())
            && (1..=2).contains(&parts[0].len())
            && parts[1..].iter().all(|part| part.len() == 2);
        let numbers: Option<Vec<i8>> = parts
            .iter()
            .map(|part| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?)
            .collect();
        let (true, Some(numbers)) = (well_formed, numbers) else {
            return Err(self.wrong(all, format!("{text} is no time of day: write it as 18:00")));
        };
        let mut at = begins;
        for ((number, part), (most, what)) in
            numbers.iter().zip(&parts).zip([(23, "hours"), (59, "minutes"), (59, "seconds")])
        {
            if *number > most {
                let message = format!("{number} is too much: {what} are 00 to {most}");
                return Err(self.wrong(at..at + part.len(), message));
            }
            at += part.len() + 1;
        }
        let second = numbers.get(2).copied().unwrap_or(0);
        Time::new(numbers[0], numbers[1], second, 0).map_err(|_| self.wrong(all, HOW))
    }
}

fn at_instant(instant: Timestamp) -> When {
    When { instant, written: instant.to_string() }
}

/// Times of the API have whole seconds.
fn whole(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

/// How long a window may be, as it is typed.
///
/// # Errors
/// As [`length`].
pub fn window_length(field: &'static str, text: &str) -> Result<length::Length, Problem> {
    length(field, text, WINDOW_LENGTHS)
}
