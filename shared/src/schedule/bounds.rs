//! The bounds of a service with the floors that are in force.

use crate::api::CashServiceSpec;
use crate::api::cash_service::{AutoscalingMode, Bounds, BoundsSource};
use crate::scale::Floor;

/// The bounds of a service in force. In mode Fixed both are the number of replicas, which a schedule raises up to maxReplicas, if there is
/// one; mode External takes no floors.
pub fn bounds(spec: &CashServiceSpec, floors: &[Floor]) -> Bounds {
    let own = spec.bounds();
    let limit = match spec.mode() {
        AutoscalingMode::External => return own,
        AutoscalingMode::Fixed => spec.autoscaling.max_replicas.map(|max| max.max(own.min)),
        AutoscalingMode::HPA | AutoscalingMode::GeneralScaler => own.max,
    };
    let clamped = |floor: &Floor| {
        if floor.raise_max { floor.replicas } else { floor.replicas.min(limit.unwrap_or(i32::MAX)) }
    };
    let min = floors.iter().map(clamped).fold(own.min, i32::max);
    let max = own.max.map(|max| max.max(min));
    let source = if (min, max) == (own.min, own.max) { BoundsSource::Spec } else { BoundsSource::Schedule };
    Bounds { min, max, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::Name;
    use serde_json::{Value, json};

    fn shown(autoscaling: Value, replicas: i32, floors: &[(i32, bool)]) -> (i32, Option<i32>, BoundsSource) {
        let spec = json!({"image": "i", "replicas": replicas, "autoscaling": autoscaling});
        let spec: CashServiceSpec = serde_json::from_value(spec).unwrap();
        let floors: Vec<_> = floors
            .iter()
            .map(|(replicas, raise_max)| Floor {
                name: Name::from("f"),
                replicas: *replicas,
                raise_max: *raise_max,
                respect_rate_limit: false,
            })
            .collect();
        let Bounds { min, max, source } = bounds(&spec, &floors);
        (min, max, source)
    }

    #[test]
    fn a_floor_raises_the_minimum_up_to_the_maximum() {
        use BoundsSource::{Schedule, Spec};
        let hpa = || json!({"minReplicas": 2, "maxReplicas": 10});
        assert_eq!(shown(hpa(), 2, &[]), (2, Some(10), Spec));
        assert_eq!(shown(hpa(), 2, &[(6, false), (4, false)]), (6, Some(10), Schedule));
        assert_eq!(shown(hpa(), 2, &[(12, false)]), (10, Some(10), Schedule));
        assert_eq!(shown(hpa(), 2, &[(12, true), (40, false)]), (12, Some(12), Schedule));
        assert_eq!(shown(hpa(), 2, &[(1, false)]), (2, Some(10), Spec));
    }

    #[test]
    fn in_mode_fixed_a_floor_raises_the_number() {
        let fixed = |max: Value| json!({"mode": "Fixed", "maxReplicas": max});
        assert_eq!(shown(fixed(Value::Null), 3, &[(9, false)]), (9, Some(9), BoundsSource::Schedule));
        assert_eq!(shown(fixed(json!(5)), 3, &[(9, false)]), (5, Some(5), BoundsSource::Schedule));
        assert_eq!(shown(fixed(json!(5)), 3, &[(9, true)]), (9, Some(9), BoundsSource::Schedule));
    }

    #[test]
    fn mode_external_takes_no_floor() {
        let external = json!({"mode": "External", "maxReplicas": 5, "minReplicas": 2});
        assert_eq!(shown(external, 3, &[(4, false)]), (2, Some(5), BoundsSource::Spec));
    }
}
