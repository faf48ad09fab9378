//! What would change a scaler's decision next, from its plan and its last decision.

use super::words;
use csop_shared::api::general_scaler::{MetricMode, ScalerMode};
use csop_shared::scale::{Action, CauseKind, Decision, Input, MetricPlan, Number, Plan, Record, Target};
use jiff::SignedDuration;
use serde::Serialize;

/// What comes next, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Next {
    /// Why nothing can change now.
    pub held: Option<String>,
    /// When it goes up, or why it does not.
    pub up: Option<String>,
    /// When it goes down, or why it does not.
    pub down: Option<String>,
}

impl Next {
    /// One line.
    pub fn text(&self) -> String {
        let parts = [&self.held, &self.up, &self.down];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("; ")
    }
}

/// What would change the decision of a record.
pub fn next(plan: &Plan, record: &Record) -> Next {
    let decision = &record.decision;
    if let Some(held) = held(plan, decision.cause.kind) {
        return Next { held: Some(held.to_owned()), ..Next::default() };
    }
    if plan.metrics.is_empty() {
        let held = "only schedules and edits change it: there are no metrics";
        return Next { held: Some(held.to_owned()), ..Next::default() };
    }
    let seen = Seen::of(plan, record);
    let held =
        (plan.mode == ScalerMode::Recommend).then(|| "nothing is written in mode Recommend".to_owned());
    Next { held, up: Some(seen.up()), down: Some(seen.down()) }
}

fn held(plan: &Plan, cause: CauseKind) -> Option<&'static str> {
    Some(match cause {
        CauseKind::Paused if plan.mode == ScalerMode::Off => "nothing changes while the mode is Off",
        CauseKind::Paused => "nothing changes until it is resumed",
        CauseKind::Conflict => "nothing changes while something else scales the target",
        CauseKind::TargetMissing => "nothing changes until the target is there",
        CauseKind::ManuallyDisabled => "nothing changes until somebody sets the target above 0",
        _ => return None,
    })
}

/// A decision, and the number that the next one begins with.
struct Seen<'a> {
    plan: &'a Plan,
    record: &'a Record,
    decision: &'a Decision,
    current: i32,
    ready: i32,
}

impl<'a> Seen<'a> {
    fn of(plan: &'a Plan, record: &'a Record) -> Self {
        let decision = &record.decision;
        let scales = decision.action == Action::Scale;
        let current = if scales { decision.result } else { decision.current };
        let ready = if scales { current } else { decision.ready };
        Self { plan, record, decision, current, ready }
    }

    /// The metrics with what aims them; those without a target say nothing.
    fn metrics(&self) -> impl Iterator<Item = (&'a MetricPlan, &'a Input, Target)> {
        let both = self.plan.metrics.iter().zip(&self.decision.inputs);
        both.filter_map(|(metric, input)| Some((metric, input, metric.target(input.target?))))
    }

    fn up(&self) -> String {
        let Decision { ceiling, wanted, cooldown, .. } = self.decision;
        if self.current >= ceiling.replicas {
            return format!("not up: {} is {}", self.current, words::origin(&ceiling.origin));
        }
        if self.decision.action != Action::Scale && *wanted > self.current && cooldown.up.is_positive() {
            return format!("up towards {wanted} in {}, after the cooldown", words::lasting(cooldown.up));
        }
        if self.plan.safety.up.rate == 0 {
            return "not up: maxScaleUpRate is 0".to_owned();
        }
        let limits: Vec<_> = self.metrics().filter_map(|(m, input, t)| self.high(m, input, t)).collect();
        if limits.is_empty() {
            return "not up without a metric".to_owned();
        }
        let wait = self.wait(cooldown.up, self.plan.safety.up.cooldown);
        format!("up when {}{}{wait}", limits.join(" or "), lasting(self.plan.safety.up.window))
    }

    /// The cooldown that a change must wait for, that of the change just made included.
    fn wait(&self, left: SignedDuration, whole: SignedDuration) -> String {
        let begins = self.decision.action == Action::Scale && self.decision.starts_cooldown;
        let left = if begins { whole } else { left };
        if left.is_positive() {
            format!(", after {} of cooldown", words::lasting(left))
        } else {
            String::new()
        }
    }

    fn down(&self) -> String {
        let Decision { floor, wanted, cooldown, .. } = self.decision;
        if self.current == 0 {
            return "not down from 0".to_owned();
        }
        if self.current <= floor.replicas && floor.replicas > 0 {
            return format!("not down: {} is {}", self.current, words::origin(&floor.origin));
        }
        let scales = self.decision.action == Action::Scale;
        if !scales && *wanted < self.current && cooldown.down.is_positive() {
            return format!("down towards {wanted} in {}, after the cooldown", words::lasting(cooldown.down));
        }
        if self.plan.safety.down.rate == 0 {
            return "not down: maxScaleDownRate is 0".to_owned();
        }
        let missing: Vec<_> = self.decision.inputs.iter().filter(|input| input.proposal.is_none()).collect();
        if !missing.is_empty() {
            let names = words::list(missing.iter().map(|input| &input.metric));
            return format!("not down while {names} {} missing", words::is_or_are(missing.len()));
        }
        if let Some(zero) = self.to_zero() {
            return zero;
        }
        if !scales && self.decision.demand < self.current && self.decision.stabilized >= self.current {
            let demand = self.decision.demand;
            return format!(
                "down towards {demand} in {}, unless the demand rises",
                words::lasting(self.stable_in())
            );
        }
        let holding =
            self.metrics().filter(|(_, input, _)| input.proposal.is_some_and(|p| p >= self.current));
        let limits: Vec<_> = holding.filter_map(|(m, input, t)| self.low(m, input, t)).collect();
        let (window, wait) =
            (lasting(self.plan.safety.down.window), self.wait(cooldown.down, self.plan.safety.down.cooldown));
        if limits.is_empty() {
            return format!("down when less than {} are wanted{window}{wait}", self.current);
        }
        format!("down when {}{window}{wait}", limits.join(" and "))
    }

    fn to_zero(&self) -> Option<String> {
        if self.plan.min > 0 || self.current != 1 {
            return None;
        }
        let since = self.record.before.idle_since.or(Some(self.record.time));
        let since = since.filter(|_| self.decision.active == Some(false));
        Some(match since {
            Some(since) => {
                let left = self.plan.idle - self.record.time.duration_since(since);
                format!("down to 0 in {}, unless work comes", words::lasting(left))
            }
            None => format!("down to 0 after {} without work", words::seconds(self.plan.idle)),
        })
    }

    /// How long the demands that are remembered still keep the number from falling.
    fn stable_in(&self) -> SignedDuration {
        let history = &self.record.before.history;
        let window = self.plan.safety.down.window;
        let holding = history.highs.iter().filter(|entry| entry.replicas >= self.current);
        let left = holding.map(|entry| window - self.record.time.duration_since(entry.time)).max();
        // Without a history it has just begun, with the current number.
        let left = left.or((!history.seeded).then_some(window));
        left.unwrap_or_default().max(SignedDuration::ZERO)
    }

    /// The value above which a metric wants more.
    fn high(&self, metric: &MetricPlan, input: &Input, target: Target) -> Option<String> {
        let name = &input.metric;
        if self.current == 0 {
            return Some(format!("{name} > {}", words::exact(metric.activation)));
        }
        let level = words::exact(target.high);
        Some(match metric.mode {
            MetricMode::PerReplica => {
                format!("{name} > {}", words::exact(target.high.times(count(self.current))))
            }
            MetricMode::Latency => format!("{name} > {level}"),
            MetricMode::Ratio if self.ready <= 0 => return None,
            MetricMode::Ratio => {
                // Only ready pods count on the way up: with few of them, more is needed to go beyond the current number.
                let fewer = target.value.to_f64() * f64::from(self.current) / f64::from(self.ready);
                if fewer > target.high.to_f64() {
                    format!("{name} > {}", words::short(fewer))
                } else {
                    format!("{name} > {level}")
                }
            }
        })
    }

    /// The value below which a metric wants less: outside of the tolerance, and by a whole pod.
    fn low(&self, metric: &MetricPlan, input: &Input, target: Target) -> Option<String> {
        let name = &input.metric;
        let fewer = self.current - 1;
        Some(match metric.mode {
            _ if input.fallback => format!("{name} is back"),
            MetricMode::PerReplica => {
                let (by_pod, by_tolerance) =
                    (target.value.times(count(fewer)), target.low.times(count(self.current)));
                if by_pod < by_tolerance {
                    format!("{name} <= {}", words::exact(by_pod))
                } else {
                    format!("{name} < {}", words::exact(by_tolerance))
                }
            }
            MetricMode::Ratio => {
                let by_pod = target.value.to_f64() * f64::from(fewer) / f64::from(self.current);
                if by_pod < target.low.to_f64() {
                    format!("{name} <= {}", words::short(by_pod))
                } else {
                    format!("{name} < {}", words::exact(target.low))
                }
            }
            MetricMode::Latency if self.current <= 1 => return None,
            MetricMode::Latency => format!("{name} <= {}", words::exact(target.low)),
        })
    }
}

fn lasting(window: SignedDuration) -> String {
    if window.is_positive() { format!(" for {}", words::seconds(window)) } else { String::new() }
}

fn count(replicas: i32) -> Number {
    Number::integer(replicas.into())
}
