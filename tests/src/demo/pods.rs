//! What the demo's pods are, and what differs for that.

use crate::node;

/// What the pods of the control plane are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pods {
    /// Real containers on a real node.
    Real,
    /// Objects that a simulator calls running; programs run beside the control plane in their place.
    Simulated,
}

impl Pods {
    /// Real ones where they are wanted and this machine can run them; else also why not.
    pub(super) fn choose(simulated: bool) -> (Self, Option<String>) {
        if simulated {
            return (Self::Simulated, None);
        }
        match node::missing() {
            None => (Self::Real, None),
            reason => (Self::Simulated, reason),
        }
    }

    pub(super) fn are_real(self) -> bool {
        self == Self::Real
    }

    /// The arguments for `csop-cluster up`. By default an autoscaler waits for minutes before it follows a falling load.
    pub(super) fn cluster_arguments(self) -> &'static [&'static str] {
        match self {
            Self::Real => &["--hpa-downscale-stabilization", "2s", "--real-node", "--nodes", "0"],
            Self::Simulated => &["--hpa-downscale-stabilization", "2s"],
        }
    }

    /// An image that cannot be pulled.
    pub(super) fn missing_image(self) -> &'static str {
        match self {
            Self::Real => "registry.example.com/shop:9.9.9",
            Self::Simulated => "test.csop.dev/image-pull-backoff",
        }
    }
}
