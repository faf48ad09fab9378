//! What a schedule asks of its target that not every target can do.

use crate::api::CashServiceScheduledScaleSpec;
use crate::api::cash_service::AutoscalingMode;
use crate::reasons::schedule as reasons;

/// Why a schedule cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason, in CamelCase.
    pub reason: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// Why a target that is scaled in this mode cannot keep a schedule; a GeneralScaler of its own counts as mode GeneralScaler.
pub fn refusal(spec: &CashServiceScheduledScaleSpec, mode: AutoscalingMode) -> Option<Refusal> {
    let name = spec.target().map_or("", |(_, name)| name);
    if mode == AutoscalingMode::External {
        let message = format!(
            "CashService {name} has autoscaling.mode External: somebody else decides its size. Schedule the GeneralScaler that scales it (targetRef), or set another mode"
        );
        return Some(Refusal { reason: reasons::NOT_SCALED_BY_CSOP, message });
    }
    if mode == AutoscalingMode::GeneralScaler {
        return None;
    }
    let field = if spec.leads_by_itself() {
        "leadTime auto"
    } else if spec.respect_rate_limit == Some(true) {
        "respectRateLimit"
    } else {
        return None;
    };
    let message = format!(
        "{field} needs a GeneralScaler, but CashService {name} has autoscaling.mode {}: leave it out, or set mode GeneralScaler",
        mode.as_str()
    );
    Some(Refusal { reason: reasons::NEEDS_SCALER, message })
}
