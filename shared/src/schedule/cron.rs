//! When a cron fires.
//!
//! Days and times are searched on the calendar, which is cheap however far away they are, and only what is found is looked up in
//! the zone. Both kinds of cron fire at whole seconds, in the order of time.

use super::days::Days;
use super::instant::{jump, offsets_of};
use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// A cron in few bytes.
#[derive(Clone, Debug)]
pub(super) struct Cron {
    /// Bit 0 is minute 0.
    pub(super) minutes: u64,
    /// Bit 0 is midnight.
    pub(super) hours: u32,
    pub(super) days: Days,
    /// Whether minute and hour are plain numbers.
    pub(super) fixed: bool,
}

/// What a zone makes of a wall time.
enum Seen {
    Once(Timestamp),
    /// Clocks jump over it at `jump`, to the wall time `to`.
    Never {
        jump: Timestamp,
        to: DateTime,
    },
    /// Before and after clocks are put back at `turn`.
    Twice {
        first: Timestamp,
        second: Timestamp,
        turn: Turn,
    },
}

/// Clocks are put back.
struct Turn {
    at: Timestamp,
    /// What they showed.
    from: DateTime,
    /// What they show then.
    to: DateTime,
}

impl Turn {
    /// The one that repeats what clocks with the offset `before` show at `first`.
    fn after(first: Timestamp, zone: &TimeZone, before: Offset, after: Offset) -> Option<Self> {
        let at = zone.following(first).next()?.timestamp();
        Some(Self { at, from: before.to_datetime(at), to: after.to_datetime(at) })
    }
}

fn seen(wall: DateTime, zone: &TimeZone) -> Option<Seen> {
    Some(match offsets_of(wall, zone) {
        AmbiguousOffset::Unambiguous { offset } => Seen::Once(offset.to_timestamp(wall).ok()?),
        AmbiguousOffset::Gap { after, .. } => {
            let jump = jump(wall, zone, after)?;
            Seen::Never { jump, to: after.to_datetime(jump) }
        }
        AmbiguousOffset::Fold { before, after } => {
            let (first, second) = (before.to_timestamp(wall).ok()?, after.to_timestamp(wall).ok()?);
            Seen::Twice { first, second, turn: Turn::after(first, zone, before, after)? }
        }
    })
}

impl Cron {
    /// The first time after `after` that it fires; None when the calendar ends first.
    pub(super) fn next(&self, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
        let offset = zone.to_offset(after);
        let shown = offset.to_datetime(after);
        let wall = whole_minute_after(shown)?;
        if self.fixed {
            return self.next_named(zone, wall, after);
        }
        let next = self.next_shown(zone, wall, after);
        let again = self.next_again(zone, shown, offset, after);
        [next, again].into_iter().flatten().min()
    }

    /// Of a fixed cron: the first instant after `after` of the wall times that are not before `wall`.
    fn next_named(&self, zone: &TimeZone, mut wall: DateTime, after: Timestamp) -> Option<Timestamp> {
        loop {
            wall = self.wall_on_or_after(wall)?;
            // What has been dealt with before a jump or turn is passed over as a whole.
            wall = match seen(wall, zone)? {
                Seen::Once(at) | Seen::Twice { first: at, .. } | Seen::Never { jump: at, .. }
                    if at > after =>
                {
                    return Some(at);
                }
                Seen::Twice { turn, .. } => turn.from,
                Seen::Never { to, .. } => to,
                Seen::Once(_) => whole_minute_after(wall)?,
            };
        }
    }

    /// Of any other: the first instant after `after` at which clocks show one of the wall times that are not before `wall`.
    fn next_shown(&self, zone: &TimeZone, mut wall: DateTime, after: Timestamp) -> Option<Timestamp> {
        loop {
            wall = self.wall_on_or_after(wall)?;
            wall = match seen(wall, zone)? {
                Seen::Once(at) | Seen::Twice { first: at, .. } | Seen::Twice { second: at, .. }
                    if at > after =>
                {
                    return Some(at);
                }
                Seen::Never { to, .. } => to,
                Seen::Twice { turn, .. } => turn.from,
                Seen::Once(_) => whole_minute_after(wall)?,
            };
        }
    }

    /// If clocks, which show `shown`, will soon be put back to before that: what they show then.
    fn next_again(
        &self,
        zone: &TimeZone,
        shown: DateTime,
        offset: Offset,
        after: Timestamp,
    ) -> Option<Timestamp> {
        match offsets_of(shown, zone) {
            AmbiguousOffset::Fold { before, after: then } if before == offset => {
                let turn = Turn::after(after, zone, before, then)?;
                self.next_shown(zone, turn.to, turn.at.checked_sub(1.second()).ok()?)
            }
            _ => None,
        }
    }

    /// The last time after `after` and not after `until` that it fired.
    pub(super) fn last(&self, zone: &TimeZone, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let (bottom, top) = (whole_second(after), whole_second(until));
        let next = |second: i64| {
            let at = self.next(zone, Timestamp::from_second(second).ok()?)?.as_second();
            (at <= top).then_some(at)
        };
        // Farther and farther back until there is one, then nearer and nearer to the last one.
        let (mut back, mut none_after) = (120, top);
        let mut found = loop {
            let from = (top - back).max(bottom);
            match next(from) {
                Some(at) => break at,
                None if from == bottom => return None,
                None => (none_after, back) = (from, back * 4),
            }
        };
        while let Some(later) = next(found) {
            found = later;
            let middle = found + (none_after - found) / 2;
            match next(middle) {
                Some(later) => found = later,
                None => none_after = middle,
            }
        }
        Timestamp::from_second(found).ok()
    }

    fn wall_on_or_after(&self, wall: DateTime) -> Option<DateTime> {
        let date = self.days.on_or_after(wall.date())?;
        if date == wall.date() {
            if let Some(time) = self.time_on_or_after(wall.time()) {
                return Some(date.to_datetime(time));
            }
            let date = self.days.on_or_after(wall.date().tomorrow().ok()?)?;
            return Some(date.to_datetime(self.first_time()?));
        }
        Some(date.to_datetime(self.first_time()?))
    }

    fn first_time(&self) -> Option<Time> {
        time(self.hours.trailing_zeros(), self.minutes.trailing_zeros())
    }

    fn time_on_or_after(&self, from: Time) -> Option<Time> {
        // Wall times after a jump or turn need not be whole minutes: in the 19th century no zone's offset was.
        let (hour, mut minute) = (from.hour(), u32::from(from.minute().unsigned_abs()));
        minute += u32::from(from.second() != 0 || from.subsec_nanosecond() != 0);
        let minutes = self.minutes.checked_shr(minute).map_or(0, |left| left << minute);
        if self.hours & 1 << hour != 0 && minutes != 0 {
            return time(u32::from(hour.unsigned_abs()), minutes.trailing_zeros());
        }
        let hours = self.hours & (u32::MAX << hour << 1);
        (hours != 0).then(|| time(hours.trailing_zeros(), self.minutes.trailing_zeros()))?
    }
}

fn time(hour: u32, minute: u32) -> Option<Time> {
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

fn whole_minute_after(wall: DateTime) -> Option<DateTime> {
    let time = wall.time();
    let minute = wall.date().at(time.hour(), time.minute(), 0, 0);
    minute.checked_add(1.minute()).ok()
}

fn whole_second(at: Timestamp) -> i64 {
    at.as_second() - i64::from(at.subsec_nanosecond() < 0)
}
