//! Capacity over time: of each target its minimum, its maximum and its floors, as steps.

use super::axis::{Axis, marks};
use super::panel::{Entry, MARKS, Panel, line};
use super::path::Line;
use super::{FOOT, GAP, LEFT, RIGHT, TOP, WIDTH, foot, opened};
use crate::view::capacity::{Capacity, Step};
use crate::view::schedules::Days;
use csop_shared::schedule::{Bound, instant_of};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const HEIGHT: f64 = 140.0;
/// Marks of time, at most.
const TIMES: i64 = 8;
/// Up to so many hours, marks stand within days.
const FEW_HOURS: i64 = 49;

/// The picture, as SVG.
pub fn svg(targets: &[Capacity], days: &Days, zone: &TimeZone) -> String {
    let height = TOP + targets.len().max(1) as f64 * (HEIGHT + GAP) - GAP / 2.0 + FOOT;
    let mut svg = opened("Scheduled capacity", height);
    let time = Axis::new((days.from.as_second() as f64, days.to.as_second() as f64), (LEFT, WIDTH - RIGHT));
    let marks = times(days, zone);
    let mut top = TOP + GAP / 2.0;
    for target in targets {
        let panel = Panel { top, height: HEIGHT, left: LEFT, right: WIDTH - RIGHT, time, marks: &marks };
        svg.push_str(&drawn(&panel, target, days));
        top += HEIGHT + GAP;
    }
    let below = if targets.is_empty() { top } else { top - GAP };
    svg.push_str(&foot(below, time, &marks, &format!("time ({})", days.time_zone)));
    svg + "</svg>\n"
}

fn drawn(panel: &Panel<'_>, target: &Capacity, days: &Days) -> String {
    let most = target.steps.iter().map(|step| step.max.unwrap_or(step.floor)).max().unwrap_or(1);
    let marks = marks(f64::from(most), MARKS, true);
    let last = marks.last().copied().unwrap_or(1.0);
    let value = Axis::new((0.0, last), (panel.top + panel.height, panel.top));
    let stepped = |of: &dyn Fn(&Step) -> Option<i32>| {
        let mut path = Line::stepped();
        let y = |replicas: Option<i32>| replicas.map_or(f64::NAN, |replicas| value.at(f64::from(replicas)));
        for step in &target.steps {
            path.to(panel.time.at(step.from.as_second() as f64), y(of(step)));
        }
        path.to(panel.time.at(days.to.as_second() as f64), y(target.steps.last().and_then(of)));
        path.data()
    };
    let mut svg = panel.frame(&value, &marks);
    svg.push_str(&line("two", "", stepped(&|step| step.max)));
    svg.push_str(&line("value", " goal", stepped(&|_| Some(target.min))));
    svg.push_str(&line("one", "", stepped(&|step| Some(step.floor))));
    let entry = |class, goal, text: &str| Entry { class, goal, text: text.to_owned() };
    let mut legend = vec![entry("one", false, "floor"), entry("value", true, "min")];
    if target.steps.iter().any(|step| step.max.is_some()) {
        legend.push(entry("two", false, "max"));
    }
    svg + &panel.title(&target.name, &legend)
}

/// Midnights, every so many days, or hours of few days, on the clocks of the zone.
fn times(days: &Days, zone: &TimeZone) -> Vec<(Timestamp, String)> {
    let hours = (days.to.as_second() - days.from.as_second()) / 3600;
    let (step, format) = match hours {
        ..=FEW_HOURS => (6, "%a %H:%M"),
        _ => (24 * (hours / 24 / TIMES + 1), "%b %-d"),
    };
    let first = zone.to_datetime(days.from).date().to_datetime(Time::midnight());
    let walls = (0..).map(|at: i64| first.saturating_add((at * step).hours()));
    let marks = walls
        .map_while(|wall| Some((instant_of(wall, zone, Bound::Start)?, wall.strftime(format).to_string())));
    marks.take_while(|(at, _)| *at <= days.to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_steps_of_each_target() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let days = Days {
            now: at("2026-11-27T07:00:00Z"),
            time_zone: "Europe/Berlin".to_owned(),
            from: at("2026-11-26T23:00:00Z"),
            to: at("2026-12-03T23:00:00Z"),
        };
        let step = |from: &str, floor, max| Step { from: at(from), floor, max };
        let targets = [
            Capacity {
                name: "shop".to_owned(),
                min: 3,
                steps: vec![
                    step("2026-11-26T23:00:00Z", 3, Some(30)),
                    step("2026-11-27T13:00:00Z", 23, Some(30)),
                    step("2026-11-27T17:00:00Z", 3, Some(30)),
                ],
            },
            Capacity {
                name: "gs/<a&b>".to_owned(),
                min: 1,
                steps: vec![step("2026-11-26T23:00:00Z", 1, None)],
            },
        ];
        insta::assert_snapshot!(svg(&targets, &days, &zone));
        assert!(svg(&[], &days, &zone).ends_with("</svg>\n"));
    }
}
