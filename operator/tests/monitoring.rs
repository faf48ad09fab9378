//! What documents and examples say of metrics is what the operator exports.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{collections::BTreeSet, time::Duration};

use csop_operator::runtime::metrics::Metrics;

/// Every exported series, as the operator writes it.
fn exported() -> String {
    let metrics = Metrics::default();
    metrics.reconciled("cash-service", "steady", Duration::from_millis(1));
    metrics.applied("Deployment", "created");
    metrics.retried("cash-service");
    metrics.leads(true);
    metrics.sampled("prometheus", "answered");
    metrics.sample_took("prometheus", Duration::from_millis(1));
    metrics.text().unwrap()
}

/// The names under which series can be asked for.
fn series() -> BTreeSet<String> {
    let text = exported();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(['{', ' ']).next().unwrap().to_owned()).collect()
}

/// The words of a text that begin as our metrics do.
fn mentioned(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("csop_")).map(str::to_owned).collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn alerts_and_dashboard_ask_for_series_that_exist() {
    for file in ["examples/monitoring/prometheus-rule.yaml", "examples/monitoring/grafana-dashboard.json"] {
        let asked = mentioned(&read(file));
        assert!(asked.len() > 3, "{file}");
        let unknown: Vec<_> = asked.difference(&series()).cloned().collect();
        assert!(unknown.is_empty(), "{file} asks for {unknown:?}, which is not exported");
    }
    serde_json::from_str::<serde_json::Value>(&read("examples/monitoring/grafana-dashboard.json")).unwrap();
}

#[test]
fn the_table_of_metrics_is_complete() {
    let text = read("docs/operations.md");
    let rows = text.lines().filter(|line| line.starts_with("| `csop_"));
    let listed: BTreeSet<String> = rows.flat_map(mentioned).collect();
    let families = exported();
    let families: BTreeSet<String> = series()
        .iter()
        .map(|name| {
            ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .unwrap_or(name)
                .to_owned()
        })
        .inspect(|name| assert!(families.contains(name.as_str())))
        .collect();
    assert_eq!(listed, families);
}
