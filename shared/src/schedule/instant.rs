//! Dates and times as text, and the instants that they mean.

use super::Problem;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use std::ops::Range;

/// Which end of a window a wall time is: of two instants that clocks show alike, a window has both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The first of the two.
    Start,
    /// The second.
    End,
}

/// The instant of a wall time: of a skipped one the jump, of a repeated one as `bound` says. None beyond the year 9999.
pub fn instant_of(wall: DateTime, zone: &TimeZone, bound: Bound) -> Option<Timestamp> {
    match offsets_of(wall, zone) {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(wall).ok(),
        AmbiguousOffset::Fold { before, after } => {
            let offset = if bound == Bound::Start { before } else { after };
            offset.to_timestamp(wall).ok()
        }
        AmbiguousOffset::Gap { after, .. } => jump(wall, zone, after),
    }
}

/// With which offsets clocks show a wall time.
///
/// Right after the last change that the database records, jiff already goes by the rule for the years to come, and sees a change
/// of that rule which was not made (America/Nuuk 2023-10-28 23:30); so what it says is compared with the instants.
pub(super) fn offsets_of(wall: DateTime, zone: &TimeZone) -> AmbiguousOffset {
    let said = zone.to_ambiguous_timestamp(wall).offset();
    let shows = |offset: Offset| offset.to_timestamp(wall).is_ok_and(|at| zone.to_offset(at) == offset);
    match said {
        AmbiguousOffset::Unambiguous { .. } => said,
        AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
            match (shows(before), shows(after)) {
                (true, true) => AmbiguousOffset::Fold { before, after },
                (true, false) => AmbiguousOffset::Unambiguous { offset: before },
                (false, true) => AmbiguousOffset::Unambiguous { offset: after },
                (false, false) => AmbiguousOffset::Gap { before, after },
            }
        }
    }
}

/// The instant at which clocks jump over a wall time, to the offset `after`.
pub(super) fn jump(wall: DateTime, zone: &TimeZone, after: Offset) -> Option<Timestamp> {
    // By the clocks of after the jump, a time that they skipped lies before it.
    zone.following(after.to_timestamp(wall).ok()?).next().map(|transition| transition.timestamp())
}

const HOW: &str = "a time is written as 2026-11-27 06:00 (on the clocks of timeZone), or as 2026-11-27T06:00:00Z or \
                   2026-11-27T06:00:00-05:00";

/// Reads `2026-11-27 06:00` on the clocks of `zone` (with `T` or a space, with seconds or without), or the same with its own
/// offset, `Z` or `-05:00`.
///
/// # Errors
/// A text that is no such time, or one that no calendar has; the problem is said of `field`.
pub fn parse_instant(
    field: &'static str,
    text: &str,
    zone: &TimeZone,
    bound: Bound,
) -> Result<Timestamp, Problem> {
    let too_far =
        || Problem::new(field, format!("{text} is too far away: the calendar ends with the year 9999"));
    let (wall, offset) = parse_wall(field, text)?;
    match offset {
        Some(offset) => offset.to_timestamp(wall).map_err(|_| too_far()),
        None => instant_of(wall, zone, bound).ok_or_else(too_far),
    }
}

fn parse_wall(field: &'static str, text: &str) -> Result<(DateTime, Option<Offset>), Problem> {
    let refused = |at: usize| Problem::at(field, at..text.len(), HOW);
    let date = text.get(..10).ok_or_else(|| Problem::new(field, HOW))?;
    let date = parse_date(field, date, 0)?;
    if text.len() == 10 {
        return Err(Problem::new(field, format!("the time of day is missing: write {text} 06:00")));
    }
    let bytes = text.as_bytes();
    if !matches!(bytes[10], b'T' | b' ') || bytes.get(13) != Some(&b':') {
        return Err(refused(10));
    }
    let hour = number(text, 11..13).ok_or_else(|| refused(11))?;
    let minute = number(text, 14..16).ok_or_else(|| refused(14))?;
    let mut at = 16;
    let mut second = 0;
    if bytes.get(at) == Some(&b':') {
        second = number(text, 17..19).ok_or_else(|| refused(17))?;
        at = 19;
    }
    for (value, most, part, what) in
        [(hour, 23, 11..13, "hours"), (minute, 59, 14..16, "minutes"), (second, 59, 17..19, "seconds")]
    {
        if value > most {
            return Err(Problem::at(field, part, format!("{value} is too much: {what} are 00 to {most}")));
        }
    }
    let time = Time::new(hour, minute, second, 0).map_err(|_| refused(11))?;
    let offset = parse_offset(text, at).ok_or_else(|| refused(at))?;
    Ok((date.to_datetime(time), offset))
}

/// What follows the time of day: nothing, `Z`, or an offset in hours and minutes. None if it is something else.
fn parse_offset(text: &str, at: usize) -> Option<Option<Offset>> {
    match text.get(at..)? {
        "" => Some(None),
        "Z" => Some(Some(Offset::UTC)),
        rest if rest.len() == 6 && rest.as_bytes()[3] == b':' => {
            let sign = match rest.as_bytes()[0] {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let (hours, minutes) = (number(rest, 1..3)?, number(rest, 4..6)?);
            let seconds = sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60);
            let real = hours <= 23 && minutes <= 59;
            real.then(|| Offset::from_seconds(seconds).ok().map(Some))?
        }
        _ => None,
    }
}

/// Reads a date such as `2026-12-25`, which begins at byte `at` of the field's text.
///
/// # Errors
/// A text that is no date, or a date that no calendar has; the problem is said of `field`.
pub fn parse_date(field: &'static str, text: &str, at: usize) -> Result<Date, Problem> {
    let part = at..at + text.len();
    let refused = || Problem::at(field, part.clone(), format!("{text} is no date: write it as 2026-12-25"));
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return Err(refused());
    }
    let year = number(text, 0..2).zip(number(text, 2..4)).ok_or_else(refused)?;
    let year = i16::from(year.0) * 100 + i16::from(year.1);
    let (month, day) = number(text, 5..7).zip(number(text, 8..10)).ok_or_else(refused)?;
    let first = Date::new(year, month, 1).map_err(|_| {
        Problem::at(field, at + 5..at + 7, format!("{text} is in no calendar: months are 01 to 12"))
    })?;
    Date::new(year, month, day).map_err(|_| {
        let days = first.days_in_month();
        let (month, year) = (first.strftime("%B"), first.year());
        let message = format!("{text} is in no calendar: {month} {year} has the days 01 to {days}");
        Problem::at(field, at + 8..at + 10, message)
    })
}

/// Digits as a number; None for anything else.
fn number(text: &str, part: Range<usize>) -> Option<i8> {
    let digits = text.get(part)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}
