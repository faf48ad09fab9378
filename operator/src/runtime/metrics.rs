//! Metrics. Labels come from closed sets: controllers, kinds, outcomes; never names of objects or texts of errors.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

type Labels = Vec<(&'static str, String)>;
/// Labels whose values are known when the program is made: they are looked up a thousand times a second.
type Known<const N: usize> = [(&'static str, &'static str); N];

/// The process's metrics.
pub struct Metrics {
    registry: Registry,
    reconciles: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram>,
    applies: Family<Labels, Counter>,
    retries: Family<Labels, Counter>,
    leader: Gauge,
    lag: Histogram,
    deciding: Gauge,
    samples: Family<Known<2>, Counter>,
    sample_seconds: Family<Known<1>, Histogram>,
}

fn seconds_histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 15))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("csop");
        let reconciles = Family::<Labels, Counter>::default();
        let seconds = Family::<Labels, Histogram>::new_with_constructor(seconds_histogram);
        let applies = Family::<Labels, Counter>::default();
        let retries = Family::<Labels, Counter>::default();
        let leader = Gauge::default();
        let lag = Histogram::new(exponential_buckets(0.001, 2.0, 15));
        let samples = Family::<Known<2>, Counter>::default();
        let sample_seconds = Family::<Known<1>, Histogram>::new_with_constructor(seconds_histogram);
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("reconcile", "Reconciles by controller and outcome", reconciles.clone());
        registry.register("reconcile_seconds", "Duration of reconciles by controller", seconds.clone());
        registry.register("apply", "Writes to child objects by kind and result", applies.clone());
        registry.register("retries", "Reconciles asked for again after a failure", retries.clone());
        registry.register("leader", "Whether this replica acts: 1 or 0", leader.clone());
        let help = "Time by which a scaler decided after its interval had passed";
        registry.register("scaler_lag_seconds", help, lag.clone());
        let deciding = Gauge::default();
        let help = "Scalers that have decided since this replica leads";
        registry.register("scalers_deciding", help, deciding.clone());
        registry.register("sample", "Attempts to sample metrics, by source and result", samples.clone());
        registry.register("sample_seconds", "Duration of questions to sources", sample_seconds.clone());
        registry.register("build", "The running build", build);
        Self {
            registry,
            reconciles,
            seconds,
            applies,
            retries,
            leader,
            lag,
            deciding,
            samples,
            sample_seconds,
        }
    }
}

impl Metrics {
    /// Counts a reconcile.
    pub fn reconciled(&self, controller: &str, outcome: &str, took: Duration) {
        let labels = vec![("controller", controller.to_owned()), ("outcome", outcome.to_owned())];
        self.reconciles.get_or_create(&labels).inc();
        let labels = vec![("controller", controller.to_owned())];
        self.seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Counts a write to a child, or its refusal.
    pub fn applied(&self, kind: &str, result: &str) {
        let labels = vec![("kind", kind.to_owned()), ("result", result.to_owned())];
        self.applies.get_or_create(&labels).inc();
    }

    /// Counts a retry.
    pub fn retried(&self, controller: &str) {
        self.retries.get_or_create(&vec![("controller", controller.to_owned())]).inc();
    }

    /// Counts a decision of a scaler.
    pub fn evaluated(&self, lag: Duration) {
        self.lag.observe(lag.as_secs_f64());
    }

    /// Notes how many scalers more, or fewer, have decided.
    pub fn deciding(&self, more: i64) {
        self.deciding.inc_by(more);
    }

    /// Notes whether this replica acts.
    pub fn leads(&self, leads: bool) {
        self.leader.set(leads.into());
    }

    /// Counts an attempt to sample a metric.
    pub fn sampled(&self, source: &'static str, result: &'static str) {
        self.samples.get_or_create(&[("source", source), ("result", result)]).inc();
    }

    /// Notes how long a source took.
    pub fn sample_took(&self, source: &'static str, took: Duration) {
        self.sample_seconds.get_or_create(&[("source", source)]).observe(took.as_secs_f64());
    }

    /// All metrics as text.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_documented_ones() {
        let metrics = Metrics::default();
        metrics.reconciled("cash-service", "steady", Duration::from_millis(3));
        metrics.applied("Deployment", "created");
        metrics.retried("cash-service");
        metrics.leads(true);
        metrics.sampled("prometheus", "answered");
        metrics.sample_took("prometheus", Duration::from_millis(3));
        let text = metrics.text().unwrap();
        for name in [
            r#"csop_reconcile_total{controller="cash-service",outcome="steady"} 1"#,
            r#"csop_reconcile_seconds_count{controller="cash-service"} 1"#,
            r#"csop_apply_total{kind="Deployment",result="created"} 1"#,
            r#"csop_retries_total{controller="cash-service"} 1"#,
            "csop_leader 1",
            r#"csop_sample_total{source="prometheus",result="answered"} 1"#,
            r#"csop_sample_seconds_count{source="prometheus"} 1"#,
            "csop_build_info{version=",
        ] {
            assert!(text.contains(name), "{name} in {text}");
        }
    }
}
