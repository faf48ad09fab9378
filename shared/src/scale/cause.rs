//! Why a decision is what it is: one closed list.

use super::Name;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

/// The one cause of a decision: what moves the number of replicas, or what holds it.
///
/// Written as `Steady`, or with what it is about as `Demand(rps)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Which of the closed list.
    pub kind: CauseKind,
    /// The metric of Demand and Fallback, the schedule of Schedule.
    pub subject: Option<Name>,
}

/// The closed list of causes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CauseKind {
    /// A metric wants it.
    Demand,
    /// A metric that has been missing for long wants it, as its owner asked for.
    Fallback,
    /// A metric is missing, so nothing scales down.
    MissingBlocksDown,
    /// Work came to a target without pods.
    Activation,
    /// There has been no work; or there is none, and idleSeconds are running.
    Idle,
    /// The demand was different a short while ago.
    Stabilization,
    /// The budget.
    Budget,
    /// The expression.
    Cel,
    /// A scheduled floor.
    Schedule,
    /// minReplicas or maxReplicas.
    Bounds,
    /// The last change was too short a while ago.
    Cooldown,
    /// A rate of zero.
    RateLimit,
    /// The policies of `safety.behavior`.
    Behavior,
    /// Somebody else set the target to zero.
    ManuallyDisabled,
    /// The pause annotation, or mode Off.
    Paused,
    /// Something else scales the target.
    Conflict,
    /// The target is not there.
    TargetMissing,
    /// Everything is as it should be.
    #[default]
    Steady,
}

/// What holds for a cause: one row of its documentation.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The cause.
    pub kind: CauseKind,
    /// As it is written.
    pub name: &'static str,
    /// Whether a change for this cause waits for the cooldown.
    pub obeys_cooldown: Obeys,
    /// Whether a change for this cause keeps to the rates and to `safety.behavior`.
    pub obeys_rate: Obeys,
    /// Whether a change for this cause starts the cooldowns.
    pub starts_cooldown: Obeys,
}

/// Whether a rule holds for a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obeys {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Only for a schedule with respectRateLimit.
    IfRespected,
    /// This cause never changes the number of replicas.
    NoChange,
}

const fn moves(kind: CauseKind, name: &'static str) -> Facts {
    let yes = Obeys::Yes;
    Facts { kind, name, obeys_cooldown: yes, obeys_rate: yes, starts_cooldown: yes }
}

const fn holds(kind: CauseKind, name: &'static str) -> Facts {
    let never = Obeys::NoChange;
    Facts { kind, name, obeys_cooldown: never, obeys_rate: never, starts_cooldown: never }
}

impl CauseKind {
    /// All causes, with what holds for them.
    pub const ALL: [Facts; 18] = [
        moves(Self::Demand, "Demand"),
        moves(Self::Fallback, "Fallback"),
        holds(Self::MissingBlocksDown, "MissingBlocksDown"),
        Facts {
            obeys_cooldown: Obeys::No,
            starts_cooldown: Obeys::No,
            ..moves(Self::Activation, "Activation")
        },
        Facts { starts_cooldown: Obeys::No, ..moves(Self::Idle, "Idle") },
        holds(Self::Stabilization, "Stabilization"),
        moves(Self::Budget, "Budget"),
        moves(Self::Cel, "Cel"),
        Facts {
            kind: Self::Schedule,
            name: "Schedule",
            obeys_cooldown: Obeys::IfRespected,
            obeys_rate: Obeys::IfRespected,
            starts_cooldown: Obeys::IfRespected,
        },
        Facts {
            kind: Self::Bounds,
            name: "Bounds",
            obeys_cooldown: Obeys::No,
            obeys_rate: Obeys::No,
            starts_cooldown: Obeys::No,
        },
        holds(Self::Cooldown, "Cooldown"),
        holds(Self::RateLimit, "RateLimit"),
        holds(Self::Behavior, "Behavior"),
        holds(Self::ManuallyDisabled, "ManuallyDisabled"),
        holds(Self::Paused, "Paused"),
        holds(Self::Conflict, "Conflict"),
        holds(Self::TargetMissing, "TargetMissing"),
        holds(Self::Steady, "Steady"),
    ];

    /// What holds for this cause.
    pub fn facts(self) -> &'static Facts {
        Self::ALL.iter().find(|facts| facts.kind == self).expect("the table has every cause")
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        self.facts().name
    }
}

impl From<CauseKind> for Cause {
    fn from(kind: CauseKind) -> Self {
        Self { kind, subject: None }
    }
}

impl Default for Cause {
    fn default() -> Self {
        CauseKind::Steady.into()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Some(subject) => write!(f, "{}({subject})", self.kind.as_str()),
            None => f.write_str(self.kind.as_str()),
        }
    }
}

/// A text that names no cause.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0:?} is no cause of a decision")]
pub struct UnknownCause(String);

impl FromStr for Cause {
    type Err = UnknownCause;

    fn from_str(text: &str) -> Result<Self, UnknownCause> {
        let (name, subject) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, subject)) => (name, Some(Name::from(subject))),
            None => (text, None),
        };
        let facts = CauseKind::ALL.iter().find(|facts| facts.name == name);
        let facts = facts.ok_or_else(|| UnknownCause(text.to_owned()))?;
        Ok(Self { kind: facts.kind, subject })
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Cause {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cause".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}
