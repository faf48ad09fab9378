//! How soon pods are ready, and how long the way up to many of them is.

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Pod;

use super::observe::Way;

/// What a pod is taken to need where none has shown it yet.
const UNMEASURED: SignedDuration = SignedDuration::from_mins(1);

/// A pod that was ready later than this is taken for one that was ready before, and was not in between: only the last time is known.
const LONGEST: SignedDuration = SignedDuration::from_mins(30);

/// The time from their creation within which nine of ten of these pods were ready (nearest rank).
pub(super) fn ready_within(pods: &[Pod]) -> SignedDuration {
    let mut times: Vec<_> = pods.iter().filter_map(ready_after).collect();
    times.sort();
    let rank = (times.len() * 9).div_ceil(10);
    rank.checked_sub(1).and_then(|at| times.get(at)).copied().unwrap_or(UNMEASURED)
}

fn ready_after(pod: &Pod) -> Option<SignedDuration> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let ready = conditions.iter().find(|c| c.type_ == "Ready" && c.status == "True")?;
    let ready = ready.last_transition_time.as_ref()?.0;
    let after = ready.duration_since(pod.metadata.creation_timestamp.as_ref()?.0).max(SignedDuration::ZERO);
    (after <= LONGEST).then_some(after)
}

/// The way up by so many pods: all at once, or by operations of `rate` pods with a cooldown between each two.
pub(super) fn lead_of(way: &Way, up_by: i32, by_steps: bool) -> SignedDuration {
    let operations = if by_steps { up_by.max(1).unsigned_abs().div_ceil(way.rate.unsigned_abs()) } else { 1 };
    let waits = i32::try_from(operations.saturating_sub(1)).unwrap_or(i32::MAX);
    way.cooldown.checked_mul(waits).unwrap_or(SignedDuration::MAX).saturating_add(way.ready)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(seconds: i64) -> Pod {
        let ready = jiff::Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        let created = jiff::Timestamp::from_second(1_800_000_000).unwrap();
        serde_json::from_value(json!({
            "metadata": {"creationTimestamp": created},
            "status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ready}]},
        }))
        .unwrap()
    }

    #[test]
    fn nine_of_ten_count() {
        let within = |pods: &[Pod]| ready_within(pods).as_secs();
        let ten: Vec<Pod> = [4, 9, 1, 2, 3, 7, 300, 5, 6, 8].map(pod).into();
        assert_eq!(within(&ten), 9);
        assert_eq!(within(&[pod(12)]), 12);
        assert_eq!(within(&[pod(12), pod(250_000)]), 12, "ready again after three days");
        assert_eq!(within(&[]), 60);
    }
}
