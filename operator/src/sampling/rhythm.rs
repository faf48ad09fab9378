//! When a query is asked: at multiples of its period, shifted by a phase that is always the same for it, so that queries which
//! began together are not asked together.

use std::time::Duration;

use tokio::time::Instant;

/// Beats are at multiples of this: what wakes together costs the process one waking, and a thousand queries a second still come
/// in small groups.
const GRID: Duration = Duration::from_millis(20);

/// The rhythm of one query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    /// From which all queries of the process count.
    pub(super) zero: Instant,
    /// A number that is the query's own.
    pub(super) phase: u64,
}

impl Rhythm {
    /// The first beat after a moment. Beats that have passed by then are left out.
    pub(super) fn after(&self, period: Duration, moment: Instant) -> Instant {
        let period = nanoseconds(period).max(1);
        let phase = self.phase % period;
        let phase = phase - phase % nanoseconds(GRID);
        let past = nanoseconds(moment.saturating_duration_since(self.zero));
        let beats = if past < phase { 0 } else { (past - phase) / period + 1 };
        self.zero + Duration::from_nanos(phase.saturating_add(beats.saturating_mul(period)))
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn after(phase: Duration, period: Duration, past: Duration) -> Duration {
        let zero = Instant::now();
        let rhythm = Rhythm { zero, phase: nanoseconds(phase) };
        rhythm.after(period, zero + past) - zero
    }

    #[test]
    fn beats_are_a_period_apart_and_shifted_by_the_phase() {
        let ms = Duration::from_millis;
        assert_eq!(after(ms(300), SECOND, ms(0)), ms(300));
        assert_eq!(after(ms(300), SECOND, ms(299)), ms(300));
        assert_eq!(after(ms(300), SECOND, ms(300)), ms(1300));
        assert_eq!(after(ms(300), SECOND, ms(5000)), ms(5300));
        assert_eq!(after(ms(2300), SECOND, ms(0)), ms(300));
    }

    #[test]
    fn a_phase_is_one_of_the_whole_period() {
        let period = Duration::from_secs(3600);
        assert_eq!(after(SECOND * 1800, period, SECOND), SECOND * 1800);
    }
}
