//! The number of replicas on its way through the stages, and the one cause of what it becomes.

use super::{Cause, CauseKind, Name, decision::Input};

/// The number so far. The cause is the stage that last turned the decision: up, down, or to no change at all. A stage that only makes a
/// step shorter or longer is not the cause of it.
pub(super) struct Course {
    current: i32,
    pub(super) replicas: i32,
    kind: CauseKind,
    subject: Subject,
}

enum Subject {
    None,
    Metric(usize),
    Schedule(Name),
}

impl Course {
    pub(super) fn new(current: i32) -> Self {
        Self { current, replicas: current, kind: CauseKind::Steady, subject: Subject::None }
    }

    /// Moves to `replicas`; `kind` becomes the cause where that turns the decision.
    pub(super) fn go(&mut self, replicas: i32, kind: CauseKind) {
        if self.turns(replicas) {
            (self.kind, self.subject) = (kind, Subject::None);
        }
        self.replicas = replicas;
    }

    /// Moves to `replicas`, which a metric wants.
    pub(super) fn demand(&mut self, replicas: i32, metric: Option<usize>, kind: CauseKind) {
        if self.turns(replicas) {
            (self.kind, self.subject) = (kind, metric.map_or(Subject::None, Subject::Metric));
        }
        self.replicas = replicas;
    }

    /// Moves to a bound: it is the cause only where it holds the number, since a step as far as a bound is the demand's.
    pub(super) fn bound(&mut self, replicas: i32) {
        if replicas == self.current {
            self.go(replicas, CauseKind::Bounds);
        }
        self.replicas = replicas;
    }

    /// Moves up to a scheduled floor.
    pub(super) fn raise(&mut self, replicas: i32, schedule: &Name) {
        if replicas > self.current || self.turns(replicas) {
            (self.kind, self.subject) = (CauseKind::Schedule, Subject::Schedule(schedule.clone()));
        }
        self.replicas = replicas;
    }

    /// Moves to `replicas` for this cause, whatever was the cause before.
    pub(super) fn set(&mut self, replicas: i32, kind: CauseKind) {
        (self.replicas, self.kind, self.subject) = (replicas, kind, Subject::None);
    }

    pub(super) fn kind(&self) -> CauseKind {
        self.kind
    }

    pub(super) fn cause(self, inputs: &[Input]) -> Cause {
        let subject = match self.subject {
            Subject::None => None,
            Subject::Metric(at) => inputs.get(at).map(|input| input.metric.clone()),
            Subject::Schedule(name) => Some(name),
        };
        Cause { kind: self.kind, subject }
    }

    fn turns(&self, replicas: i32) -> bool {
        replicas.cmp(&self.current) != self.replicas.cmp(&self.current)
    }
}
