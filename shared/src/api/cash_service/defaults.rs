//! What an omitted field means. Changing a value here that reaches the pod template needs a new [`DEFAULTS_VERSION`].

use super::{
    AutoscalingMode, Bounds, BoundsSource, CashService, CashServiceSpec, Contract, ContractType, Scheme,
};
use kube::ResourceExt;

/// The version of the defaults that this build knows; a service keeps the one that it was born with.
pub const DEFAULTS_VERSION: i32 = 1;

const MIN_REPLICAS: i32 = 2;
const PORT: i32 = 8443;
const HEALTH_PORT: i32 = 8080;
const GRACE_SECONDS: i64 = 30;
const DRAIN_SECONDS: i64 = 5;

impl CashServiceSpec {
    /// Who decides the number of replicas.
    pub fn mode(&self) -> AutoscalingMode {
        self.autoscaling.mode.unwrap_or_default()
    }

    /// The bounds that the spec sets: in mode Fixed both are `replicas`; without a maximum nothing limits mode External.
    pub fn bounds(&self) -> Bounds {
        let (min, max) = match self.mode() {
            AutoscalingMode::Fixed => (self.replicas, Some(self.replicas)),
            _ => {
                let (min, max) = (self.autoscaling.min_replicas, self.autoscaling.max_replicas);
                (min.unwrap_or(MIN_REPLICAS).min(max.unwrap_or(i32::MAX)), max)
            }
        };
        Bounds { min, max, source: BoundsSource::Spec }
    }

    /// The size with which the Deployment is born.
    pub fn first_replicas(&self) -> i32 {
        self.bounds().clamp(self.replicas)
    }

    /// Whether the service takes no traffic.
    pub fn is_worker(&self) -> bool {
        self.contract.as_ref().and_then(|c| c.type_) == Some(ContractType::Worker)
    }

    /// The value of the label `app.kubernetes.io/component`.
    pub fn component(&self) -> &'static str {
        if self.is_worker() { "worker" } else { "server" }
    }

    /// The port of application traffic; none for a worker.
    pub fn port(&self) -> Option<i32> {
        (!self.is_worker()).then(|| self.contract(|c| c.port).unwrap_or(PORT))
    }

    /// The protocol on [`port`](Self::port).
    pub fn scheme(&self) -> Scheme {
        self.contract(|c| c.scheme).unwrap_or_default()
    }

    /// The Service's port for application traffic.
    pub fn service_port(&self) -> i32 {
        self.contract(|c| c.service_port).unwrap_or(match self.scheme() {
            Scheme::HTTPS => 443,
            Scheme::HTTP => 80,
        })
    }

    /// The port of the health paths; a worker has one only when it says so.
    pub fn health_port(&self) -> Option<i32> {
        let given = self.contract(|c| c.health_port);
        if self.is_worker() { given } else { Some(given.unwrap_or(HEALTH_PORT)) }
    }

    /// The path that answers while the process should live.
    pub fn liveness_path(&self) -> &str {
        self.contract.as_ref().and_then(|c| c.liveness_path.as_deref()).unwrap_or("/_liveness")
    }

    /// The path that answers while the pod may take traffic.
    pub fn readiness_path(&self) -> &str {
        self.contract.as_ref().and_then(|c| c.readiness_path.as_deref()).unwrap_or("/_readiness")
    }

    /// Seconds that a pod gets to end.
    pub fn grace_seconds(&self) -> i64 {
        self.termination_grace_period_seconds.unwrap_or(GRACE_SECONDS)
    }

    /// Seconds for which an ending pod still serves, until endpoints have dropped it: at most half of its time to end; none for
    /// a worker.
    pub fn drain_seconds(&self) -> Option<i64> {
        let seconds = (self.grace_seconds() / 2).min(DRAIN_SECONDS);
        (!self.is_worker() && seconds > 0).then_some(seconds)
    }

    fn contract<T>(&self, field: impl FnOnce(&Contract) -> Option<T>) -> Option<T> {
        self.contract.as_ref().and_then(field)
    }
}

impl CashService {
    /// The address inside the cluster; none for a worker.
    pub fn url(&self) -> Option<String> {
        self.spec.port()?;
        let (name, namespace) = (self.name_any(), self.namespace().unwrap_or_else(|| "default".to_owned()));
        let (scheme, usual) = match self.spec.scheme() {
            Scheme::HTTPS => ("https", 443),
            Scheme::HTTP => ("http", 80),
        };
        let port = self.spec.service_port();
        let port = if port == usual { String::new() } else { format!(":{port}") };
        Some(format!("{scheme}://{name}.{namespace}.svc{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service(spec: serde_json::Value) -> CashService {
        let object = json!({"apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "metadata": {"name": "shop", "namespace": "pay"}, "spec": spec});
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn the_minimum_follows_a_small_maximum() {
        let one = service(json!({"image": "i", "autoscaling": {"maxReplicas": 1}}));
        assert_eq!((one.spec.bounds().min, one.spec.first_replicas()), (1, 1));
    }

    #[test]
    fn the_first_size_is_raised_to_the_minimum() {
        let five = service(json!({"image": "i", "autoscaling": {"minReplicas": 5, "maxReplicas": 9}}));
        assert_eq!(five.spec.first_replicas(), 5);
    }

    #[test]
    fn mode_fixed_has_its_replicas_as_bounds() {
        let fixed =
            service(json!({"image": "i", "replicas": 7, "autoscaling": {"mode": "Fixed", "maxReplicas": 3}}));
        assert_eq!(
            (fixed.spec.bounds().min, fixed.spec.bounds().max, fixed.spec.first_replicas()),
            (7, Some(7), 7)
        );
    }

    #[test]
    fn nothing_limits_mode_external_without_a_maximum() {
        let external = service(json!({"image": "i", "autoscaling": {"mode": "External"}})).spec;
        assert_eq!(serde_json::to_value(external.bounds()).unwrap(), json!({"min": 2, "source": "Spec"}));
        assert_eq!((external.bounds().clamp(1), external.bounds().clamp(9000)), (2, 9000));
    }

    #[test]
    fn the_address_names_an_unusual_port_only() {
        let usual = service(json!({"image": "i", "autoscaling": {"maxReplicas": 3}}));
        assert_eq!(usual.url().as_deref(), Some("https://shop.pay.svc"));
        let web = service(
            json!({"image": "i", "autoscaling": {"maxReplicas": 3}, "contract": {"scheme": "HTTP", "servicePort": 8000}}),
        );
        assert_eq!(web.url().as_deref(), Some("http://shop.pay.svc:8000"));
        let worker =
            service(json!({"image": "i", "autoscaling": {"maxReplicas": 3}, "contract": {"type": "Worker"}}));
        assert_eq!(worker.url(), None);
    }
}
