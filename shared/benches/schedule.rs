//! Benchmarks of the calendar: the next start of a cron, and what is asked of a schedule on every pass.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on panics")]

use criterion::{Criterion, criterion_group, criterion_main};
use csop_shared::api::CashServiceScheduledScaleSpec;
use csop_shared::schedule::Calendar;
use jiff::{SignedDuration, Timestamp};
use std::hint::black_box;

/// 2026-11-21T12:00:07Z, and the same in 2096, where only the zones' rules are left.
const NOWS: [(&str, i64); 2] = [("", 1_795_262_407), ("_in_70_years", 4_004_251_207)];
const NO_LEAD: SignedDuration = SignedDuration::ZERO;

fn spec(cron: &str, duration: &str) -> CashServiceScheduledScaleSpec {
    CashServiceScheduledScaleSpec {
        cron: Some(cron.into()),
        time_zone: Some("America/New_York".into()),
        duration: Some(duration.into()),
        ..CashServiceScheduledScaleSpec::default()
    }
}

fn next_occurrence(c: &mut Criterion) {
    let mut group = c.benchmark_group("next_occurrence");
    for (name, cron) in [
        ("daily", "0 9 * * *"),
        ("five_minutes", "*/5 * * * *"),
        ("monthly_last", "0 9 L * *"),
        ("leap_day", "0 9 29 2 *"),
    ] {
        let calendar = Calendar::new(&spec(cron, "1h")).unwrap();
        for (when, now) in NOWS {
            let now = Timestamp::from_second(now).unwrap();
            let next = || calendar.upcoming(black_box(now), NO_LEAD).next();
            group.bench_function(format!("{name}{when}"), |b| b.iter(next));
        }
    }
    group.finish();
}

fn active(c: &mut Criterion) {
    let now = Timestamp::from_second(NOWS[0].1).unwrap();
    let mut group = c.benchmark_group("active");
    for (name, cron, duration) in [("daily", "0 9 * * *", "4h"), ("overlapping", "* * * * *", "744h")] {
        let calendar = Calendar::new(&spec(cron, duration)).unwrap();
        group.bench_function(name, |b| b.iter(|| calendar.active(black_box(now), NO_LEAD)));
    }
    group.finish();
}

fn parse(c: &mut Criterion) {
    let spec = spec("0 9 * * MON-FRI", "4h");
    c.bench_function("parse", |b| b.iter(|| Calendar::new(black_box(&spec)).unwrap()));
}

criterion_group!(schedule, next_occurrence, active, parse);
criterion_main!(schedule);
