//! Numbers and names of a scaler, as people read them.

use csop_shared::scale::{Name, Number, Origin};
use jiff::SignedDuration;
use std::time::Duration;

/// Digits that a value keeps after its first; whole digits are never cut.
const DIGITS: i32 = 5;

/// A value for showing: at most five significant digits behind the point.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let whole = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 + 1 };
    let places = usize::try_from((DIGITS - whole).clamp(0, 12)).unwrap_or(0);
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// An exact number, as it is while that is short.
pub fn exact(value: Number) -> String {
    const LONG: usize = 10;
    let text = value.to_string();
    if text.len() <= LONG { text } else { short(value.to_f64()) }
}

/// An amount of money, with two decimals at least.
pub fn money(value: Number) -> String {
    let text = exact(value);
    match text.split_once('.') {
        None if text.contains('e') => text,
        None => format!("{text}.00"),
        Some((_, cents)) if cents.len() == 1 => format!("{text}0"),
        Some(_) => text,
    }
}

/// How long, as ages are printed.
pub fn lasting(duration: SignedDuration) -> String {
    crate::duration::text(Duration::try_from(duration).unwrap_or_default())
}

/// A time span of the spec, in seconds as it is written there.
pub fn seconds(duration: SignedDuration) -> String {
    format!("{}s", duration.as_secs())
}

/// Whose limit it is.
pub fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Min => "minReplicas".to_owned(),
        Origin::Max => "maxReplicas".to_owned(),
        Origin::Budget => "what the budget pays for".to_owned(),
        Origin::Schedule(name) => format!("schedule \"{name}\""),
    }
}

/// `1 pod`, `2 pods`.
pub fn pods(count: i32) -> String {
    if count == 1 { "1 pod".to_owned() } else { format!("{count} pods") }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list<'a>(names: impl Iterator<Item = &'a Name>) -> String {
    let names: Vec<_> = names.map(ToString::to_string).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

/// A sentence that begins with a capital letter.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `is` for one, `are` for several.
pub fn is_or_are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_and_keep_what_matters() {
        for (value, text) in [
            (1850.0, "1850"),
            (1850.1234, "1850.1"),
            (0.731_234, "0.73123"),
            (0.0004, "0.0004"),
            (123_456_789.5, "123456790"),
            (0.0, "0"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn money_has_cents() {
        for (number, text) in [("5", "5.00"), ("0.4", "0.40"), ("0.137", "0.137")] {
            assert_eq!(money(Number::parse(number).unwrap()), text);
        }
    }
}
