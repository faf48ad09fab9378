//! How fast and how often a number of replicas may change, with its defaults.

use super::seconds;
use crate::api::general_scaler::{Behavior, PolicyUnit, Safety, ScalingPolicy, ScalingRules, SelectPolicy};
use jiff::SignedDuration;

const COOLDOWN_SECONDS: i32 = 300;
const WINDOW_DOWN_SECONDS: i32 = 300;

/// How fast and how often the number of replicas may change, direction by direction.
#[derive(Clone, Debug)]
pub struct SafetyPlan {
    /// Upwards.
    pub up: DirectionPlan,
    /// Downwards.
    pub down: DirectionPlan,
    /// The longest time for which an operation is looked back on.
    pub memory: SignedDuration,
}

/// How fast and how often the number may change in one direction.
#[derive(Clone, Debug)]
pub struct DirectionPlan {
    /// Time since the last change.
    pub cooldown: SignedDuration,
    /// Most pods of one change.
    pub rate: i32,
    /// How long demands are remembered.
    pub window: SignedDuration,
    /// Policies; none without `safety.behavior`.
    pub rules: Option<RulesPlan>,
}

/// The policies of a direction.
#[derive(Clone, Debug)]
pub struct RulesPlan {
    /// Which of them counts.
    pub select: SelectPolicy,
    /// What may change in a period.
    pub policies: Vec<ScalingPolicy>,
}

impl SafetyPlan {
    /// Fills in the defaults.
    pub fn new(safety: Option<&Safety>) -> Self {
        let none = Safety::default();
        let safety = safety.unwrap_or(&none);
        let windows = safety.stabilization_window_seconds.unwrap_or_default();
        let (rules_up, rules_down) = match &safety.behavior {
            Some(Behavior { scale_up, scale_down }) => (scale_up.clone(), scale_down.clone()),
            None => (None, None),
        };
        let cooldown = safety.cooldown_seconds.unwrap_or(COOLDOWN_SECONDS);
        let behaves = safety.behavior.is_some();
        let direction =
            |own_cooldown, rate: Option<i32>, window, rules: Option<ScalingRules>, defaults: Direction| {
                let rules = rules.unwrap_or_default();
                let window = rules.stabilization_window_seconds.max(window);
                DirectionPlan {
                    cooldown: seconds(own_cooldown, cooldown),
                    rate: rate.unwrap_or(i32::MAX),
                    window: seconds(window, defaults.window),
                    rules: behaves.then(|| RulesPlan::new(rules, defaults.policies)),
                }
            };
        let up =
            direction(safety.scale_up_cooldown_seconds, safety.max_scale_up_rate, windows.up, rules_up, UP);
        let down = direction(
            safety.scale_down_cooldown_seconds,
            safety.max_scale_down_rate,
            windows.down,
            rules_down,
            DOWN,
        );
        let memory = [&up, &down].into_iter().map(DirectionPlan::memory).max().unwrap_or_default();
        Self { up, down, memory }
    }
}

/// What a direction has unless the spec says otherwise: the HPA's defaults.
struct Direction {
    window: i32,
    policies: &'static [ScalingPolicy],
}

const UP: Direction = Direction {
    window: 0,
    policies: &[
        ScalingPolicy { type_: PolicyUnit::Percent, value: 100, period_seconds: 15 },
        ScalingPolicy { type_: PolicyUnit::Pods, value: 4, period_seconds: 15 },
    ],
};
const DOWN: Direction = Direction {
    window: WINDOW_DOWN_SECONDS,
    policies: &[ScalingPolicy { type_: PolicyUnit::Percent, value: 100, period_seconds: 15 }],
};

impl DirectionPlan {
    /// How long its rules look back on operations.
    fn memory(&self) -> SignedDuration {
        let periods = self.rules.iter().flat_map(|rules| &rules.policies);
        let periods = periods.map(|policy| SignedDuration::from_secs(policy.period_seconds.into()));
        periods.max().unwrap_or_default().max(self.cooldown)
    }
}

impl RulesPlan {
    fn new(rules: ScalingRules, defaults: &[ScalingPolicy]) -> Self {
        let policies = if rules.policies.is_empty() { defaults.to_vec() } else { rules.policies };
        Self { select: rules.select_policy.unwrap_or_default(), policies }
    }
}
