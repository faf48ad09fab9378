//! What holds for every scaler and everything it may see.

use crate::scene::{Moment, Scene, moments, plan, scenes, start};
use csop_shared::scale::{Action, CauseKind, Decision, Observation, Plan, Reading, Series, State, decide};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

/// Runs a history, with every change written; `check` sees each decision and what it was made from.
fn run(
    plan: &Plan,
    moments: &[Moment],
    mut check: impl FnMut(&State, &Observation, Timestamp, &Decision) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let (mut state, mut current, mut now) = (State::default(), 3, start());
    for moment in moments {
        now = moment.later(now);
        current = moment.by_hand.unwrap_or(current);
        let observation = moment.observation(current, now);
        let (decision, next) = decide(plan, &state, &observation, now);
        check(&state, &observation, now, &decision)?;
        state = next;
        if decision.action == Action::Scale {
            current = decision.result;
            state.settle(true);
        }
    }
    Ok(())
}

/// A number of hundredths in another unit, exactly: the decimal text is what counts.
fn in_unit(value: f64, factor: i64, power: i32) -> f64 {
    let hundredths = (value * 100.0).round() as i64;
    format!("{}e{}", hundredths * factor, power - 2).parse().unwrap()
}

fn scaled(observation: &Observation, unit: impl Fn(f64) -> f64) -> Observation {
    let mut scaled = observation.clone();
    for reading in &mut scaled.readings {
        if let Reading::Sample { values: Series::One(value), .. } = reading {
            *value = unit(*value);
        }
    }
    scaled
}

proptest! {
    #[test]
    fn results_are_within_the_bounds_in_force(scene in scenes(), moments in moments()) {
        run(&scene.plan(), &moments, |_, _, _, decision| {
            let held = matches!(decision.cause.kind, CauseKind::ManuallyDisabled);
            let raised = decision.bounds.max.max(decision.ceiling.replicas);
            prop_assert!(held || (decision.bounds.min..=raised).contains(&decision.result), "{decision:?}");
            Ok(())
        })?;
    }

    #[test]
    fn steps_keep_to_the_rates_but_for_bounds_and_schedules(scene in scenes(), moments in moments()) {
        run(&scene.plan(), &moments, |_, _, _, decision| {
            let step = decision.result - decision.current;
            let (up, down) = (scene.rates.0.unwrap_or(i32::MAX), scene.rates.1.unwrap_or(i32::MAX));
            let exempt = matches!(decision.cause.kind, CauseKind::Bounds | CauseKind::Schedule);
            prop_assert!(exempt || (-down..=up).contains(&step), "{decision:?}");
            Ok(())
        })?;
    }

    #[test]
    fn cooldowns_are_kept_but_for_what_is_exempt(scene in scenes(), moments in moments()) {
        run(&scene.plan(), &moments, |state, _, now, decision| {
            let last = state.operations.iter().rev().find(|operation| operation.starts_cooldown);
            let waits = last.is_some_and(|last| now.duration_since(last.time.0).as_secs() < scene.cooldown.into());
            let exempt = [CauseKind::Bounds, CauseKind::Schedule, CauseKind::Activation];
            let moved = decision.result != decision.current;
            prop_assert!(!(waits && moved) || exempt.contains(&decision.cause.kind), "{decision:?}");
            Ok(())
        })?;
    }

    #[test]
    fn a_missing_metric_never_scales_down(scene in scenes(), moments in moments()) {
        run(&scene.plan(), &moments, |_, _, _, decision| {
            let missing = decision.inputs.iter().any(|input| input.proposal.is_none());
            let exempt = [CauseKind::Bounds, CauseKind::Budget];
            prop_assert!(
                !missing || decision.result >= decision.current || exempt.contains(&decision.cause.kind)
                    || decision.current > decision.ceiling.replicas,
                "{decision:?}"
            );
            Ok(())
        })?;
    }

    #[test]
    fn the_same_input_twice_is_written_once(scene in scenes(), moments in moments()) {
        let plan = scene.plan();
        run(&plan, &moments, |state, observation, now, decision| {
            let (again, next) = decide(&plan, state, observation, now);
            prop_assert_eq!(&again, decision);
            if decision.action != Action::Scale {
                return Ok(());
            }
            let mut written = next;
            written.settle(true);
            let ready = observation.ready.min(decision.result);
            let observation = Observation { current: Some(decision.result), ready, ..observation.clone() };
            let (second, _) = decide(&plan, &written, &observation, now);
            let held = scene.cooldown > 0 && decision.starts_cooldown;
            prop_assert!(!held || second.action == Action::None || !second.starts_cooldown, "{second:?}");
            Ok(())
        })?;
    }

    #[test]
    fn totals_that_do_not_change_are_met_at_once_and_stay_met(target in 1..500_u32, value in 0..100_000_u32) {
        let scene = Scene { min: 1, max: 1000, metrics: vec![(0, target, false)], cooldown: 0, rates: (None, None), windows: (0, 0), behavior: false, budget: None };
        let moment = Moment { after: 15, unready: 0, samples: vec![Some(value)], floor: None, by_hand: None };
        let mut writes = 0;
        run(&scene.plan(), &vec![moment; 5], |_, _, _, decision| {
            writes += usize::from(decision.action == Action::Scale);
            Ok(())
        })?;
        prop_assert!(writes <= 1);
    }

    #[test]
    fn a_higher_metric_never_lowers_the_result(scene in scenes(), moments in moments(), at in 0..4_usize, more in 1..2000_u32) {
        let plan = scene.plan();
        run(&plan, &moments, |state, observation, now, decision| {
            let mut higher = observation.clone();
            if let Some(Reading::Sample { values: Series::One(value), .. }) = higher.readings.get_mut(at) {
                *value += f64::from(more) / 100.0;
            }
            let (raised, _) = decide(&plan, state, &higher, now);
            prop_assert!(raised.result >= decision.result, "{decision:?}\n{raised:?}");
            Ok(())
        })?;
    }

    #[test]
    fn the_order_of_metrics_means_nothing(scene in scenes(), moments in moments()) {
        let mut spec = scene.spec();
        spec["metrics"].as_array_mut().unwrap().reverse();
        let (plan, reversed) = (scene.plan(), plan(spec));
        run(&plan, &moments, |state, observation, now, decision| {
            let mut other = observation.clone();
            other.readings.truncate(scene.metrics.len());
            other.readings.reverse();
            let (same, next) = decide(&reversed, state, &other, now);
            prop_assert_eq!((same.result, &same.cause, same.action), (decision.result, &decision.cause, decision.action));
            prop_assert_eq!(next, decide(&plan, state, observation, now).1);
            Ok(())
        })?;
    }

    #[test]
    fn the_unit_of_a_metric_means_nothing(scene in scenes(), moments in moments(), factor in 1..1000_i64, power in -15..15_i32) {
        let unit = |value: f64| in_unit(value, factor, power);
        let mut spec = scene.spec();
        for metric in spec["metrics"].as_array_mut().unwrap() {
            let target = &mut metric["targetValue"];
            *target = json!(unit(target.as_f64().unwrap()));
        }
        let (original, other) = (scene.plan(), plan(spec));
        run(&original, &moments, |state, observation, now, decision| {
            let (same, _) = decide(&other, state, &scaled(observation, unit), now);
            prop_assert_eq!((same.result, &same.cause), (decision.result, &decision.cause));
            Ok(())
        })?;
    }
}
