//! Lengths of time as text: `4h`, `90m`, `1h30m`.

use super::Problem;
use jiff::SignedDuration;
use std::ops::RangeInclusive;

/// How long a window of `duration` may be: up to 31 days.
pub const WINDOW_LENGTHS: RangeInclusive<SignedDuration> =
    SignedDuration::from_secs(1)..=SignedDuration::from_hours(744);
/// How long `leadTime` may be: up to a day.
pub const LEAD_TIMES: RangeInclusive<SignedDuration> = SignedDuration::ZERO..=SignedDuration::from_hours(24);

/// The units in their order, with their seconds and the digits that a number of them may have (the API's rule).
const UNITS: [(char, i64, usize); 3] = [('h', 3600, 3), ('m', 60, 5), ('s', 1, 7)];

/// Reads hours, minutes and seconds, in this order, each at most once.
///
/// # Errors
/// A text that is none, or a length that is not among those that are `allowed`; the problem is said of `field`.
pub fn parse_length(
    field: &'static str,
    text: &str,
    allowed: RangeInclusive<SignedDuration>,
) -> Result<SignedDuration, Problem> {
    let length = SignedDuration::from_secs(seconds_of(field, text)?);
    if length > *allowed.end() {
        let (most, days) = (allowed.end().as_hours(), allowed.end().as_hours() / 24);
        let days = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
        return Err(Problem::new(field, format!("{text} is too long: at most {most}h ({days})")));
    }
    if length < *allowed.start() {
        return Err(Problem::new(
            field,
            format!("{text} is no time at all: write a length such as 4h or 90m"),
        ));
    }
    Ok(length)
}

fn seconds_of(field: &'static str, text: &str) -> Result<i64, Problem> {
    let mut units = UNITS.iter();
    let (mut rest, mut sum) = (text, 0);
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let unit = rest[digits..].chars().next();
        let end = at + digits + unit.map_or(0, char::len_utf8);
        let refused = |why: &str| {
            let message = format!("a length is written as 4h, 90m or 1h30m{why}");
            Err(Problem::at(field, at..end, message))
        };
        match unit {
            Some('d' | 'w') if digits > 0 => return refused("; a day is 24h"),
            None => return refused(": a unit is missing (h, m or s)"),
            Some(_) if digits == 0 => return refused(": a number is missing"),
            Some(unit) => {
                let Some((_, seconds, most)) = units.find(|(name, ..)| *name == unit) else {
                    return refused(": hours, minutes and seconds, in this order");
                };
                let number = rest[..digits].parse::<i64>().ok().filter(|_| digits <= *most);
                let Some(number) = number else { return refused(": this number is too long") };
                sum += number * seconds;
            }
        }
        rest = &text[end..];
    }
    if text.is_empty() {
        return Err(Problem::new(field, "a length is written as 4h, 90m or 1h30m"));
    }
    Ok(sum)
}
