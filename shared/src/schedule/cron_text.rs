//! The five fields of a cron, and in words what is wrong with them.
//!
//! croner knows the days of `L`, `W` and `#`. What may be written is checked here, since its messages do not say of which field they
//! are, and it takes more than the API does.

use super::Problem;
use super::cron::Cron;
use super::days::{Days, Table};
use croner::CronPattern;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::Date;
use std::ops::Range;

/// What may be written in one of the fields.
struct Field {
    name: &'static str,
    least: u8,
    most: u8,
    names: &'static [&'static str],
    says: &'static str,
}

const FIELDS: [Field; 5] = [
    Field {
        name: "the minute",
        least: 0,
        most: 59,
        names: &[],
        says: "0 to 59, as in 0, 0,30, 10-20 or */15",
    },
    Field { name: "the hour", least: 0, most: 23, names: &[], says: "0 to 23, as in 9, 9,17, 9-17 or */2" },
    Field {
        name: "the day of the month",
        least: 1,
        most: 31,
        names: &[],
        says: "1 to 31, as in 1, 1,15 or */2, L for the last one, LW for the last weekday, or 15W for the weekday nearest to the 15th",
    },
    Field {
        name: "the month",
        least: 1,
        most: 12,
        names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
        says: "1 to 12 or JAN to DEC",
    },
    Field {
        name: "the day of the week",
        least: 0,
        most: 7,
        names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        says: "0 to 7 or SUN to SAT (0 and 7 are Sunday), as in MON-FRI, 5L for the last Friday of the month, or 1#2 for its second Monday",
    },
];
const DAY: usize = 2;
const MONTH: usize = 3;
const WEEKDAY: usize = 4;

/// What stands for a cron elsewhere.
const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * SUN"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Reads minute, hour, day of the month, month and day of the week. Where both days are something else than `*` or `?`, either will
/// do. Nothing starts on the dates that are `excluded`.
///
/// # Errors
/// Everything that is wrong with the fields, or that they name no day of any year.
pub(super) fn parse(field: &'static str, text: &str, excluded: Vec<Date>) -> Result<Cron, Vec<Problem>> {
    let parts = parts(field, text).map_err(|problem| vec![problem])?;
    let problems: Vec<_> =
        FIELDS.iter().zip(&parts).flat_map(|(rules, part)| rules.check(field, text, part)).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let unread = || vec![Problem::new(field, "this is no cron: write five fields, such as 0 9 * * MON-FRI")];
    let fields = parts.clone().map(|part| &text[part]);
    let pattern = pattern(text).ok_or_else(unread)?;
    let bits = |values: Vec<u16>| values.into_iter().fold(0_u64, |mask, value| mask | 1 << value);
    let months = u16::try_from(bits(pattern.months.values())).map_err(|_| unread())?;
    let table = days(fields[DAY], fields[WEEKDAY]).ok_or_else(unread)?;
    let never = || {
        let message = format!("no year has a day that this names: {}", lengths(&pattern));
        vec![Problem::at(field, parts[DAY].start..parts[MONTH].end, message)]
    };
    Ok(Cron {
        minutes: bits(pattern.minutes.values()),
        hours: u32::try_from(bits(pattern.hours.values())).map_err(|_| unread())?,
        days: Days::new(table, months, excluded).ok_or_else(never)?,
        fixed: fields[..DAY].iter().all(|field| field.bytes().all(|b| b.is_ascii_digit() || b == b',')),
    })
}

/// Where the five fields are.
fn parts(field: &'static str, text: &str) -> Result<[Range<usize>; 5], Problem> {
    if let Some((_, cron)) = NICKNAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim())) {
        return Err(Problem::new(
            field,
            format!("names such as {} are not known here: write {cron}", text.trim()),
        ));
    }
    let start = |part: &str| part.as_ptr().addr() - text.as_ptr().addr();
    let found: Vec<_> =
        text.split_ascii_whitespace().map(|part| start(part)..start(part) + part.len()).collect();
    found.try_into().map_err(|found: Vec<_>| {
        let message = "cron has five fields: minute, hour, day of the month, month, day of the week, such as 0 9 * * MON-FRI";
        let seconds = if found.len() == 6 { " (none for seconds or years)" } else { "" };
        Problem::new(field, format!("{message}{seconds}; this has {}", found.len()))
    })
}

fn pattern(text: &str) -> Option<CronPattern> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    Some(parser.parse(text).ok()?.pattern)
}

/// The days of two fields. Each part of a list is read by itself, since croner forgets `L` next to `LW`.
fn days(day: &str, weekday: &str) -> Option<Table> {
    let free = |field: &str| field == "*" || field == "?";
    let of = |text: String| Some(Table::of(&pattern(&text)?));
    if free(day) && free(weekday) {
        return of("* * * * *".to_owned());
    }
    let days = day.split(',').filter(|_| !free(day)).map(|part| format!("* * {part} * *"));
    let weekdays = weekday.split(',').filter(|_| !free(weekday)).map(|part| format!("* * * * {part}"));
    days.chain(weekdays).try_fold(Table::NONE, |table, text| Some(table.or(of(text)?)))
}

/// How long the months of a pattern are.
fn lengths(pattern: &CronPattern) -> String {
    let months = pattern.months.values().into_iter().map(|month| match month {
        2 => "February has 28 or 29 days".to_owned(),
        _ => {
            let first = i8::try_from(month).ok().and_then(|month| Date::new(2026, month, 1).ok());
            first.map_or_else(String::new, |first| {
                format!("{} has {} days", first.strftime("%B"), first.days_in_month())
            })
        }
    });
    months.collect::<Vec<_>>().join(", ")
}

impl Field {
    fn check(&self, field: &'static str, text: &str, part: &Range<usize>) -> Option<Problem> {
        let mut at = part.start;
        for item in text[part.clone()].split(',') {
            let here = at..at + item.len();
            if let Err(why) = self.check_item(item, item.len() == part.len()) {
                let whole = if item.is_empty() { part.clone() } else { here };
                return Some(Problem::at(field, whole, why));
            }
            at = here.end + 1;
        }
        None
    }

    /// One part of a list, or all of the field if it is `alone`.
    fn check_item(&self, item: &str, alone: bool) -> Result<(), String> {
        let unknown = || format!("{item:?} is not {}: {}", self.name, self.says);
        let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
        let days = self.most == 31 || self.most == 7;
        if range == "*" || (range == "?" && days) {
            if !alone && step.is_none() {
                return Err(format!("{range} is every value: in {} it stands alone", self.name));
            }
            return step.map_or(Ok(()), |step| self.check_step(step));
        }
        if step.is_none() && self.is_special(range) {
            return Ok(());
        }
        let (first, last) = range.split_once('-').map_or((range, None), |(first, last)| (first, Some(last)));
        let from = self.value(first).ok_or_else(unknown)?;
        let Some(last) = last else {
            return match step {
                None => Ok(()),
                Some(step) => {
                    Err(format!("a step needs a range: write {first}-{}/{step} for {}", self.most, self.name))
                }
            };
        };
        let mut to = self.value(last).ok_or_else(unknown)?;
        // Sunday ends a week that it does not begin.
        if self.most == 7 && last.eq_ignore_ascii_case("SUN") {
            to = 7;
        }
        if from > to {
            let most = if self.most == 7 { 6 } else { self.most };
            return Err(format!(
                "{range} runs backwards in {}: write {first}-{most},{}-{last}",
                self.name, self.least
            ));
        }
        step.map_or(Ok(()), |step| self.check_step(step))
    }

    fn check_step(&self, step: &str) -> Result<(), String> {
        match digits(step) {
            Some(1..) => Ok(()),
            _ => Err(format!("a step is a number from 1: \"/{step}\" is none, in {}", self.name)),
        }
    }

    /// `L`, `LW`, `15W`, `5L`, `1#2`.
    fn is_special(&self, item: &str) -> bool {
        let item = item.to_ascii_uppercase();
        match self.most {
            31 => {
                let weekday = item.strip_suffix('W');
                item == "L" || weekday.is_some_and(|day| day == "L" || self.value(day).is_some())
            }
            7 => {
                let last = item.strip_suffix('L').map(|day| day.trim_end_matches('#'));
                let numbered =
                    item.split_once('#').filter(|(_, number)| matches!(digits(number), Some(1..=5)));
                last.or(numbered.map(|(day, _)| day)).is_some_and(|day| self.value(day).is_some())
            }
            _ => false,
        }
    }

    fn value(&self, text: &str) -> Option<u8> {
        let name = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let named = name.and_then(|at| u8::try_from(at).ok()).map(|at| at + self.least);
        named.or_else(|| digits(text)).filter(|value| (self.least..=self.most).contains(value))
    }
}

/// One or two digits as a number.
fn digits(text: &str) -> Option<u8> {
    let number = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    number.then(|| text.parse().ok())?
}
