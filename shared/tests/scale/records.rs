//! Records: what is replayed is what was decided.

use crate::scene::{moments, scenes, start};
use csop_shared::api::GeneralScalerSpec;
use csop_shared::scale::{
    Action, Decision, Expressions, Plan, Record, Ring, Situation, State, WriteOutcome, advance, decide,
    replay,
};
use proptest::prelude::*;
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// An expression that gives another number each time it is asked.
#[derive(Debug, Default)]
struct Fickle(AtomicI64);

impl Expressions for Fickle {
    fn evaluate(
        &self,
        expression: &str,
        _: Option<&str>,
        _: &Situation<'_>,
        desired: i32,
    ) -> Result<i64, String> {
        match self.0.fetch_add(1, Ordering::Relaxed) % 3 {
            0 => Err(format!("{expression} failed")),
            n => Ok(n + i64::from(desired)),
        }
    }
}

proptest! {
    #[test]
    fn a_replayed_record_gives_the_same_decision(scene in scenes(), moments in moments()) {
        let mut spec = scene.spec();
        spec.as_object_mut().unwrap().remove("policy");
        spec["policies"] = json!([{"type": "cost", "config": {"maxCostPerHour": 2, "costPerPod": 0.1}}, {"type": "cel", "config": {"expression": "x"}}]);
        let expressions: Arc<dyn Expressions> = Arc::new(Fickle::default());
        let plan = Plan::new(serde_json::from_value::<GeneralScalerSpec>(spec).unwrap(), &expressions).unwrap();
        let plan = Arc::new(plan);
        let (mut ring, mut made) = (Ring::default(), vec![]);
        let (mut state, mut current, mut now) = (State::default(), 3, start());
        for moment in moments.iter().cycle().take(40) {
            now = moment.later(now);
            let (observation, mut decision) = (moment.observation(current, now), Decision::default());
            let before = state.clone();
            let seq = ring.advance(&plan, 7, &mut state, observation, now, &mut decision);
            if decision.action == Action::Scale {
                current = decision.result;
                state.settle(true);
                ring.settle(seq, WriteOutcome::Written);
            }
            made.push((seq, before, decision));
        }
        let records = ring.records();
        prop_assert_eq!(records.len(), 32);
        for (record, (seq, before, decision)) in records.into_iter().zip(&made[8..]) {
            prop_assert_eq!((record.seq, &record.before, &record.decision), (*seq, before, decision));
            let text = serde_json::to_string(&record).unwrap();
            let read: Record = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &record);
            prop_assert_eq!(&replay(&read).unwrap(), decision);
            prop_assert_eq!(read.write.is_some(), decision.action == Action::Scale);
        }
    }

    #[test]
    fn deciding_in_place_is_deciding(scene in scenes(), moments in moments()) {
        let plan = scene.plan();
        let (mut state, mut in_place, mut reused) = (State::default(), State::default(), Decision::default());
        let mut now = start();
        for moment in &moments {
            now = moment.later(now);
            let observation = moment.observation(moment.by_hand.unwrap_or(4), now);
            let (decision, next) = decide(&plan, &state, &observation, now);
            advance(&plan, &mut in_place, &observation, now, &mut reused);
            state = next;
            prop_assert_eq!(&reused, &decision);
            prop_assert_eq!(&in_place, &state);
        }
    }
}

#[test]
fn values_that_are_no_numbers_survive_json() {
    let text = r#"{"current":1,"ready":1,"readings":[{"sample":{"values":["NaN",1.5,"inf"],"time":"2026-01-01T00:00:00Z"}}]}"#;
    let observation: csop_shared::scale::Observation = serde_json::from_str(text).unwrap();
    let back = serde_json::to_value(&observation).unwrap();
    assert_eq!(back["readings"][0]["sample"]["values"], json!(["NaN", 1.5, "inf"]));
}
