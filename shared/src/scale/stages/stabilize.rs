//! Stabilisation of the demand, by the rule of the HorizontalPodAutoscaler: upwards the lowest demand within the window counts,
//! downwards the highest; what is exactly as old as the window no longer does.

use crate::scale::state::{History, Recommendation};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// The demand after stabilisation; the demand itself is entered into the history.
pub(in crate::scale) fn stabilize(
    history: &mut History,
    current: i32,
    demand: i32,
    (up, down): (SignedDuration, SignedDuration),
    now: Timestamp,
) -> i32 {
    if !history.seeded {
        history.seeded = true;
        enter(&mut history.highs, Recommendation { time: now, replicas: current }, i32::ge);
        enter(&mut history.lows, Recommendation { time: now, replicas: current }, i32::le);
    }
    prune(&mut history.highs, now, down);
    prune(&mut history.lows, now, up);
    let highest = history.highs.front().map_or(demand, |first| first.replicas.max(demand));
    let lowest = history.lows.front().map_or(demand, |first| first.replicas.min(demand));
    let latest = Recommendation { time: now, replicas: demand };
    if down.is_positive() {
        enter(&mut history.highs, latest, i32::ge);
    }
    if up.is_positive() {
        enter(&mut history.lows, latest, i32::le);
    }
    current.max(lowest).min(highest)
}

/// Adds a demand, and drops those before it that it outlives in every respect.
fn enter(list: &mut VecDeque<Recommendation>, latest: Recommendation, covers: fn(&i32, &i32) -> bool) {
    while list.back().is_some_and(|last| covers(&latest.replicas, &last.replicas)) {
        list.pop_back();
    }
    list.push_back(latest);
}

fn prune(list: &mut VecDeque<Recommendation>, now: Timestamp, window: SignedDuration) {
    while list.front().is_some_and(|first| now.duration_since(first.time) >= window) {
        list.pop_front();
    }
}
