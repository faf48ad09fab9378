//! What the next start of a cron costs.

use std::{hint::black_box, time::Instant};

use csop_shared::{api::CashServiceScheduledScaleSpec, schedule::Calendar};
use jiff::{SignedDuration, Timestamp};

use super::load::ZONES;
use crate::statistics::count;

const CRONS: [&str; 6] =
    ["0 9 * * *", "*/5 * * * *", "0 9 * * MON-FRI", "30 6 L * *", "0 18 * * FRI#2", "0 9 29 2 *"];
/// Looks at each calendar, from ever later instants.
const LOOKS: usize = 2000;
/// Between two of them: no round number of anything.
const STEP: SignedDuration = SignedDuration::from_secs(7919);

/// The mean time of a search in nanoseconds, for each cron in each zone.
pub fn next_occurrence() -> Vec<f64> {
    let pairs = CRONS.iter().flat_map(|cron| ZONES.iter().map(move |zone| (*cron, *zone)));
    pairs.map(|(cron, zone)| search(&calendar(cron, zone))).collect()
}

fn calendar(cron: &str, zone: &str) -> Calendar {
    let spec = CashServiceScheduledScaleSpec {
        cron: Some(cron.into()),
        time_zone: Some(zone.into()),
        duration: Some("1h".into()),
        ..CashServiceScheduledScaleSpec::default()
    };
    Calendar::new(&spec).expect("these crons and zones are well-formed")
}

fn search(calendar: &Calendar) -> f64 {
    let mut now = Timestamp::now();
    let begun = Instant::now();
    for _ in 0..LOOKS {
        black_box(calendar.upcoming(black_box(now), SignedDuration::ZERO).next());
        now += STEP;
    }
    begun.elapsed().as_secs_f64() * 1e9 / count(LOOKS)
}
