//! What each metric says and wants, in sentences.

use super::{because, value, words};
use csop_shared::api::general_scaler::{MetricMode, MetricState, Reduce};
use csop_shared::scale::{Decision, Input, MetricPlan};
use jiff::Timestamp;

/// What was seen of a metric.
pub(super) fn seen(metric: &MetricPlan, input: &Input, now: Timestamp) -> String {
    let (name, source) = (&input.metric, input.source.as_str());
    let age = input.age.map(words::lasting).unwrap_or_default();
    let oldest = words::seconds(metric.max_age);
    let series = input.raw.as_ref().map_or(0, |raw| raw.values().len());
    let reduced = if series > 1 {
        format!(", the {} of {series} series", reduce(metric.reduce))
    } else {
        String::new()
    };
    let since = input.missing_since.map(|since| words::lasting(now.duration_since(since)));
    let since = since.map(|since| format!(" for {since}")).unwrap_or_default();
    match (input.state, value(input)) {
        (MetricState::Fresh, Some(value)) => {
            let negative = if input.negative { "; it was below 0, which counts as 0" } else { "" };
            format!(
                "{name} is {}{reduced}: measured {age} ago by {source}, fresh{negative}.",
                words::short(value)
            )
        }
        (MetricState::Stale, Some(value)) => format!(
            "{name} was {}{reduced}, but that is {age} old: more than {oldest}, so it counts as missing.",
            words::short(value)
        ),
        (MetricState::Empty, _) => {
            format!("{name} has been missing{since}: {source} answers without any series.")
        }
        _ => match input.problem {
            Some(problem) => format!("{name} has been missing{since}: {problem}."),
            None => format!("{name} has been missing{since}: {source} gives no value."),
        },
    }
}

fn reduce(how: Reduce) -> &'static str {
    match how {
        Reduce::Single => "only one",
        Reduce::Sum => "sum",
        Reduce::Max => "largest",
        Reduce::Min => "smallest",
        Reduce::Avg => "mean",
    }
}

/// How many replicas a metric wants, and how that comes about.
pub(super) fn proposed(metric: &MetricPlan, input: &Input, decision: &Decision) -> String {
    let name = &input.metric;
    let Some(proposal) = input.proposal else {
        let wait =
            metric.fallback.map(|it| format!(" (its fallback comes after {})", words::seconds(it.after)));
        return format!("{name}: nothing, since it is missing{}.", wait.unwrap_or_default());
    };
    if input.fallback {
        return format!("{name}: missing for long, so its fallback counts: {proposal}.");
    }
    let (Some(value), Some(target)) = (value(input), input.target) else {
        return format!("{name}: {proposal}.");
    };
    let (value, goal, current) = (words::short(value), words::exact(target), decision.current);
    if current == 0 {
        return format!("{name}: at 0 pods {value} / {goal}, rounded up: {proposal}.");
    }
    let stays =
        if proposal == current { format!(", within {}", because::tolerance(metric)) } else { String::new() };
    match metric.mode {
        MetricMode::PerReplica => {
            format!("{name}: a total of {value} at {goal} for each pod{stays}: {proposal}.")
        }
        _ if decision.ready == 0 => format!("{name}: no pod is ready to be judged by: {proposal}."),
        MetricMode::Ratio => {
            let pods = if proposal > current { decision.ready.min(current) } else { current };
            format!("{name}: {value} where {goal} is aimed for, on {}{stays}: {proposal}.", words::pods(pods))
        }
        MetricMode::Latency => {
            format!("{name}: {value} where {goal} is aimed for{}: {proposal}.", latency(proposal, current))
        }
    }
}

fn latency(proposal: i32, current: i32) -> &'static str {
    match proposal.cmp(&current) {
        std::cmp::Ordering::Greater => ", up to twice the pods at once",
        std::cmp::Ordering::Less => ", low enough for a tenth less",
        std::cmp::Ordering::Equal => ", neither high nor low",
    }
}
