//! The configuration of KWOK: how simulated nodes and pods live, fail and consume.

/// Every stage and metric, as one file of several documents.
pub fn configuration() -> String {
    [
        include_str!("../cluster/kwok/node-initialize.yaml"),
        include_str!("../cluster/kwok/pod-ready.yaml"),
        include_str!("../cluster/kwok/pod-not-ready.yaml"),
        include_str!("../cluster/kwok/pod-image-pull-backoff.yaml"),
        include_str!("../cluster/kwok/pod-config-error.yaml"),
        include_str!("../cluster/kwok/pod-crash-loop.yaml"),
        include_str!("../cluster/kwok/pod-complete.yaml"),
        include_str!("../cluster/kwok/pod-delete.yaml"),
        include_str!("../cluster/kwok/usage.yaml"),
        include_str!("../cluster/kwok/metrics.yaml"),
    ]
    .join("---\n")
}

/// The annotation of a pod that chooses how it fails: `image-pull-backoff`, `crash-loop`, `config-error` or
/// `not-ready`. It may be set, changed and removed while the pod lives. An image `test.csop.dev/MODE` does the same.
pub const FAILURE: &str = "test.csop.dev/pod";

/// The annotation with the exit code of a pod whose failure is `crash-loop`.
pub const EXIT_CODE: &str = "test.csop.dev/exit-code";

/// The annotation that makes a node a simulated one.
pub const NODE: (&str, &str) = ("kwok.x-k8s.io/node", "fake");

/// The key of a node annotation that says what the pods of a namespace, or only those of one instance, consume.
pub fn cpu_key(namespace: &str, instance: Option<&str>) -> String {
    match instance {
        Some(instance) => format!("{namespace}.cpu.test.csop.dev/{instance}"),
        None => format!("cpu.test.csop.dev/{namespace}"),
    }
}
