//! A panel of the picture: a frame with marks, a title with a legend, and lines.

use super::Drawn;
use super::axis::{self, Axis};
use super::path::Line;
use crate::view::replay::ReplayView;
use crate::view::scaler::short;
use csop_shared::api::general_scaler::MetricMode;
use csop_shared::scale::MetricPlan;
use csop_shared::scale::simulate::Run;
use jiff::Timestamp;
use std::fmt::Write;

/// The classes of the runs' colours, in their order.
const CLASSES: [&str; 2] = ["one", "two"];
/// Pixels that a letter takes on average, for legends.
const LETTER: f64 = 6.6;
/// Lines of text are this far apart.
const ROW: f64 = 14.0;
/// Changes are marked while there are no more than these: beyond, the marks would hide the line.
const MARKED: usize = 120;
/// Marks of changes are this far apart at least.
const APART: f64 = 5.0;
/// Marks of values.
pub(super) const MARKS: usize = 4;

/// A panel over the time that all have.
pub(super) struct Panel<'a> {
    pub(super) top: f64,
    pub(super) height: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) time: Axis,
    pub(super) marks: &'a [(Timestamp, String)],
}

/// An entry of a legend.
pub(super) struct Entry {
    pub(super) class: &'static str,
    pub(super) goal: bool,
    pub(super) text: String,
}

impl Panel<'_> {
    /// A metric with its target: for totals what the ready pods may have, for levels the level itself.
    pub(super) fn metric(&self, view: &ReplayView, runs: &[Drawn<'_>], at: usize) -> String {
        let Some(metric) = runs.first().and_then(|drawn| drawn.metrics.get(at)) else { return String::new() };
        let total = metric.mode == MetricMode::PerReplica;
        let series: Vec<_> = runs.iter().filter_map(|drawn| Series::of(drawn, metric)).collect();
        let most = series.iter().map(|series| series.most(total)).fold(0.0, f64::max);
        let marks = axis::marks(most, MARKS, false);
        let value =
            Axis::new((0.0, marks.last().copied().unwrap_or(1.0)), (self.top + self.height, self.top));
        let mut svg = self.frame(&value, &marks);
        let mut legend = vec![];
        for (index, series) in series.iter().enumerate() {
            let class = if total { "value" } else { CLASSES[index.min(1)] };
            if index == 0 || !total {
                svg.push_str(&line(class, "", series.values(self, &value)));
                let name = if total { metric.name.to_string() } else { view.runs[index].name.clone() };
                legend.push(Entry { class, goal: false, text: name });
            }
            if total {
                let class = CLASSES[index.min(1)];
                svg.push_str(&line(class, " goal", series.capacity(self, &value)));
                legend.push(Entry {
                    class,
                    goal: true,
                    text: format!("target x pods, {}", view.runs[index].name),
                });
            }
        }
        if let (false, Some(target)) = (total, metric.target) {
            let y = value.at(target.value.to_f64());
            let _ =
                writeln!(svg, "<path class=\"line goal value\" d=\"M{} {y:.1}H{}\"/>", self.left, self.right);
            legend.push(Entry {
                class: "value",
                goal: true,
                text: format!("target {}", short(target.value.to_f64())),
            });
        }
        svg + &self.title(&metric.name, &legend)
    }

    /// The replicas with their bounds, each change marked.
    pub(super) fn replicas(&self, view: &ReplayView, runs: &[Drawn<'_>]) -> String {
        let seen = runs.iter().map(|drawn| drawn.run.summary.most).max().unwrap_or(0);
        let bounds = view.runs.iter().flat_map(|run| [("max", run.max), ("min", run.min)]);
        // A maximum far above everything would press the lines to the ground.
        let bounds: Vec<_> = bounds.filter(|(_, bound)| *bound <= seen.saturating_mul(2).max(4)).collect();
        let most = bounds.iter().map(|(_, bound)| *bound).chain([seen]).max().unwrap_or(1);
        let marks = axis::marks(f64::from(most), MARKS, true);
        let value =
            Axis::new((0.0, marks.last().copied().unwrap_or(1.0)), (self.top + self.height, self.top));
        let mut svg = self.frame(&value, &marks);
        svg.push_str(&self.bounds(&bounds, &value));
        let mut legend = vec![];
        // The scaler itself comes last, so that it is on top.
        for (index, drawn) in runs.iter().enumerate().rev() {
            let class = CLASSES[index.min(1)];
            let mut path = Line::stepped();
            for point in &drawn.run.points {
                path.to(self.time.at(point.time.as_second() as f64), value.at(f64::from(point.replicas)));
            }
            svg.push_str(&line(class, "", path.data()));
            svg.push_str(&self.changes(drawn.run, class, &value));
            legend.insert(0, Entry { class, goal: false, text: view.runs[index].name.clone() });
        }
        svg + &self.title("replicas", &legend)
    }

    /// The frame with the marks of its values and of time.
    pub(super) fn frame(&self, value: &Axis, marks: &[f64]) -> String {
        let (left, right, bottom) = (self.left, self.right, self.top + self.height);
        let mut svg = String::new();
        for mark in marks {
            let y = value.at(*mark);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/><text class=\"text\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left - 8.0,
                y + 4.0,
                short(*mark)
            );
        }
        for (moment, _) in self.marks {
            let x = self.time.at(moment.as_second() as f64);
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{x:.1} {}V{bottom}\"/>", self.top);
        }
        let (width, height) = (right - left, self.height);
        svg + &format!(
            "<rect class=\"frame\" x=\"{left}\" y=\"{}\" width=\"{width}\" height=\"{height}\"/>\n",
            self.top
        )
    }

    /// The name on the left, the legend on the right, both above the frame.
    pub(super) fn title(&self, name: &str, legend: &[Entry]) -> String {
        let y = self.top - 8.0;
        let mut svg = format!(
            "<text class=\"title\" x=\"{}\" y=\"{y:.1}\">{}</text>\n",
            self.left,
            escaped(&cut(name, 30))
        );
        let mut x = self.right;
        for entry in legend.iter().rev() {
            let text = cut(&entry.text, 34);
            x -= text.chars().count() as f64 * LETTER;
            let goal = if entry.goal { " goal" } else { "" };
            let _ = writeln!(
                svg,
                "<path class=\"line{goal} {}\" d=\"M{:.1} {:.1}h22\"/><text class=\"text\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
                entry.class,
                x - 28.0,
                y - 4.0,
                escaped(&text)
            );
            x -= 28.0 + 16.0;
        }
        svg
    }

    /// Bounds as lines, their texts on the right, none on top of another.
    fn bounds(&self, bounds: &[(&str, i32)], value: &Axis) -> String {
        let mut bounds = bounds.to_vec();
        bounds.sort_by_key(|(name, bound)| (std::cmp::Reverse(*bound), *name));
        bounds.dedup();
        let (mut svg, mut last) = (String::new(), f64::NEG_INFINITY);
        for (name, bound) in bounds {
            let y = value.at(f64::from(bound));
            let text = (y + 4.0).max(last + ROW);
            last = text;
            let _ = writeln!(
                svg,
                "<path class=\"line bound\" d=\"M{} {y:.1}H{}\"/><text class=\"text\" x=\"{}\" y=\"{text:.1}\">{name} {bound}</text>",
                self.left,
                self.right,
                self.right + 8.0
            );
        }
        svg
    }

    /// A mark for each change, while there are few: a triangle that points where the number went.
    fn changes(&self, run: &Run, class: &str, value: &Axis) -> String {
        let (mut svg, mut last) = (String::new(), f64::NEG_INFINITY);
        let few = if run.operations.len() <= MARKED { &run.operations[..] } else { &[] };
        for change in few {
            let x = self.time.at(change.time.as_second() as f64);
            if x - last < APART {
                continue;
            }
            last = x;
            let (y, way) = (value.at(f64::from(change.to)), if change.to > change.from { 1.0 } else { -1.0 });
            let _ = writeln!(
                svg,
                "<path class=\"fill-{class}\" d=\"M{x:.1} {:.1}l4 {:.1}h-8z\"><title>{} {} -&gt; {} {}</title></path>",
                y - 4.0 * way,
                7.0 * way,
                change.time,
                change.from,
                change.to,
                escaped(&change.cause.to_string())
            );
        }
        svg
    }
}

/// A metric as one of the runs saw it.
struct Series<'a> {
    run: &'a Run,
    metric: usize,
    width: usize,
    target: f64,
}

impl<'a> Series<'a> {
    fn of(drawn: &Drawn<'a>, metric: &MetricPlan) -> Option<Self> {
        let at = drawn.metrics.iter().position(|own| own.name == metric.name)?;
        let target = drawn.metrics[at].target.map_or(f64::NAN, |target| target.value.to_f64());
        Some(Self { run: drawn.run, metric: at, width: drawn.metrics.len(), target })
    }

    fn each(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        self.run.points.iter().enumerate().map(|(row, point)| {
            let value = self.run.values[row * self.width + self.metric];
            (point.time.as_second() as f64, value, self.target * f64::from(point.replicas))
        })
    }

    fn most(&self, total: bool) -> f64 {
        let own = if total { 0.0 } else { self.target };
        let all = self.each().map(|(_, value, room)| if total { value.max(room) } else { value });
        all.filter(|value| value.is_finite()).fold(own, f64::max)
    }

    fn values(&self, panel: &Panel<'_>, axis: &Axis) -> String {
        let mut path = Line::joined();
        self.each().for_each(|(time, value, _)| path.to(panel.time.at(time), axis.at(value)));
        path.data()
    }

    fn capacity(&self, panel: &Panel<'_>, axis: &Axis) -> String {
        let mut path = Line::stepped();
        self.each().for_each(|(time, _, room)| path.to(panel.time.at(time), axis.at(room)));
        path.data()
    }
}

/// A line, unless it has no points.
pub(super) fn line(class: &str, goal: &str, data: String) -> String {
    if data.is_empty() { data } else { format!("<path class=\"line{goal} {class}\" d=\"{data}\"/>\n") }
}

/// A text that is not longer than so many letters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        text.to_owned()
    } else {
        text.chars().take(most - 1).chain(['…']).collect()
    }
}

/// A text as XML has it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
