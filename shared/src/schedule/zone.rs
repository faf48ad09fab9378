//! Time zones by name, and what was meant by a name that there is not.

use super::Problem;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// How alike two names must be for one to be taken for a slip of the other: 1 is equal.
const ALIKE: f64 = 0.75;

/// Abbreviations that the database does not have as names, and a zone whose clocks are called so.
const ABBREVIATIONS: [(&str, &str); 30] = [
    ("ACST", "Australia/Adelaide"),
    ("ADT", "America/Halifax"),
    ("AEDT", "Australia/Sydney"),
    ("AEST", "Australia/Sydney"),
    ("AKDT", "America/Anchorage"),
    ("AKST", "America/Anchorage"),
    ("ART", "America/Argentina/Buenos_Aires"),
    ("AST", "America/Halifax"),
    ("AWST", "Australia/Perth"),
    ("BRT", "America/Sao_Paulo"),
    ("BST", "Europe/London"),
    ("CAT", "Africa/Maputo"),
    ("CDT", "America/Chicago"),
    ("CEST", "Europe/Berlin"),
    ("CST", "America/Chicago"),
    ("EAT", "Africa/Nairobi"),
    ("EDT", "America/New_York"),
    ("EEST", "Europe/Athens"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("KST", "Asia/Seoul"),
    ("MDT", "America/Denver"),
    ("MSK", "Europe/Moscow"),
    ("NZDT", "Pacific/Auckland"),
    ("NZST", "Pacific/Auckland"),
    ("PDT", "America/Los_Angeles"),
    ("PST", "America/Los_Angeles"),
    ("SAST", "Africa/Johannesburg"),
    ("SGT", "Asia/Singapore"),
    ("WAT", "Africa/Lagos"),
];

/// The time zone of a name of the tz database, in upper or lower case.
///
/// # Errors
/// A name that the database does not have, with the one that was probably meant; the problem is said of `field`.
pub fn parse_zone(field: &'static str, name: &str) -> Result<TimeZone, Problem> {
    let database = TimeZoneDatabase::bundled();
    if let Some(zone) = database.get(name).ok().filter(|zone| !zone.is_unknown()) {
        return Ok(zone);
    }
    let refused = |hint: String| Err(Problem::new(field, format!("no time zone is called \"{name}\"{hint}")));
    if let Some((_, zone)) = ABBREVIATIONS.iter().find(|(short, _)| short.eq_ignore_ascii_case(name)) {
        return refused(format!(": it is an abbreviation; write {zone} if you mean its clocks"));
    }
    if let Some(hours) = hours_from_utc(name) {
        // The sign is POSIX's: hours west of Greenwich.
        let zone = format!("Etc/GMT{}{}", if hours < 0 { '+' } else { '-' }, hours.abs());
        if database.get(&zone).is_ok() {
            return refused(format!(": write {zone} (there the sign is the other way round), or a place"));
        }
    }
    refused(match nearest(&database, name) {
        Some(meant) => format!(": did you mean {meant}?"),
        None => {
            ": write a name of the tz database, such as UTC, Europe/London or America/New_York".to_owned()
        }
    })
}

/// `UTC+2`, `GMT-05:00` or `+02:00` as hours; None for anything else, and for parts of hours.
fn hours_from_utc(name: &str) -> Option<i8> {
    let name = name.to_ascii_uppercase();
    let number = name.trim_start_matches("UTC").trim_start_matches("GMT");
    let number = number.strip_suffix(":00").unwrap_or(number);
    number.starts_with(['+', '-']).then(|| number.parse().ok())?
}

/// The name that is most alike, as a whole or by its city alone.
fn nearest(database: &TimeZoneDatabase, name: &str) -> Option<String> {
    let wanted = letters(name);
    let alike = |zone: &str| {
        let city = zone.rsplit('/').next().unwrap_or(zone);
        let by_city = strsim::normalized_damerau_levenshtein(&letters(city), &wanted);
        // Of two that are as alike, the whole name rather than a city.
        strsim::normalized_damerau_levenshtein(&letters(zone), &wanted).max(by_city - 0.01)
    };
    if wanted.is_empty() || wanted.len() > 64 {
        return None;
    }
    let names = database.available().map(|zone| zone.as_str().to_owned());
    let best = names.map(|zone| (alike(&zone), zone)).max_by(|a, b| {
        let alike = a.0.total_cmp(&b.0);
        // Names with a region are what is maintained: `America/Jamaica` rather than `Jamaica`.
        alike.then_with(|| a.1.contains('/').cmp(&b.1.contains('/')))
    });
    best.filter(|(alike, _)| *alike >= ALIKE).map(|(_, zone)| zone)
}

fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
