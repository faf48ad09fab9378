//! Axes: where marks stand, and what is written beside them.

use jiff::Timestamp;

/// Seconds between two marks of time, the smallest first.
const STEPS: [i64; 20] = [
    1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 259_200,
    432_000, 604_800, 2_592_000,
];
const DAY: i64 = 86_400;

/// A range of values on a range of pixels.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    from: f64,
    to: f64,
    low: f64,
    high: f64,
}

impl Axis {
    /// `from` and `to` are values, `low` and `high` the pixels where they stand.
    pub fn new((from, to): (f64, f64), (low, high): (f64, f64)) -> Self {
        // A range without extent stands in the middle.
        let (from, to) = if to > from { (from, to) } else { (from - 0.5, from + 0.5) };
        Self { from, to, low, high }
    }

    /// The pixel of a value.
    pub fn at(&self, value: f64) -> f64 {
        self.low + (value - self.from) / (self.to - self.from) * (self.high - self.low)
    }
}

/// Round values from 0 to `most` at least, `count` of them at most, and the last of them.
pub fn marks(most: f64, count: usize, whole: bool) -> Vec<f64> {
    let most = if most > 0.0 && most.is_finite() { most } else { 1.0 };
    let rough = most / count.max(1) as f64;
    let magnitude = 10_f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * magnitude).find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * magnitude);
    let step = if whole { step.max(1.0).round() } else { step };
    let last = (most / step - 1e-9).ceil().max(1.0) as usize;
    (0..=last).map(|at| at as f64 * step).collect()
}

/// Marks of time with their texts, at most `count`.
pub fn times(from: Timestamp, to: Timestamp, relative: bool, count: usize) -> Vec<(Timestamp, String)> {
    let (first, last) = (from.as_second(), to.as_second());
    let most = i64::try_from(count.max(1)).unwrap_or(1);
    let step = STEPS.into_iter().find(|step| (last - first) / step <= most);
    let step = step.unwrap_or_else(|| (last - first) / most + 1);
    let begin = first.div_euclid(step) * step;
    let marks = (0..).map(|at| begin + at * step).skip_while(|second| *second < first);
    marks
        .take_while(|second| *second <= last)
        .filter_map(|second| Timestamp::from_second(second).ok())
        .map(|time| (time, text(time, step, last - first, relative)))
        .collect()
}

fn text(time: Timestamp, step: i64, span: i64, relative: bool) -> String {
    if relative {
        let seconds = u64::try_from(time.as_second()).unwrap_or(0);
        return crate::duration::text(std::time::Duration::from_secs(seconds));
    }
    let format = match (step, span) {
        (DAY.., _) => "%b %-d",
        (_, DAY..) => "%b %-d %H:%M",
        (..60, _) => "%H:%M:%S",
        _ => "%H:%M",
    };
    time.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_reach_beyond_the_values() {
        assert_eq!(marks(30.0, 4, true), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(marks(31.0, 4, true), [0.0, 10.0, 20.0, 30.0, 40.0]);
        assert_eq!(marks(2.0, 4, true), [0.0, 1.0, 2.0]);
        assert_eq!(marks(0.9, 4, false), [0.0, 0.5, 1.0]);
        assert_eq!(marks(0.0, 4, false), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn times_are_round_too() {
        let texts = |from: &str, to: &str| {
            let marks = times(from.parse().unwrap(), to.parse().unwrap(), false, 6);
            marks.into_iter().map(|(_, text)| text).collect::<Vec<_>>()
        };
        assert_eq!(texts("2026-11-27T08:10:00Z", "2026-11-27T09:40:00Z"), ["08:30", "09:00", "09:30"]);
        assert_eq!(
            texts("2026-11-01T00:00:00Z", "2026-11-05T00:00:00Z"),
            ["Nov 1", "Nov 2", "Nov 3", "Nov 4", "Nov 5"]
        );
        let relative =
            times(Timestamp::from_second(0).unwrap(), Timestamp::from_second(7200).unwrap(), true, 4);
        let relative: Vec<_> = relative.into_iter().map(|(_, text)| text).collect();
        assert_eq!(relative, ["0s", "30m", "60m", "90m", "120m"]);
    }
}
