//! What the lease of the leader says, and when it may be taken.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

/// A lease as it was first seen. Its age is measured here: clocks of other machines are not trusted.
#[derive(Debug)]
pub(super) struct Sighting {
    spec: LeaseSpec,
    since: Instant,
}

impl Sighting {
    /// Takes the lease as it was just read; while it stays the same, its age grows.
    pub(super) fn of(lease: &Lease, before: Option<Self>, now: Instant) -> Self {
        let spec = lease.spec.clone().unwrap_or_default();
        match before {
            Some(before) if before.spec == spec => before,
            _ => Self { spec, since: now },
        }
    }

    /// Who holds the lease, if anybody does.
    pub(super) fn holder(&self) -> Option<&str> {
        self.spec.holder_identity.as_deref().filter(|holder| !holder.is_empty())
    }

    /// How long to wait until it may be taken, if nobody renews it meanwhile. `slack` is how late it may have been seen; a
    /// holder has stopped long before that (see [`Timing::acts_for`]).
    pub(super) fn taken_in(&self, identity: &str, timing: &Timing, now: Instant) -> Duration {
        if self.holder().is_none_or(|holder| holder == identity) {
            return Duration::ZERO;
        }
        let seconds = self.spec.lease_duration_seconds.and_then(|s| u64::try_from(s).ok());
        let lasts = seconds.filter(|s| *s > 0).map_or(timing.lasts, Duration::from_secs);
        let age = now.saturating_duration_since(self.since);
        lasts.saturating_sub(timing.looks_every()).saturating_sub(age)
    }
}

/// How often and how long, all from the duration of the lease.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// The lease is free for others when it was not renewed for this long.
    pub(super) lasts: Duration,
}

impl Timing {
    /// How long a renewal lets the holder act: what it has sent by then has a third of the lease to arrive.
    pub(super) fn acts_for(&self) -> Duration {
        self.lasts * 2 / 3
    }

    /// When the holder renews it.
    pub(super) fn renews_every(&self) -> Duration {
        self.lasts / 3
    }

    /// How long one attempt may take: within one renewal there is time for another.
    pub(super) fn attempts_for(&self) -> Duration {
        self.lasts / 5
    }

    /// How often the others look at it, and the holder tries again.
    pub(super) fn looks_every(&self) -> Duration {
        self.lasts / 15
    }
}

/// The lease, held by `identity` from now on or as before.
pub(super) fn held(mut lease: Lease, identity: &str, timing: &Timing, now: Timestamp) -> Lease {
    let spec = lease.spec.get_or_insert_default();
    if spec.holder_identity.as_deref() != Some(identity) {
        spec.holder_identity = Some(identity.to_owned());
        spec.acquire_time = Some(MicroTime(now));
        spec.lease_transitions = Some(spec.lease_transitions.unwrap_or(0).saturating_add(1));
    }
    spec.renew_time = Some(MicroTime(now));
    spec.lease_duration_seconds = Some(i32::try_from(timing.lasts.as_secs()).unwrap_or(i32::MAX));
    lease
}

/// The lease, given back.
pub(super) fn released(mut lease: Lease, now: Timestamp) -> Lease {
    let spec = lease.spec.get_or_insert_default();
    spec.holder_identity = None;
    spec.renew_time = Some(MicroTime(now));
    lease
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing = Timing { lasts: Duration::from_secs(15) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_lease_is_free_for_others_when_it_was_not_renewed_for_its_duration() {
        let (start, later) = (Instant::now(), |s| Instant::now() + Duration::from_secs(s));
        let lease = held(Lease::default(), "a", &TIMING, at(0));
        let seen = Sighting::of(&lease, None, start);
        assert_eq!(seen.holder(), Some("a"));
        assert!(seen.taken_in("b", &TIMING, later(13)) > Duration::ZERO);
        assert_eq!(seen.taken_in("b", &TIMING, later(14)), Duration::ZERO);
        assert_eq!(seen.taken_in("a", &TIMING, start), Duration::ZERO, "it is one's own");
        assert!(TIMING.acts_for() + TIMING.looks_every() < TIMING.lasts - TIMING.looks_every());

        let seen = Sighting::of(&lease, Some(seen), later(14));
        assert_eq!(seen.taken_in("b", &TIMING, later(14)), Duration::ZERO, "it is still the same");
        let renewed = held(lease, "a", &TIMING, at(5));
        let seen = Sighting::of(&renewed, Some(seen), later(14));
        assert!(seen.taken_in("b", &TIMING, later(14)) > Duration::from_secs(13));
        let seen = Sighting::of(&released(renewed, at(6)), Some(seen), later(14));
        assert_eq!((seen.holder(), seen.taken_in("b", &TIMING, later(14))), (None, Duration::ZERO));
    }

    #[test]
    fn the_duration_that_counts_is_the_holders() {
        let long = held(Lease::default(), "a", &Timing { lasts: Duration::from_secs(60) }, at(0));
        let now = Instant::now();
        assert_eq!(Sighting::of(&long, None, now).taken_in("b", &TIMING, now), Duration::from_secs(59));
        let mut odd = long;
        odd.spec.get_or_insert_default().lease_duration_seconds = Some(-1);
        assert_eq!(Sighting::of(&odd, None, now).taken_in("b", &TIMING, now), Duration::from_secs(14));
    }

    #[test]
    fn transitions_are_counted_and_renewals_are_not() {
        let first = held(Lease::default(), "a", &TIMING, at(0));
        let renewed = held(first.clone(), "a", &TIMING, at(5)).spec.unwrap();
        assert_eq!((renewed.lease_transitions, renewed.acquire_time), (Some(1), Some(MicroTime(at(0)))));
        let taken = held(released(first, at(6)), "b", &TIMING, at(7)).spec.unwrap();
        assert_eq!((taken.lease_transitions, taken.acquire_time), (Some(2), Some(MicroTime(at(7)))));
        assert_eq!((taken.holder_identity.as_deref(), taken.lease_duration_seconds), (Some("b"), Some(15)));
    }
}
