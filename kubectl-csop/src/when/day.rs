//! Days as people name them.

use jiff::civil::Weekday;

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// A day as people name it.
pub(super) enum Day {
    /// So many days after today.
    After(i64),
    /// The next one of these.
    Next(Weekday),
}

impl Day {
    /// Reads it, in lower case.
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "today" => return Some(Self::After(0)),
            "tomorrow" => return Some(Self::After(1)),
            _ => {}
        }
        // At least three letters tell all of them apart.
        let at = WEEKDAYS.iter().position(|day| word.len() >= 3 && day.starts_with(word))?;
        Weekday::from_sunday_zero_offset(i8::try_from(at).ok()?).ok().map(Self::Next)
    }
}

/// The day that was meant by a word with a slip: a letter too many, too few, another one, or two in the wrong order.
pub(super) fn nearest(word: &str) -> Option<&'static str> {
    let days = || WEEKDAYS.iter().copied().chain(["today", "tomorrow"]);
    days().filter(|day| word.len() > 3 && is_slip(day, word)).min_by_key(|day| day.len().abs_diff(word.len()))
}

fn is_slip(day: &str, word: &str) -> bool {
    let sorted = |text: &str| {
        let mut letters: Vec<_> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let same = day.bytes().zip(word.bytes()).take_while(|(one, other)| one == other).count();
    let end = day.bytes().rev().zip(word.bytes().rev()).take_while(|(one, other)| one == other).count();
    sorted(day) == sorted(word) || same + end + 1 >= day.len().max(word.len())
}
