//! Standard conditions: setting them so that a transition time moves only when the status flips.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// Condition types that every kind of csop shares.
pub mod types {
    /// The object does what its spec says, at its wanted size.
    pub const READY: &str = "Ready";
    /// A change is on its way.
    pub const PROGRESSING: &str = "Progressing";
    /// Enough of the workload serves.
    pub const AVAILABLE: &str = "Available";
    /// The annotation `csop.dev/paused` holds all writes.
    pub const PAUSED: &str = "Paused";
    /// Something else owns a name or a field that this object wants.
    pub const CONFLICT: &str = "Conflict";
    /// Of a scaler: all metrics can be acted on.
    pub const METRICS_AVAILABLE: &str = "MetricsAvailable";
    /// Of a scaler or a schedule: something keeps what is wanted from being met.
    pub const LIMITED: &str = "Limited";
    /// Of a scaler: the budget does not even pay for minReplicas.
    pub const BUDGET_BELOW_MIN: &str = "BudgetBelowMin";
    /// Of a scaler: a metric behaves as its mode cannot.
    pub const SUSPICIOUS_METRIC: &str = "SuspiciousMetric";

    /// Each with what True means of a service, and what False means.
    pub const EXPLAINED: [(&str, &str, &str); 9] = [
        (
            READY,
            "the wanted revision serves at its wanted size; growth by an autoscaler never turns it off",
            "it does not; reason and message are the first cause that you can act on",
        ),
        (PROGRESSING, "a change is on its way", "nothing changes, or nothing will without you"),
        (
            AVAILABLE,
            "enough pods serve, as the Deployment counts",
            "more pods are missing than the rollout allows",
        ),
        (PAUSED, "the annotation `csop.dev/paused` holds all writes", "csop acts on what changes"),
        (
            CONFLICT,
            "something else has a name or a field that the service wants",
            "all its objects are its own",
        ),
        (
            METRICS_AVAILABLE,
            "of a scaler: all its metrics can be acted on",
            "one or more cannot; the message has the sources' own words",
        ),
        (
            LIMITED,
            "of a scaler: something keeps the number of replicas from what the metrics want; of a schedule: it will not get its whole floor",
            "nothing does",
        ),
        (
            BUDGET_BELOW_MIN,
            "of a scaler: the budget does not even pay for minReplicas, which stand all the same",
            "the budget pays for minReplicas, or there is none",
        ),
        (
            SUSPICIOUS_METRIC,
            "of a scaler: a metric of mode Ratio does not fall although the replicas have doubled",
            "all metrics behave as their modes say",
        ),
    ];
}

/// Reasons that the operator's driver gives for every kind.
pub use crate::reasons::driver as reasons;

/// A status that carries standard conditions.
pub trait Conditioned {
    /// The conditions, in the order in which they are written, and which generation of the spec the status speaks of.
    fn common(&self) -> (&Vec<Condition>, &Option<i64>);

    /// The same, to be changed.
    fn common_mut(&mut self) -> (&mut Vec<Condition>, &mut Option<i64>);

    /// The conditions, in the order in which they are written.
    fn conditions(&self) -> &[Condition] {
        self.common().0
    }

    /// The conditions, to be changed.
    fn conditions_mut(&mut self) -> &mut Vec<Condition> {
        self.common_mut().0
    }

    /// Which generation of the spec this status speaks of.
    fn observed_generation(&self) -> Option<i64> {
        *self.common().1
    }

    /// Records which generation of the spec this status speaks of.
    fn set_observed_generation(&mut self, generation: Option<i64>) {
        *self.common_mut().1 = generation;
    }
}

/// The three values of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It cannot be said.
    Unknown,
}

impl State {
    /// The value as the API writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for State {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// Longest message that the API accepts in a condition, in bytes.
const MESSAGE_LIMIT: usize = 32_768;

/// Sets the condition `kind`, keeping its transition time unless the status flips.
///
/// Returns whether the status flipped (or the condition is new). The list stays sorted by type, so that equal
/// sets of conditions are equal lists.
pub fn set_condition(
    conditions: &mut Vec<Condition>,
    kind: &str,
    state: State,
    reason: &str,
    message: &str,
    generation: Option<i64>,
    now: Timestamp,
) -> bool {
    let previous = conditions.iter().position(|c| c.type_ == kind).map(|at| conditions.remove(at));
    let flipped = previous.as_ref().is_none_or(|p| p.status != state.as_str());
    let since = match previous {
        Some(p) if !flipped => p.last_transition_time,
        _ => Time(now),
    };
    let condition = Condition {
        type_: kind.to_owned(),
        status: state.as_str().to_owned(),
        reason: reason.to_owned(),
        message: shorten(message, MESSAGE_LIMIT).to_owned(),
        observed_generation: generation,
        last_transition_time: since,
    };
    let at = conditions.partition_point(|c| c.type_.as_str() < kind);
    conditions.insert(at, condition);
    flipped
}

/// The condition of the given type, if it is set.
pub fn find<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|c| c.type_ == kind)
}

/// Whether the condition of the given type is set and `True`.
pub fn is_true(conditions: &[Condition], kind: &str) -> bool {
    find(conditions, kind).is_some_and(|c| c.status == State::True.as_str())
}

fn shorten(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_transition_time_moves_only_when_the_status_flips() {
        let mut list = vec![];
        assert!(set_condition(&mut list, "Ready", State::False, "A", "a", Some(1), at(10)));
        assert!(!set_condition(&mut list, "Ready", State::False, "B", "b", Some(2), at(20)));
        assert_eq!(list[0].last_transition_time, Time(at(10)));
        assert_eq!((list[0].reason.as_str(), list[0].observed_generation), ("B", Some(2)));
        assert!(set_condition(&mut list, "Ready", State::True, "C", "", Some(2), at(30)));
        assert_eq!(list[0].last_transition_time, Time(at(30)));
    }

    #[test]
    fn the_list_is_sorted_whatever_the_order_of_setting() {
        let mut list = vec![];
        for kind in ["Ready", "Available", "Progressing"] {
            set_condition(&mut list, kind, State::True, "R", "", None, at(1));
        }
        let order: Vec<_> = list.iter().map(|c| c.type_.as_str()).collect();
        assert_eq!(order, ["Available", "Progressing", "Ready"]);
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        assert_eq!(shorten("aé", 2), "a");
    }
}
