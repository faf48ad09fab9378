//! Pictures as SVG. A replay: each metric with its target, and the replicas below, over the same time.

mod axis;
pub mod capacity;
mod panel;
mod path;

use crate::view::replay::ReplayView;
use axis::Axis;
use csop_shared::scale::MetricPlan;
use csop_shared::scale::simulate::Run;
use jiff::Timestamp;
use panel::{Panel, escaped};
use std::fmt::Write;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 84.0;
const TOP: f64 = 44.0;
const METRIC_HEIGHT: f64 = 120.0;
const REPLICAS_HEIGHT: f64 = 200.0;
/// Between two panels: the title of the lower one.
const GAP: f64 = 42.0;
/// Below the last panel: the times.
const FOOT: f64 = 46.0;
/// Metrics that are drawn; more would make the picture too high to be of use.
const METRICS: usize = 4;
/// Marks of time.
const TIMES: usize = 8;

/// Colours for a light and a dark page; text keeps a contrast of 4.5 at least on both.
const STYLE: &str = "<style>
svg{font:12px system-ui,sans-serif}
.bg{fill:#fff}.frame{fill:none;stroke:#c5cbd3}.grid{stroke:#e7eaee}.text{fill:#3d4650}.title{fill:#16202b;font-weight:600}
.value{stroke:#6b7683}.one{stroke:#0b62c4}.two{stroke:#b04a00}.fill-value{fill:#6b7683}.fill-one{fill:#0b62c4}.fill-two{fill:#b04a00}
.bound{stroke:#8a94a0;stroke-dasharray:2 4}.line{fill:none;stroke-width:1.6;stroke-linejoin:round}.goal{stroke-dasharray:6 4;stroke-width:1.2}
@media(prefers-color-scheme:dark){
.bg{fill:#12171d}.frame{stroke:#4a5561}.grid{stroke:#262e37}.text{fill:#b9c3ce}.title{fill:#f0f4f8}
.value{stroke:#97a3b0}.one{stroke:#5aa9ff}.two{stroke:#ff9c54}.fill-value{fill:#97a3b0}.fill-one{fill:#5aa9ff}.fill-two{fill:#ff9c54}
.bound{stroke:#7a8693}}
</style>
";

/// A run, and the metrics that it looked at.
pub struct Drawn<'a> {
    /// What it did.
    pub run: &'a Run,
    /// Its metrics.
    pub metrics: &'a [MetricPlan],
}

/// The picture, as SVG.
pub fn svg(view: &ReplayView, runs: &[Drawn<'_>]) -> String {
    let metrics = runs.first().map_or(0, |drawn| drawn.metrics.len().min(METRICS));
    let height = TOP + metrics as f64 * (METRIC_HEIGHT + GAP) + GAP / 2.0 + REPLICAS_HEIGHT + FOOT;
    let mut svg = opened(&title(view), height);
    let (from, to) = (view.trace.from.as_second() as f64, view.trace.to.as_second() as f64);
    let time = Axis::new((from, to), (LEFT, WIDTH - RIGHT));
    let marks = axis::times(view.trace.from, view.trace.to, view.trace.relative, TIMES);
    let mut top = TOP + GAP / 2.0;
    for at in 0..metrics {
        let panel =
            Panel { top, height: METRIC_HEIGHT, left: LEFT, right: WIDTH - RIGHT, time, marks: &marks };
        svg.push_str(&panel.metric(view, runs, at));
        top += METRIC_HEIGHT + GAP;
    }
    let panel = Panel { top, height: REPLICAS_HEIGHT, left: LEFT, right: WIDTH - RIGHT, time, marks: &marks };
    svg.push_str(&panel.replicas(view, runs));
    let clock = if view.trace.relative { "time" } else { "time (UTC)" };
    svg.push_str(&foot(top + REPLICAS_HEIGHT, time, &marks, clock));
    svg + "</svg>\n"
}

/// The beginning of a picture: its size, its colours and its title.
fn opened(title: &str, height: f64) -> String {
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n\
         <title>{title}</title>\n{STYLE}<rect class=\"bg\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
         <text class=\"title\" x=\"{LEFT}\" y=\"22\" font-size=\"15\">{title}</text>\n"
    )
}

/// The times below the last panel, and the clock that shows them.
fn foot(top: f64, time: Axis, marks: &[(Timestamp, String)], clock: &str) -> String {
    let mut svg = String::new();
    for (moment, text) in marks {
        let x = time.at(moment.as_second() as f64);
        let _ = writeln!(
            svg,
            "<text class=\"text\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
            top + 18.0
        );
    }
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    let clock = escaped(clock);
    let _ = writeln!(
        svg,
        "<text class=\"text\" x=\"{middle}\" y=\"{:.1}\" text-anchor=\"middle\">{clock}</text>",
        top + 36.0
    );
    svg
}

fn title(view: &ReplayView) -> String {
    let names: Vec<_> = view.runs.iter().map(|run| run.name.as_str()).collect();
    format!("{} on {}", names.join(" and "), view.trace.origin)
}
