//! Counters in the text format of Prometheus.

/// The sum of all samples of a metric whose labels hold all of these pairs.
pub fn sum(text: &str, metric: &str, labels: &[(&str, &str)]) -> f64 {
    let wanted: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    text.lines()
        .filter_map(|line| sample(line, metric))
        .filter(|(found, _)| wanted.iter().all(|pair| found.split(',').any(|label| label == pair)))
        .map(|(_, value)| value)
        .sum()
}

/// Labels and value of a line, if it is a sample of this metric.
fn sample<'a>(line: &'a str, metric: &str) -> Option<(&'a str, f64)> {
    let rest = line.strip_prefix(metric)?;
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => rest.rsplit_once('}')?,
        None if rest.starts_with(' ') => ("", rest),
        None => return None,
    };
    Some((labels, value.split_whitespace().next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE csop_apply counter\n\
        csop_apply_total{kind=\"Service\",result=\"created\"} 3\n\
        csop_apply_total{kind=\"Deployment\",result=\"created\"} 4 1700000000\n\
        csop_apply_total{kind=\"Deployment\",result=\"updated\"} 5\n\
        csop_apply_totals{result=\"created\"} 9\n\
        up 1\n";

    #[test]
    fn samples_are_chosen_by_whole_name_and_labels() {
        assert_eq!(sum(TEXT, "csop_apply_total", &[("result", "created")]), 7.0);
        assert_eq!(sum(TEXT, "csop_apply_total", &[("kind", "Deployment"), ("result", "updated")]), 5.0);
        assert_eq!(sum(TEXT, "up", &[]), 1.0);
        assert_eq!(sum(TEXT, "down", &[]), 0.0);
    }
}
