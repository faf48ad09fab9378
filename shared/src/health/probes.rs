//! What an owner looks at when a probe fails: the fields of the spec that it comes from.

use crate::api::{CashServiceSpec, cash_service::Probes};

/// A probe whose fields can be at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    /// Whether the container takes traffic.
    Readiness,
    /// Whether the container has started.
    Startup,
}

/// What to do about a container whose probe fails, as the end of a sentence.
pub fn check(spec: &CashServiceSpec, probed: Probed) -> &'static str {
    let own = spec.probes.as_ref();
    let given = |probe: fn(&Probes) -> bool| own.is_some_and(probe);
    match probed {
        Probed::Readiness if given(|probes| probes.readiness.is_some()) => "check spec.probes.readiness",
        Probed::Readiness => "check contract.healthPort and contract.readinessPath",
        Probed::Startup if given(|probes| probes.startup.is_some()) => "check spec.probes.startup",
        // As liveness, for longer.
        Probed::Startup => "check contract.healthPort and contract.livenessPath",
    }
}
