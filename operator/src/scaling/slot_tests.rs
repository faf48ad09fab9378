use std::time::Duration;

use csop_shared::api::GeneralScalerSpec;
use csop_shared::scale::{Expressions, NoExpressions};
use serde_json::json;

use super::*;
use crate::scaling::TargetView;

/// A scaler without metrics: whatever is below three replicas is brought there.
fn plan(target: &str) -> Arc<Plan> {
    let spec = json!({"targetDeployment": target, "minReplicas": 3, "maxReplicas": 9, "intervalSeconds": 1});
    let spec: GeneralScalerSpec = serde_json::from_value(spec).unwrap();
    let expressions: Arc<dyn Expressions> = Arc::new(NoExpressions);
    Arc::new(Plan::new(spec, &expressions).unwrap())
}

fn seen(replicas: i32, version: &str) -> Facts {
    let target = TargetView { replicas, ready: replicas, version: version.to_owned() };
    Facts { target: Some(target), ..Facts::default() }
}

fn slot(facts: Facts) -> Slot {
    let mut slot = Slot::new("n".into(), "s".into(), plan("a"), 1, State::default());
    slot.observe(facts);
    slot
}

/// Decides, and gives what a reconcile then has to write.
fn change(slot: &mut Slot) -> Option<Outgoing> {
    slot.evaluate(Timestamp::now(), Instant::now());
    slot.view(Instant::now()).outgoing
}

fn refuse(slot: &mut Slot, outgoing: &Outgoing) {
    slot.settle(outgoing, WriteOutcome::Failed("no".into()), None, Instant::now());
}

#[tokio::test(start_paused = true)]
async fn a_refused_change_waits_and_is_no_trouble_once_it_is_not_wanted() {
    let mut slot = slot(seen(1, "10"));
    let outgoing = change(&mut slot).unwrap();
    assert_eq!((outgoing.from, outgoing.to, outgoing.version.as_str()), (1, 3, "10"));
    refuse(&mut slot, &outgoing);
    assert_eq!(change(&mut slot), None);
    assert!(slot.view(Instant::now()).trouble.is_some() && slot.state.operations.is_empty());
    tokio::time::advance(REFUSED + Duration::from_secs(1)).await;
    let again = change(&mut slot).unwrap();
    refuse(&mut slot, &again);
    slot.observe(seen(3, "11"));
    assert_eq!(change(&mut slot), None);
    assert_eq!(slot.view(Instant::now()).trouble, None);
}

#[tokio::test(start_paused = true)]
async fn our_own_write_counts_until_the_cache_has_caught_up() {
    let mut slot = slot(seen(1, "10"));
    let outgoing = change(&mut slot).unwrap();
    slot.settle(&outgoing, WriteOutcome::Written, Some("12"), Instant::now());
    slot.observe(seen(1, "11"));
    assert_eq!(change(&mut slot), None, "the cache is older than the write");
    slot.observe(seen(2, "13"));
    assert_eq!(change(&mut slot).unwrap().from, 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_decided_while_nobody_knows_what_became_of_a_change() {
    let mut slot = slot(seen(1, "10"));
    let outgoing = change(&mut slot).unwrap();
    slot.doubt(&outgoing, "time-out".into());
    assert_eq!(slot.evaluate(Timestamp::now(), Instant::now()), None);
    (slot.facts, slot.unsure) = (seen(3, "11"), false);
    assert_eq!(change(&mut slot), None);
    assert_eq!((slot.state.operations.len(), slot.view(Instant::now()).trouble), (1, None));
}

#[tokio::test(start_paused = true)]
async fn another_target_is_judged_by_what_it_is_itself() {
    let mut slot = slot(seen(8, "5000"));
    slot.replan(plan("b"), 2);
    slot.observe(seen(1, "30"));
    let outgoing = change(&mut slot).unwrap();
    assert_eq!((outgoing.from, outgoing.version.as_str()), (1, "30"));
}

#[tokio::test(start_paused = true)]
async fn a_change_is_taken_back_when_somebody_else_scales() {
    let mut slot = slot(seen(1, "10"));
    slot.evaluate(Timestamp::now(), Instant::now());
    slot.observe(Facts { conflict: true, ..seen(1, "10") });
    slot.withdraw();
    assert!(slot.view(Instant::now()).outgoing.is_none() && slot.state.operations.is_empty());
}
