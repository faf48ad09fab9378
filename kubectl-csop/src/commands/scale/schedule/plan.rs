//! From flags and answers to the schedule that is to be created: pure, and strict before anything is written.

use super::{Args, Base, name};
use crate::commands::target::Scheduled;
use crate::error::Error;
use crate::manifest;
use crate::when::{self, Clock, When};
use csop_shared::api::cash_service_scheduled_scale::{
    AUTO, CashServiceScheduledScale, CashServiceScheduledScaleSpec, FloorBase, ScheduleTargetKind,
    ScheduleTargetRef, ServiceRef,
};
use csop_shared::names::API_VERSION;
use csop_shared::schedule::{Bound, Calendar, LEAD_TIMES, Problem, parse_zone};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// A start that is over by no more than this was meant as now.
const JUST_NOW: SignedDuration = SignedDuration::from_mins(1);

/// How much capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// At least so many.
    Replicas(i32),
    /// So many more.
    Add(i32),
    /// So many percent more.
    Percent(i32),
}

/// What is known so far.
#[derive(Clone, Debug)]
pub struct Draft {
    pub target: Scheduled,
    pub at: Option<String>,
    pub until: Option<String>,
    pub length: Option<String>,
    pub cron: Option<String>,
    pub exclude: Vec<String>,
    pub tz: Option<String>,
    pub amount: Option<Amount>,
    pub from_current: bool,
    pub lead: Option<String>,
    pub raise_max: bool,
    pub respect_rate_limit: bool,
    pub called: Option<String>,
}

impl From<&Args> for Draft {
    fn from(args: &Args) -> Self {
        let text = |given: &Option<String>| given.as_deref().map(|text| text.trim().to_owned());
        let amount = args.replicas.map(Amount::Replicas).or(args.add.map(Amount::Add));
        Self {
            target: args.name.clone(),
            at: text(&args.at),
            until: text(&args.until),
            length: text(&args.length),
            cron: args.cron.as_deref().map(|cron| cron.split_whitespace().collect::<Vec<_>>().join(" ")),
            exclude: args.exclude.clone(),
            tz: text(&args.tz),
            amount: amount.or(args.add_percent.map(Amount::Percent)),
            from_current: args.base == Base::Current,
            lead: text(&args.lead),
            raise_max: args.raise_max,
            respect_rate_limit: args.respect_rate_limit,
            called: args.called.clone(),
        }
    }
}

/// A schedule that can be created.
#[derive(Clone, Debug)]
pub struct Plan {
    pub target: Scheduled,
    pub name: String,
    pub namespace: Option<String>,
    pub spec: CashServiceScheduledScaleSpec,
    pub calendar: Calendar,
    /// On whose clocks civil times were read.
    pub zone: TimeZone,
    /// Whether there are any.
    reads_clocks: bool,
}

/// The manifest of a plan: what was chosen, and nothing else.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    spec: &'a CashServiceScheduledScaleSpec,
}

#[derive(Debug, Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

/// The times of a draft, as far as it has them.
struct Times {
    zone: TimeZone,
    at: Option<When>,
    until: Option<When>,
    length: Option<String>,
    lead: Option<String>,
}

impl Times {
    fn are_civil(&self) -> bool {
        [&self.at, &self.until].into_iter().flatten().any(When::is_civil)
    }
}

impl Draft {
    /// What cannot be done without, and is not there.
    pub fn missing(&self) -> Vec<&'static str> {
        let needed = [
            ("--at or --cron", self.at.is_none() && self.cron.is_none()),
            ("--for or --until", self.length.is_none() && self.until.is_none()),
            ("--replicas, --add or --add-percent", self.amount.is_none()),
        ];
        needed.into_iter().filter(|(_, missing)| *missing).map(|(flag, _)| flag).collect()
    }

    /// Judges what is there.
    ///
    /// # Errors
    /// All that is wrong, with the wrong parts marked.
    pub fn check(&self, now: Timestamp, machine: Option<&TimeZone>) -> Result<(), Error> {
        let times = self.times(now, machine)?;
        if self.missing().iter().all(|flag| flag.contains("--add")) {
            self.calendar(&self.spec(&times))?;
        }
        self.called.as_deref().map_or(Ok(()), name::check).map_err(|message| {
            Error::usage(
                format!("--name: {message}"),
                "leave it out for a name that tells the target and the start",
            )
        })
    }

    /// The clock that its times are read from.
    pub fn clock(&self, now: Timestamp, machine: Option<&TimeZone>) -> Result<Clock, Problem> {
        let given = self.tz.as_deref().map(|name| parse_zone("--tz", name)).transpose()?;
        Ok(Clock { now, zone: given.or_else(|| machine.cloned()).unwrap_or(TimeZone::UTC) })
    }

    /// The plan, once nothing is missing.
    ///
    /// # Errors
    /// What is missing, or wrong.
    pub fn plan(self, now: Timestamp, machine: Option<&TimeZone>, tail: &str) -> Result<Plan, Error> {
        self.check(now, machine)?;
        let missing = self.missing();
        if !missing.is_empty() {
            return Err(Error::usage(
                format!("there is no terminal to ask at, and these are missing: {}", missing.join("; ")),
                "give them on the command line; `kubectl csop scale schedule --help` has examples",
            ));
        }
        let times = self.times(now, machine)?;
        let spec = self.spec(&times);
        let calendar = self.calendar(&spec)?;
        let name = self.called.unwrap_or_else(|| name::of(&self.target.name, &calendar, tail));
        let reads_clocks = times.are_civil() || spec.cron.is_some();
        Ok(Plan {
            target: self.target,
            name,
            namespace: None,
            spec,
            calendar,
            zone: times.zone,
            reads_clocks,
        })
    }

    fn times(&self, now: Timestamp, machine: Option<&TimeZone>) -> Result<Times, Error> {
        let mut problems = vec![];
        let clock = self.clock(now, machine).unwrap_or_else(|problem| {
            problems.push(problem);
            Clock { now, zone: TimeZone::UTC }
        });
        let mut keep = |problem| problems.push(problem);
        let at = self.at.as_deref().map(|text| when::parse("--at", text, &clock, now, Bound::Start));
        let at = at.transpose().map_err(&mut keep).ok().flatten();
        let after = at.as_ref().map_or(now, |at| at.instant);
        let until = self.until.as_deref().map(|text| when::parse("--until", text, &clock, after, Bound::End));
        let until = until.transpose().map_err(&mut keep).ok().flatten();
        let length = self.length.as_deref().map(|text| when::window_length("--for", text));
        let length = length.transpose().map_err(&mut keep).ok().flatten();
        let lead = self.lead.as_deref().filter(|lead| !lead.eq_ignore_ascii_case(AUTO));
        let lead = lead.map(|text| when::length("--lead", text, LEAD_TIMES));
        let lead = lead.transpose().map_err(&mut keep).ok().flatten().map(|lead| lead.written);
        let auto = self.lead.as_ref().filter(|lead| lead.eq_ignore_ascii_case(AUTO));
        if let Some(at) = at.as_ref().filter(|at| now.duration_since(at.instant) > JUST_NOW) {
            let ago = crate::duration::age(at.instant, now);
            problems.push(Problem::new("--at", format!("this is in the past: it was {ago} ago")));
        }
        if problems.is_empty() {
            let lead = auto.map(|_| AUTO.to_owned()).or(lead);
            Ok(Times { zone: clock.zone, at, until, length: length.map(|length| length.written), lead })
        } else {
            Err(self.refused(&problems))
        }
    }

    fn calendar(&self, spec: &CashServiceScheduledScaleSpec) -> Result<Calendar, Error> {
        Calendar::new(spec).map_err(|problems| self.refused(&problems))
    }

    fn spec(&self, times: &Times) -> CashServiceScheduledScaleSpec {
        let Scheduled { kind, name } = self.target.clone();
        let is_service = kind == ScheduleTargetKind::CashService;
        let on_clocks = self.cron.is_some() || times.are_civil() || self.tz.is_some();
        let zone = times.zone.iana_name().filter(|name| on_clocks && *name != "UTC");
        let (mut min, mut add, mut percent) = (None, None, None);
        match self.amount {
            Some(Amount::Replicas(replicas)) => min = Some(replicas),
            Some(Amount::Add(replicas)) => add = Some(replicas),
            Some(Amount::Percent(some)) => percent = Some(some),
            None => {}
        }
        CashServiceScheduledScaleSpec {
            service_ref: is_service.then(|| ServiceRef { name: name.clone() }),
            target_ref: (!is_service).then_some(ScheduleTargetRef { kind, name, role: None }),
            at: times.at.as_ref().map(|at| at.written.clone()),
            until: times.until.as_ref().map(|until| until.written.clone()),
            duration: times.length.clone(),
            cron: self.cron.clone(),
            time_zone: zone.map(str::to_owned),
            exclude_dates: self.exclude.clone(),
            lead_time: times.lead.clone(),
            min_replicas: min,
            add_replicas: add,
            add_percent: percent,
            base: self.from_current.then_some(FloorBase::CurrentAtStart),
            raise_max: self.raise_max.then_some(true),
            respect_rate_limit: self.respect_rate_limit.then_some(true),
            ..CashServiceScheduledScaleSpec::default()
        }
    }
}

impl Plan {
    /// Whether some of its times are read from the clocks of its zone.
    pub fn reads_clocks(&self) -> bool {
        self.reads_clocks
    }

    /// The manifest.
    pub fn manifest(&self) -> Manifest<'_> {
        Manifest {
            api_version: API_VERSION,
            kind: "CashServiceScheduledScale",
            metadata: Metadata { name: &self.name, namespace: self.namespace.as_deref() },
            spec: &self.spec,
        }
    }

    /// Judges the whole by the rules of the CRD itself.
    ///
    /// # Errors
    /// The rules that it breaks.
    pub fn check_rules(&self) -> Result<(), Error> {
        let document = serde_json::to_value(self.manifest()).expect("a manifest has only string keys");
        match manifest::object::<CashServiceScheduledScale>(&self.name, document) {
            Err(Error::Invalid { problems, .. }) => Err(Error::Input(problems)),
            other => other.map(drop),
        }
    }
}
