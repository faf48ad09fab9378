//! The whole reasoning of a decision, step by step in words.

use super::{because, explain_metrics as metrics, policies, words};
use csop_shared::api::general_scaler::{PolicyType, ScalerMode};
use csop_shared::scale::{Action, CauseKind, Decision, Origin, Plan, Range, Record, WriteOutcome};
use jiff::SignedDuration;
use serde::Serialize;

/// A stage of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What the stage does, in a word.
    pub stage: &'static str,
    /// What it saw and made of it.
    pub lines: Vec<String>,
}

fn step(stage: &'static str, lines: impl IntoIterator<Item = String>) -> Step {
    Step { stage, lines: lines.into_iter().collect() }
}

/// The stages of a record's decision, in their order.
pub fn steps(plan: &Plan, record: &Record) -> Vec<Step> {
    let decision = &record.decision;
    let mut steps = vec![step("Observe", observed(plan, decision))];
    if is_closed(decision.cause.kind) {
        steps.push(step("Gate", [closed(plan, decision)]));
        return steps;
    }
    let inputs = plan.metrics.iter().zip(&decision.inputs);
    if !decision.inputs.is_empty() {
        steps.push(step("Propose", inputs.map(|(metric, input)| metrics::proposed(metric, input, decision))));
    }
    steps.push(step("Combine", [combined(plan, decision)]));
    steps.extend(activated(plan, record).map(|line| step("Activation", [line])));
    steps.push(step("Stabilise", [stabilized(plan, decision)]));
    steps.push(step("Policies", policies::sentences(plan, decision)));
    steps.push(step("Limits", limits(plan, decision)));
    steps.push(step("Cooldown", [cooldown(plan, decision)]));
    steps.push(step("Rate", [rate(plan, decision)]));
    if plan.spec.safety.as_ref().is_some_and(|safety| safety.behavior.is_some()) {
        steps.push(step("Behavior", [behavior(decision)]));
    }
    steps.push(step("Result", result(plan, record)));
    steps
}

fn is_closed(kind: CauseKind) -> bool {
    use CauseKind::{Conflict, ManuallyDisabled, Paused, TargetMissing};
    matches!(kind, Paused | Conflict | TargetMissing | ManuallyDisabled)
}

fn closed(plan: &Plan, decision: &Decision) -> String {
    let why = words::sentence(&because::because(plan, decision));
    match decision.cause.kind {
        CauseKind::TargetMissing => format!("{why}: nothing is decided."),
        _ => format!("{why}: nothing is decided, and {} stay.", decision.result),
    }
}

fn observed(plan: &Plan, decision: &Decision) -> Vec<String> {
    let target = if decision.cause.kind == CauseKind::TargetMissing {
        "There is no target.".to_owned()
    } else {
        let (current, ready) = (words::pods(decision.current), decision.ready);
        format!(
            "The target asks for {current}; {ready} {} ready.",
            words::is_or_are(ready.unsigned_abs() as usize)
        )
    };
    let inputs = plan.metrics.iter().zip(&decision.inputs);
    let metrics = inputs.map(|(metric, input)| metrics::seen(metric, input, decision.time));
    [target].into_iter().chain(metrics).collect()
}

fn combined(plan: &Plan, decision: &Decision) -> String {
    let all = decision.combined;
    let by = all.by.and_then(|at| decision.inputs.get(at)).map(|input| &input.metric);
    if all.blocked {
        return format!("{}: {} stay.", because::because(plan, &blocked(decision)), all.replicas);
    }
    match by {
        Some(by) if decision.inputs.len() > 1 => {
            format!("The largest proposal counts: {}, of {by}.", all.replicas)
        }
        Some(by) => format!("{by} alone counts: {}.", all.replicas),
        None => format!("There are no metrics: {} (minReplicas).", all.replicas),
    }
}

/// The decision as if missing metrics were its cause, which combination alone knows.
fn blocked(decision: &Decision) -> Decision {
    Decision { cause: CauseKind::MissingBlocksDown.into(), ..decision.clone() }
}

fn activated(plan: &Plan, record: &Record) -> Option<String> {
    let decision = &record.decision;
    if plan.min > 0 || plan.metrics.is_empty() {
        return None;
    }
    Some(match decision.active {
        Some(true) => {
            let active = decision.inputs.iter().filter(|input| input.active == Some(true) || input.fallback);
            format!("There is work ({}): at least 1.", words::list(active.map(|input| &input.metric)))
        }
        None => "Whether there is work is not known: nothing goes to zero, and nothing wakes.".to_owned(),
        Some(false) if decision.current == 0 => "There is no work: it stays at 0.".to_owned(),
        Some(false) => {
            let since = record.before.idle_since.unwrap_or(record.time);
            let (idle, all) = (record.time.duration_since(since), words::seconds(plan.idle));
            let end = if decision.demand == 0 { "0" } else { "at least 1 until then" };
            format!("There has been no work for {} of {all} (idleSeconds): {end}.", words::lasting(idle))
        }
    })
}

fn stabilized(plan: &Plan, decision: &Decision) -> String {
    let Decision { demand, stabilized, .. } = decision;
    if stabilized == demand {
        return format!("The demand passes: {demand}.");
    }
    format!(
        "{}: {stabilized}.",
        because::because(plan, &Decision { cause: CauseKind::Stabilization.into(), ..decision.clone() })
    )
}

fn limits(plan: &Plan, decision: &Decision) -> Vec<String> {
    let most = format!("At most {}: {}.", decision.ceiling.replicas, words::origin(&decision.ceiling.origin));
    let least = format!("At least {}: {}.", decision.floor.replicas, words::origin(&decision.floor.origin));
    let mut lines = vec![most, least];
    if decision.limited.budget_below_min {
        lines.push("The budget does not pay for minReplicas, which comes first.".to_owned());
    }
    if decision.bounds.max > plan.max && !matches!(decision.ceiling.origin, Origin::Schedule(_)) {
        let (now, max) = (decision.bounds.max, plan.max);
        lines.push(format!(
            "A schedule had raised maxReplicas: {now} now, falling to {max} by ordinary steps."
        ));
    }
    lines.push(format!("So {} are wanted.", decision.wanted));
    lines
}

fn cooldown(plan: &Plan, decision: &Decision) -> String {
    let side = |left: SignedDuration, all: SignedDuration, way: &str| {
        if all.is_zero() {
            format!("none {way}")
        } else if left.is_positive() {
            format!("{} of {} left {way}", words::lasting(left), words::seconds(all))
        } else {
            format!("over {way} ({})", words::seconds(all))
        }
    };
    let (up, down) = (&plan.safety.up, &plan.safety.down);
    let text = format!(
        "{}, {}.",
        side(decision.cooldown.up, up.cooldown, "upwards"),
        side(decision.cooldown.down, down.cooldown, "downwards")
    );
    words::sentence(&text)
}

fn rate(plan: &Plan, decision: &Decision) -> String {
    let (up, down) = (plan.safety.up.rate, plan.safety.down.rate);
    let allowed = match (up, down) {
        (i32::MAX, i32::MAX) => return "No limit on one change.".to_owned(),
        (up, i32::MAX) => format!("{up} more at once"),
        (i32::MAX, down) => format!("{down} fewer at once"),
        (up, down) => format!("{up} more or {down} fewer at once"),
    };
    format!("At most {allowed}: {}.", range(decision.rate))
}

fn behavior(decision: &Decision) -> String {
    if decision.behavior == Range::ALL {
        return "Nothing is asked of it, since nothing changes.".to_owned();
    }
    format!("Its policies allow {}.", range(decision.behavior))
}

fn range(range: Range) -> String {
    match range {
        Range { min, max: i32::MAX } => format!("{min} or more"),
        Range { min, max } if min == max => format!("{min} only"),
        Range { min: 0, max } => format!("up to {max}"),
        Range { min, max } => format!("{min} to {max}"),
    }
}

fn result(plan: &Plan, record: &Record) -> Vec<String> {
    let decision = &record.decision;
    let why = because::because(plan, decision);
    let what = match (decision.action, plan.mode) {
        (Action::Scale, _) => format!("From {} to {}", decision.current, decision.result),
        (Action::Recommend, _) => {
            format!("Recommend {} instead of {}, and write nothing", decision.result, decision.current)
        }
        (Action::None, ScalerMode::Auto | ScalerMode::Recommend | ScalerMode::Off) => {
            format!("Stay at {}", decision.result)
        }
    };
    let mut lines = vec![format!("{what}: {why} (cause {}).", decision.cause)];
    match &record.write {
        None => {}
        Some(WriteOutcome::Written) => lines.push("The target was written.".to_owned()),
        Some(WriteOutcome::Conflict) => {
            lines.push("The target had changed meanwhile: it was decided again.".to_owned());
        }
        Some(WriteOutcome::Failed(error)) => lines.push(format!("The target could not be written: {error}")),
    }
    lines
}

/// Whether a decision has a policy of the given type.
pub(super) fn has(plan: &Plan, policy: PolicyType) -> bool {
    plan.spec.all_policies().any(|it| it.type_ == policy)
}
