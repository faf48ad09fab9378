//! The windows of a schedule.

use super::cron::Cron;
use super::instant::{Bound, parse_date, parse_instant};
use super::length::{LEAD_TIMES, WINDOW_LENGTHS, parse_length};
use super::{Problem, cron_text, zone};
use crate::api::CashServiceScheduledScaleSpec as Spec;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::iter;

/// A stretch of time in which a schedule is in force: start <= now < end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// The start that the spec names.
    pub scheduled: Timestamp,
    /// `scheduled` less the lead time.
    pub start: Timestamp,
    /// The first instant that is no longer in it.
    pub end: Timestamp,
}

/// The windows of a schedule; small, and read once from its spec.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    lead: Option<SignedDuration>,
    times: Times,
}

#[derive(Clone, Debug)]
enum Times {
    Once { scheduled: Timestamp, end: Timestamp },
    Again { cron: Box<Cron>, length: SignedDuration },
}

impl Calendar {
    /// Reads the times of a spec, whatever time it is now.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn new(spec: &Spec) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let zone = spec
            .time_zone
            .as_deref()
            .map_or(Ok(TimeZone::UTC), |name| zone::parse_zone("spec.timeZone", name));
        let zone = zone.map_err(|problem| problems.push(problem)).ok();
        let lead = match spec.lead_time.as_deref() {
            Some(_) if spec.leads_by_itself() => Ok(None),
            Some(text) => parse_length("spec.leadTime", text, LEAD_TIMES).map(Some),
            None => Ok(Some(SignedDuration::ZERO)),
        };
        let lead = lead.map_err(|problem| problems.push(problem)).ok();
        let times = times(spec, zone.as_ref(), &mut problems);
        match (zone, lead, times) {
            (Some(zone), Some(lead), Some(times)) if problems.is_empty() => Ok(Self { zone, lead, times }),
            _ => Err(problems),
        }
    }

    /// By how much its windows begin earlier; None for `auto`: then the caller says.
    pub fn lead(&self) -> Option<SignedDuration> {
        self.lead
    }

    /// The zone on whose clocks its times are.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The window that is in force; of several of one cron the one that started last.
    pub fn active(&self, now: Timestamp, lead: SignedDuration) -> Option<Window> {
        let lead = lead.max(SignedDuration::ZERO);
        let scheduled = match &self.times {
            Times::Once { scheduled, .. } => *scheduled,
            Times::Again { cron, length } => {
                cron.last(&self.zone, earlier(now, *length), later(now, lead))?
            }
        };
        Some(self.window(scheduled, lead)).filter(|window| window.start <= now && now < window.end)
    }

    /// The windows that start after `now`, in their order.
    pub fn upcoming(&self, now: Timestamp, lead: SignedDuration) -> impl Iterator<Item = Window> + '_ {
        let lead = lead.max(SignedDuration::ZERO);
        let mut after = later(now, lead);
        iter::from_fn(move || {
            after = self.next(after)?;
            Some(self.window(after, lead))
        })
    }

    /// The first instant after `now` at which [`Calendar::active`] may give another answer; None if it never will.
    pub fn next_change(&self, now: Timestamp, lead: SignedDuration) -> Option<Timestamp> {
        let start = self.upcoming(now, lead).next().map(|window| window.start);
        let end = self.active(now, lead).map(|window| window.end);
        start.into_iter().chain(end).min()
    }

    /// The windows that started after `after` and ended not after `until`: the newest `most` of them, the oldest first.
    pub fn ended(
        &self,
        after: Timestamp,
        until: Timestamp,
        lead: SignedDuration,
        most: usize,
    ) -> Vec<Window> {
        let lead = lead.max(SignedDuration::ZERO);
        let mut windows: Vec<Window> = match &self.times {
            Times::Once { scheduled, .. } => vec![self.window(*scheduled, lead)],
            Times::Again { cron, length } => {
                let (from, to) = (later(after, lead), earlier(until, *length));
                let before =
                    |at: Timestamp| cron.last(&self.zone, from, earlier(at, SignedDuration::from_secs(1)));
                let newest = cron.last(&self.zone, from, to);
                iter::successors(newest, |at| before(*at))
                    .take(most)
                    .map(|at| self.window(at, lead))
                    .collect()
            }
        };
        windows.retain(|window| window.start > after && window.end <= until);
        windows.truncate(most);
        windows.reverse();
        windows
    }

    /// Whether all windows lie in the past.
    pub fn is_over(&self, now: Timestamp) -> bool {
        match &self.times {
            Times::Once { end, .. } => *end <= now,
            Times::Again { cron, length } => cron.next(&self.zone, earlier(now, *length)).is_none(),
        }
    }

    /// Whether there is one window, and no other ever.
    pub fn is_once(&self) -> bool {
        matches!(self.times, Times::Once { .. })
    }

    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.times {
            Times::Once { scheduled, .. } => Some(*scheduled).filter(|scheduled| *scheduled > after),
            Times::Again { cron, .. } => cron.next(&self.zone, after),
        }
    }

    fn window(&self, scheduled: Timestamp, lead: SignedDuration) -> Window {
        let end = match &self.times {
            Times::Once { end, .. } => *end,
            Times::Again { length, .. } => later(scheduled, *length),
        };
        Window { scheduled, start: earlier(scheduled, lead), end }
    }
}

/// What speaks against creating a schedule now: its only window is over.
pub fn in_the_past(spec: &Spec, calendar: &Calendar, now: Timestamp) -> Option<Problem> {
    let Times::Once { end, .. } = calendar.times else { return None };
    let at = spec.at.as_deref().unwrap_or_default();
    let shown = end.to_zoned(calendar.zone.clone()).strftime("%Y-%m-%d %H:%M %Z");
    let message = format!("the window that begins {at} was over at {shown}, and is the only one");
    calendar.is_over(now).then(|| Problem::new("spec.at", message))
}

/// The times of a spec; without its zone, only for what is wrong with them.
fn times(spec: &Spec, zone: Option<&TimeZone>, problems: &mut Vec<Problem>) -> Option<Times> {
    let length = spec.duration.as_deref().map(|text| parse_length("spec.duration", text, WINDOW_LENGTHS));
    let length = length.transpose().map_err(|problem| problems.push(problem)).ok();
    let excluded = excluded(spec, problems);
    match (&spec.at, &spec.cron) {
        (Some(at), None) => once(spec, at, length, zone, problems),
        (None, Some(text)) => {
            let cron = cron_text::parse("spec.cron", text, excluded);
            let cron = cron.map_err(|found| problems.extend(found)).ok();
            if spec.until.is_some() || spec.duration.is_none() {
                problems.push(Problem::new("spec.duration", "a cron has a duration, and no until"));
            }
            Some(Times::Again { cron: Box::new(cron?), length: length?? })
        }
        _ => {
            let message = "a schedule has exactly one of at (once) and cron (again and again)";
            problems.push(Problem::new("spec.at", message));
            None
        }
    }
}

fn once(
    spec: &Spec,
    at: &str,
    length: Option<Option<SignedDuration>>,
    zone: Option<&TimeZone>,
    problems: &mut Vec<Problem>,
) -> Option<Times> {
    let clocks = zone.cloned().unwrap_or(TimeZone::UTC);
    let scheduled = parse_instant("spec.at", at, &clocks, Bound::Start);
    let scheduled = scheduled.map_err(|problem| problems.push(problem)).ok();
    if spec.duration.is_some() == spec.until.is_some() {
        let message =
            "a schedule has exactly one of duration and until: how long its window is, or when it ends";
        problems.push(Problem::new("spec.duration", message));
    }
    let until = spec.until.as_deref().map(|text| parse_instant("spec.until", text, &clocks, Bound::End));
    let until = until.transpose().map_err(|problem| problems.push(problem)).ok()?;
    let (scheduled, length) = (scheduled?, length?);
    let end = until.or_else(|| length.and_then(|length| scheduled.checked_add(length).ok()));
    // Without the zone, what one of two times means is not known.
    zone?;
    match end {
        Some(end) if end > scheduled => Some(Times::Once { scheduled, end }),
        Some(_) => {
            problems.push(Problem::new("spec.until", format!("until must be later than at, which is {at}")));
            None
        }
        None if length.is_some() => {
            problems.push(Problem::new(
                "spec.at",
                format!("{at} is too far away: the calendar ends with the year 9999"),
            ));
            None
        }
        None => None,
    }
}

fn excluded(spec: &Spec, problems: &mut Vec<Problem>) -> Vec<Date> {
    if spec.cron.is_none() && !spec.exclude_dates.is_empty() {
        problems.push(Problem::new("spec.excludeDates", "excludeDates belongs to cron"));
    }
    let dates = spec.exclude_dates.iter().map(|text| parse_date("spec.excludeDates", text, 0));
    // The field is a list: the message says which entry, and there is no one text to mark.
    dates
        .filter_map(|date| date.map_err(|problem| problems.push(Problem { part: None, ..problem })).ok())
        .collect()
}

/// Later, and not later than time goes.
fn later(at: Timestamp, length: SignedDuration) -> Timestamp {
    at.checked_add(length).unwrap_or(Timestamp::MAX)
}

/// Earlier, and not earlier than time goes.
fn earlier(at: Timestamp, length: SignedDuration) -> Timestamp {
    at.checked_sub(length).unwrap_or(Timestamp::MIN)
}
