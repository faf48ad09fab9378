//! The days that a cron names, in few bytes, and the search for the next one.

use croner::{CronPattern, Weekday};
use jiff::civil::Date;

/// Months differ in their length (28 to 31 days) and in the day of the week that they begin with, and in nothing else that a cron
/// can name.
const KINDS: usize = 4 * 7;
/// Every kind of month is in any 28 years without a skipped leap day.
const ALL_KINDS_YEARS: std::ops::Range<i16> = 1972..2000;

/// For each kind of month, its days as bits: bit 1 is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Table([u32; KINDS]);

impl Table {
    pub(super) const NONE: Self = Self([0; KINDS]);

    /// The days of a pattern, whatever months it names.
    pub(super) fn of(pattern: &CronPattern) -> Self {
        let mut table = [None; KINDS];
        for first in ALL_KINDS_YEARS.flat_map(first_days) {
            table[kind_of(first)].get_or_insert_with(|| days_of_month(pattern, first));
        }
        Self(table.map(Option::unwrap_or_default))
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|kind| self.0[kind] | other.0[kind]))
    }
}

fn first_days(year: i16) -> impl Iterator<Item = Date> {
    (1..=12).map(move |month| Date::constant(year, month, 1))
}

fn kind_of(first: Date) -> usize {
    let weekday = first.weekday().to_sunday_zero_offset();
    usize::from((first.days_in_month() - 28).unsigned_abs()) * 7 + usize::from(weekday.unsigned_abs())
}

fn days_of_month(pattern: &CronPattern, first: Date) -> u32 {
    let begins = u32::from(first.weekday().to_sunday_zero_offset().unsigned_abs());
    let (year, month) = (i32::from(first.year()), u32::from(first.month().unsigned_abs()));
    let days = 1..=u32::from(first.days_in_month().unsigned_abs());
    days.filter(|day| {
        let weekday = Weekday::from_days_from_sunday(begins + day - 1);
        pattern.day_match(year, month, *day, weekday).unwrap_or(false)
    })
    .fold(0, |mask, day| mask | 1 << day)
}

/// The days of a cron.
#[derive(Clone, Debug)]
pub(super) struct Days {
    table: Table,
    /// Bit 1 is January.
    months: u16,
    /// Sorted.
    excluded: Box<[Date]>,
}

impl Days {
    /// None if no year has such a day.
    pub(super) fn new(table: Table, months: u16, mut excluded: Vec<Date>) -> Option<Self> {
        let comes = ALL_KINDS_YEARS
            .flat_map(first_days)
            .any(|first| months & 1 << first.month() != 0 && table.0[kind_of(first)] != 0);
        excluded.sort_unstable();
        excluded.dedup();
        comes.then(|| Self { table, months, excluded: excluded.into() })
    }

    /// The first of these days that is not before `date`; None when the calendar ends first.
    pub(super) fn on_or_after(&self, date: Date) -> Option<Date> {
        let mut first = date.first_of_month();
        let mut left = u32::MAX << date.day();
        loop {
            if self.months & 1 << first.month() != 0 {
                let mut days = self.table.0[kind_of(first)] & left;
                while days != 0 {
                    let day = i8::try_from(days.trailing_zeros()).ok()?;
                    let found = Date::new(first.year(), first.month(), day).ok()?;
                    if self.excluded.binary_search(&found).is_err() {
                        return Some(found);
                    }
                    days &= days - 1;
                }
            }
            left = u32::MAX;
            first = self.month_after(first)?;
        }
    }

    /// The first day of the next month that is named.
    fn month_after(&self, first: Date) -> Option<Date> {
        let later = u32::from(self.months) & (u32::MAX << first.month() << 1);
        let (year, month) = match later {
            0 => (first.year() + 1, self.months.trailing_zeros()),
            _ => (first.year(), later.trailing_zeros()),
        };
        Date::new(year, i8::try_from(month).ok()?, 1).ok()
    }
}
