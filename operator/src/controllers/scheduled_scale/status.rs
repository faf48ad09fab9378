//! The status of a schedule: where it is between its windows, and what it must find again after a restart.

use csop_shared::api::cash_service_scheduled_scale::{
    ActiveWindow, HISTORY_KEPT, HistoryEntry, HistoryOutcome, OCCURRENCES_SHOWN, Phase, ScheduleTargetKind,
    ScheduledWindow,
};
use csop_shared::api::{CashServiceScheduledScale, CashServiceScheduledScaleStatus};
use csop_shared::conditions::{State, set_condition, types};
use csop_shared::reasons::schedule as reasons;
use csop_shared::schedule::{self, Calendar, Refusal, Window};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;

use super::observe::{Observed, Target};
use super::readiness::lead_of;
use crate::runtime::events::Notice;
use crate::runtime::kind::Verdict;

/// A window that is acted on later than this after its beginning counts as begun late.
const LATE: SignedDuration = SignedDuration::from_secs(5);
/// How long before a window with a measured lead time that is measured again, besides twice the lead time.
const MEASURE_AGAIN: SignedDuration = SignedDuration::from_mins(10);
/// A measured lead time that differs by less than this, or by less than a tenth, is left as it was.
const SAME_LEAD_SECONDS: i64 = 5;

type Status = CashServiceScheduledScaleStatus;

pub(super) fn status(
    obj: &CashServiceScheduledScale,
    observed: &Observed,
    now: Timestamp,
) -> Verdict<CashServiceScheduledScaleStatus> {
    let previous = obj.status.clone().unwrap_or_default();
    let mut next = Next {
        obj,
        now,
        status: Status {
            observed_generation: obj.metadata.generation,
            conditions: previous.conditions.clone(),
            target: obj.spec.target().map(|(kind, name)| format!("{kind}/{name}")),
            handled_until: previous.handled_until.clone(),
            history: previous.history.clone(),
            ..Status::default()
        },
        previous,
        events: vec![],
    };
    let alarm = next.judge(observed);
    if next.status != next.previous {
        next.status.handled_until = Some(Time(whole_seconds(now)));
    }
    Verdict { status: Some(next.status), requeue: None, alarm, events: next.events }
}

/// What is about to be the status.
struct Next<'a> {
    obj: &'a CashServiceScheduledScale,
    now: Timestamp,
    previous: Status,
    status: Status,
    events: Vec<Notice>,
}

impl Next<'_> {
    /// Says how the schedule is; gives when that changes.
    fn judge(&mut self, observed: &Observed) -> Option<Timestamp> {
        let calendar = match Calendar::new(&self.obj.spec) {
            Ok(calendar) => calendar,
            Err(problems) => {
                let message = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                self.refuse(&Refusal { reason: reasons::INVALID_TIME, message });
                return None;
            }
        };
        if let Some(refusal) = self.past(&calendar) {
            self.refuse(&refusal);
            return None;
        }
        if self.obj.spec.suspend == Some(true) {
            self.note_ended();
            self.say(
                Phase::Suspended,
                State::False,
                reasons::SUSPENDED,
                "spec.suspend is set: no window is kept",
            );
            self.set_limited(None);
            return None;
        }
        if calendar.is_over(self.now) {
            self.over(&calendar);
            return None;
        }
        if let Some(refusal) = self.refusal(observed) {
            self.refuse(&refusal);
            return None;
        }
        self.status.lead_seconds = self.lead_seconds(&calendar, observed.target.as_ref());
        let lead = self.lead(&calendar);
        self.show_windows(&calendar, lead);
        self.note_missed(&calendar, lead);
        let window = calendar.active(self.now, lead);
        match (&observed.target, &window) {
            (None, _) => self.target_missing(),
            (Some(target), Some(window)) => self.in_window(target, window),
            (Some(target), None) => self.between(target, &calendar, lead),
        }
        let change = calendar.next_change(self.now, lead);
        // What others add counts from the instant on at which it is added.
        let others = observed.target.iter().filter(|_| window.is_some()).flat_map(|target| &target.others);
        let theirs = others.filter_map(|other| {
            let calendar = Calendar::new(&other.spec).ok()?;
            calendar.next_change(self.now, schedule::lead(other, &calendar))
        });
        [change, self.measure_again(&calendar, lead), theirs.min()].into_iter().flatten().min()
    }

    /// Why the windows cannot be kept as they are asked for.
    fn refusal(&self, observed: &Observed) -> Option<Refusal> {
        let (kind, _) = self.obj.spec.target()?;
        if kind == ScheduleTargetKind::MoneyPositive {
            let message =
                "kind MoneyPositive is not installed: name a CashService or a GeneralScaler".to_owned();
            return Some(Refusal { reason: reasons::NOT_INSTALLED, message });
        }
        let target = observed.target.as_ref();
        target.and_then(|target| schedule::refusal(&self.obj.spec, target.mode))
    }

    /// Whether the only window was over before anybody could have kept it.
    fn past(&self, calendar: &Calendar) -> Option<Refusal> {
        let window = calendar.only()?;
        let known = self.status.history.iter().any(|entry| entry.scheduled_time.0 == window.scheduled);
        let edited = self.previous.observed_generation != self.obj.metadata.generation
            && self.obj.metadata.generation.unwrap_or(1) > 1;
        let made = self.obj.creation_timestamp().map(|time| time.0);
        let before = made.is_some_and(|made| window.end <= made);
        // A refusal stays until the schedule is edited.
        let refused = self.previous.phase == Some(Phase::Invalid);
        if window.end > self.now || known || !(before || edited || refused) {
            return None;
        }
        let message =
            format!("the only window was over at {}, before the schedule was made or changed", window.end);
        Some(Refusal { reason: reasons::IN_THE_PAST, message })
    }

    fn refuse(&mut self, refusal: &Refusal) {
        if self.previous.phase != Some(Phase::Invalid) {
            self.events.push(Notice::warning(refusal.reason, "Schedule", &refusal.message));
        }
        self.say(Phase::Invalid, State::False, refusal.reason, &refusal.message);
        self.set_limited(None);
    }

    fn target_missing(&mut self) {
        let message = format!("{} does not exist: create it, or name another", self.target());
        self.say(Phase::Pending, State::False, reasons::TARGET_MISSING, &message);
        self.set_limited(None);
    }

    fn in_window(&mut self, target: &Target, window: &Window) {
        let base =
            schedule::base(self.obj, window).or(target.current).filter(|_| self.obj.spec.adds_to_current());
        self.status.active = Some(ActiveWindow {
            scheduled_time: Time(window.scheduled),
            start: Time(window.start),
            end: Time(window.end),
            base_replicas: base,
        });
        self.status.floor = self.limit(target, base, self.now);
        self.status.answer.clone_from(&target.answer);
        if let Some((reason, words)) = &target.held {
            self.say(Phase::Active, State::False, reason, words);
            return;
        }
        self.note_begun(window, base);
        let until = window.end;
        let message = match self.status.floor {
            Some(floor) => format!("{} has at least {floor} replicas until {until}", self.target()),
            None => format!("the window lasts until {until}; the replicas at its start are not known yet"),
        };
        self.say(Phase::Active, State::True, reasons::IN_FORCE, &message);
    }

    fn between(&mut self, target: &Target, calendar: &Calendar, lead: SignedDuration) {
        self.note_ended();
        let Some(next) = calendar.upcoming(self.now, lead).next() else { return };
        self.status.floor = self.limit(target, None, next.start);
        let message = match self.status.floor {
            Some(floor) => {
                format!("{} has at least {floor} replicas from {} to {}", self.target(), next.start, next.end)
            }
            None => format!("the next window is from {} to {}", next.start, next.end),
        };
        self.say(Phase::Pending, State::True, reasons::SCHEDULED, &message);
    }

    /// No window is to come, whatever has become of the target since.
    fn over(&mut self, calendar: &Calendar) {
        self.status.lead_seconds = self.previous.lead_seconds;
        self.note_missed(calendar, self.lead(calendar));
        self.note_ended();
        let missed = calendar.only().is_some_and(|only| {
            let mut entries = self.status.history.iter();
            let entry = entries.rfind(|entry| entry.scheduled_time.0 == only.scheduled);
            entry.is_none_or(|entry| entry.outcome == HistoryOutcome::Missed)
        });
        if missed {
            let message = "csop was away, or could not scale the target, for the whole of the only window";
            self.say(Phase::Missed, State::False, reasons::MISSED, message);
        } else {
            self.say(Phase::Completed, State::True, reasons::OVER, "the last window is over");
        }
        self.set_limited(None);
    }

    /// Tells that the window is over that was in force.
    fn note_ended(&mut self) {
        if let Some(before) = &self.previous.active {
            let note = format!("the window from {} to {} is over", before.start.0, before.end.0);
            self.events.push(Notice::normal(reasons::WINDOW_ENDED, "Schedule", note));
        }
    }

    /// The next windows.
    fn show_windows(&mut self, calendar: &Calendar, lead: SignedDuration) {
        let windows: Vec<Window> = calendar.upcoming(self.now, lead).take(OCCURRENCES_SHOWN).collect();
        self.status.next_time = windows.first().map(|window| Time(window.start));
        let shown = |window: &Window| ScheduledWindow { start: Time(window.start), end: Time(window.end) };
        self.status.occurrences = windows.iter().map(shown).collect();
    }

    /// Records the window in force, once.
    fn note_begun(&mut self, window: &Window, base: Option<i32>) {
        let floor = self.status.floor;
        let now = self.now;
        let known = |entry: &&mut HistoryEntry| entry.scheduled_time.0 == window.scheduled;
        if let Some(entry) = self.status.history.iter_mut().find(known) {
            if entry.outcome != HistoryOutcome::Missed {
                entry.end = Time(window.end);
                entry.base_replicas = entry.base_replicas.or(base);
                entry.floor = floor.or(entry.floor);
                return;
            }
            // Missed by a clock that was set and is right again.
            self.status.history.retain(|entry| entry.scheduled_time.0 != window.scheduled);
        }
        // Nobody can keep a window before the schedule is there.
        let made = self.obj.creation_timestamp().map_or(window.start, |made| made.0);
        let late = now.duration_since(window.start.max(made));
        let outcome = if late > LATE { HistoryOutcome::LateStart } else { HistoryOutcome::Applied };
        let asked =
            floor.map_or_else(|| "more replicas".to_owned(), |floor| format!("at least {floor} replicas"));
        let note = format!("{} gets {asked} until {}", self.target(), window.end);
        self.events.push(match outcome {
            HistoryOutcome::LateStart => {
                let note = format!("{note}, {} s after the beginning of the window", late.as_secs());
                Notice::warning(reasons::LATE_START, "Schedule", note)
            }
            _ => Notice::normal(reasons::WINDOW_STARTED, "Schedule", note),
        });
        self.remember(HistoryEntry {
            scheduled_time: Time(window.scheduled),
            applied_time: Some(Time(whole_seconds(now))),
            end: Time(window.end),
            floor,
            base_replicas: base,
            outcome,
        });
    }

    /// Records the windows that began and ended since the last look.
    fn note_missed(&mut self, calendar: &Calendar, lead: SignedDuration) {
        let edited = self.previous.observed_generation != self.obj.metadata.generation;
        let first =
            self.previous.observed_generation.is_none() && self.obj.metadata.generation.unwrap_or(1) <= 1;
        let away = matches!(self.previous.phase, Some(Phase::Invalid | Phase::Suspended));
        if away || edited && !first {
            return;
        }
        let made = self.obj.creation_timestamp();
        let Some(after) = self.previous.handled_until.clone().or(made) else { return };
        let known: Vec<Timestamp> = self.status.history.iter().map(|entry| entry.scheduled_time.0).collect();
        for window in calendar.ended(after.0, self.now, lead, HISTORY_KEPT) {
            if known.contains(&window.scheduled) {
                continue;
            }
            let note = format!("nothing was scaled for the window from {} to {}", window.start, window.end);
            self.events.push(Notice::warning(reasons::MISSED, "Schedule", note));
            self.remember(HistoryEntry {
                scheduled_time: Time(window.scheduled),
                applied_time: None,
                end: Time(window.end),
                floor: None,
                base_replicas: None,
                outcome: HistoryOutcome::Missed,
            });
        }
    }

    fn remember(&mut self, entry: HistoryEntry) {
        let history = &mut self.status.history;
        history.push(entry);
        history.sort_by_key(|entry| entry.scheduled_time.0);
        history.drain(..history.len().saturating_sub(HISTORY_KEPT));
    }

    /// The schedule's own floor as far as the target's maximum lets it, and the condition that tells what keeps down what it asks for
    /// together with others at this instant. `start` is the count at the start of its window.
    fn limit(&mut self, target: &Target, start: Option<i32>, at: Timestamp) -> Option<i32> {
        let own = schedule::own_floor(&self.obj.spec, target.min, start);
        let (Some(own), Some(asked)) = (own, target.asked(self.obj, start, at)) else {
            self.set_limited(None);
            return None;
        };
        let max = target.limit();
        let over_max = max.filter(|_| asked.exceeds(max)).map(|max| {
            let message = format!("{}, maxReplicas is {max}: set raiseMax to exceed it", asked.in_words());
            (reasons::BY_MAX, message)
        });
        let over_budget =
            target.affordable.filter(|affordable| asked.floor(max) > (*affordable).max(target.min));
        let over_budget = over_budget.map(|affordable| {
            (reasons::BY_BUDGET, format!("{}, the budget pays for {affordable}", asked.in_words()))
        });
        let over_quota = target.quota.clone().map(|words| (reasons::BY_QUOTA, words));
        self.set_limited(over_budget.or(over_max).or(over_quota));
        let limit = max.filter(|_| self.obj.spec.raise_max != Some(true));
        Some(own.min(limit.unwrap_or(i32::MAX)))
    }

    /// leadTime auto: the time that the last pod needs to be ready. The first operation is made at once, each of the others waits
    /// for the cooldown; then the last pods start.
    fn lead_seconds(&self, calendar: &Calendar, target: Option<&Target>) -> Option<i64> {
        let before = self.previous.lead_seconds.filter(|_| self.obj.spec.leads_by_itself());
        let begun = |before: &i64| {
            let window = calendar.active(self.now, SignedDuration::from_secs(*before));
            window.is_some() && self.previous.active.is_some()
        };
        if before.as_ref().is_some_and(begun) {
            // What has begun is not taken back, however fast the new pods are.
            return before;
        }
        let way = target.and_then(|target| target.way).filter(|_| self.obj.spec.leads_by_itself())?;
        let target = target?;
        let floor = schedule::own_floor(&self.obj.spec, target.min, None)?;
        let floor = match target.max.filter(|_| self.obj.spec.raise_max != Some(true)) {
            Some(max) => floor.min(max),
            None => floor,
        };
        let by_steps = self.obj.spec.respect_rate_limit == Some(true);
        let measured = lead_of(&way, floor.saturating_sub(target.min), by_steps).as_secs();
        let edited = self.previous.observed_generation != self.obj.metadata.generation;
        let same = |before: &i64| (measured - before).abs() <= SAME_LEAD_SECONDS.max(before / 10);
        Some(before.filter(same).filter(|_| !edited).unwrap_or(measured))
    }

    fn lead(&self, calendar: &Calendar) -> SignedDuration {
        let measured = SignedDuration::from_secs(self.status.lead_seconds.unwrap_or(0));
        calendar.lead().unwrap_or(measured)
    }

    /// When to measure the lead time of the next window again.
    fn measure_again(&self, calendar: &Calendar, lead: SignedDuration) -> Option<Timestamp> {
        let next = calendar.upcoming(self.now, lead).next().filter(|_| self.obj.spec.leads_by_itself())?;
        let at = next.start.checked_sub(lead + MEASURE_AGAIN).ok()?;
        (at > self.now).then_some(at)
    }

    fn target(&self) -> &str {
        self.status.target.as_deref().unwrap_or_default()
    }

    fn say(&mut self, phase: Phase, ready: State, reason: &str, message: &str) {
        self.status.phase = Some(phase);
        self.set(types::READY, ready, reason, message);
    }

    fn set_limited(&mut self, by: Option<(&str, String)>) {
        match by {
            Some((reason, message)) => self.set(types::LIMITED, State::True, reason, &message),
            None => self.set(types::LIMITED, State::False, reasons::NOT_LIMITED, ""),
        }
    }

    fn set(&mut self, kind: &str, state: State, reason: &str, message: &str) {
        let generation = self.obj.metadata.generation;
        set_condition(&mut self.status.conditions, kind, state, reason, message, generation, self.now);
    }
}

/// Times of the API have whole seconds.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
