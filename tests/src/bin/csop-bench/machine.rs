//! Where and of what the figures were taken.

use std::{fs, process::Command};

use jiff::Timestamp;

use crate::report::Report;

/// Adds the machine, the revision and the time to the context.
pub fn describe(report: &mut Report, scale: f64) {
    report.context("date", Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string());
    report.context("revision", output("git", &["describe", "--always", "--dirty"]));
    report.context("cpu", cpu());
    report.context("cores", std::thread::available_parallelism().map_or(0, usize::from));
    report.context("scale", scale);
}

/// The average number of processes that wanted to run in the last minute: what else the machine was doing.
pub fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}

fn cpu() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or("unknown", |(_, name)| name.trim()).to_owned()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
    output.map_or("unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
