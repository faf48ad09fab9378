//! Probes that an owner gives.

use k8s_openapi::api::core::v1::Probe;

/// The probe without what the API server takes for "not said" and fills in: zeros, and an empty path.
pub(super) fn given(mut probe: Probe) -> Probe {
    let numbers = [
        &mut probe.initial_delay_seconds,
        &mut probe.period_seconds,
        &mut probe.timeout_seconds,
        &mut probe.failure_threshold,
        &mut probe.success_threshold,
    ];
    for number in numbers {
        *number = number.filter(|n| *n != 0);
    }
    if let Some(get) = &mut probe.http_get {
        get.path = get.path.take().filter(|path| !path.is_empty());
    }
    probe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_api_server_fills_in_is_left_out() {
        let probe = json!({"httpGet": {"path": "", "port": 8080}, "initialDelaySeconds": 0, "periodSeconds": 0,
            "timeoutSeconds": 3, "failureThreshold": 0, "successThreshold": 0});
        let shown = serde_json::to_value(given(serde_json::from_value(probe).unwrap())).unwrap();
        assert_eq!(shown, json!({"httpGet": {"port": 8080}, "timeoutSeconds": 3}));
    }
}
