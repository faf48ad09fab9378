//! Names of schedules that nobody has named.

use csop_shared::names;
use csop_shared::schedule::Calendar;

/// Letters and digits that are not taken for one another, and form no words.
const CHARACTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
const TAIL: usize = 4;

/// Four characters by chance.
pub fn tail() -> String {
    let mut bytes = [0; TAIL];
    // Without chance two schedules of one start cannot have names by default; the API server says so then.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| char::from(CHARACTERS[usize::from(*byte) % CHARACTERS.len()])).collect()
}

/// `shop-20261127-0800-x7k2`, with the start on the clocks of its zone; `shop-cron-x7k2` for one without an only start.
pub fn of(target: &str, calendar: &Calendar, tail: &str) -> String {
    let start = calendar.only().map(|window| {
        let start = window.scheduled.to_zoned(calendar.zone().clone());
        start.strftime("%Y%m%d-%H%M").to_string()
    });
    names::child(target, &format!("{}-{tail}", start.as_deref().unwrap_or("cron")))
}

/// Whether an object may have this name.
///
/// # Errors
/// What is wrong with it.
pub fn check(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let is_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let why = if name.is_empty() {
        "must not be empty".to_owned()
    } else if name.len() > 253 {
        "has more than 253 characters".to_owned()
    } else if let Some(bad) = name.chars().find(|c| !fits(*c)) {
        format!("has {bad:?} in it")
    } else if !name.split('.').all(|part| part.starts_with(is_end) && part.ends_with(is_end)) {
        "must begin and end with a letter or digit".to_owned()
    } else {
        return Ok(());
    };
    Err(format!("{name:?} {why}; a name has lower-case letters, digits, dashes and dots"))
}
