//! Delays before the next try.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
/// Longest delay added to a wake-up that was asked for, so that windows still open on time.
const LATEST: Duration = Duration::from_secs(2);

/// The delay after so many failures in a row: doubling from a second up to `cap`, of which `chance` (0 to 1) decides the upper
/// half, so that objects which failed together are not tried together.
pub(super) fn delay(failures: u32, cap: Duration, chance: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(31);
    let whole = FIRST.saturating_mul(1 << doublings).min(cap);
    whole / 2 + (whole / 2).mul_f64(chance)
}

/// A wake-up that was asked for, a little later, by `chance` (0 to 1).
pub(super) fn spread(wanted: Duration, chance: f64) -> Duration {
    wanted.saturating_add((wanted / 10).min(LATEST).mul_f64(chance))
}

/// A random number from 0 to 1; 1 when the system has no randomness to give.
pub(super) fn chance() -> f64 {
    getrandom::u32().map_or(1.0, |n| f64::from(n) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap() {
        let cap = Duration::from_secs(300);
        let delays: Vec<u64> = [1, 2, 3, 9, 10, 400].map(|n| delay(n, cap, 1.0).as_secs()).into();
        assert_eq!(delays, [1, 2, 4, 256, 300, 300]);
        assert_eq!(delay(3, cap, 0.0), Duration::from_secs(2));
    }

    #[test]
    fn a_wanted_wake_up_is_never_early_and_hardly_late() {
        let hour = Duration::from_secs(3600);
        assert_eq!(spread(hour, 0.0), hour);
        assert_eq!(spread(hour, 1.0), hour + LATEST);
        assert_eq!(spread(Duration::MAX, 1.0), Duration::MAX);
    }
}
