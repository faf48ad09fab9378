use super::script::{Act, dead};
use super::*;

fn active(feed: &Feed) -> Option<bool> {
    match feed.latest().reading {
        Reading::Sample { active, .. } => active,
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_told_arrives_at_once_and_leaves_the_values() {
    let stage = Stage::new();
    let (script, tell) = Script::pushing(Act::Say(7.0));
    let feed = stage.one("x", want(&script, "q", SECOND * 60));
    sleep(SECOND).await;
    let told = stage.times("x");
    tell.send(Ok(true)).unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!((active(&feed), value(&feed.latest()), stage.times("x")), (Some(true), Some(7.0), told + 1));
    tell.send(Ok(false)).unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!((active(&feed), feed.latest().attempts), (Some(false), 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_told_before_any_answer_is_a_sample_without_values() {
    let stage = Stage::new();
    let (script, tell) = Script::pushing(Act::Fail(dead()));
    let feed = stage.one("x", want(&script, "q", SECOND * 60));
    sleep(SECOND).await;
    tell.send(Ok(true)).unwrap();
    sleep(Duration::from_millis(1)).await;
    let Reading::Sample { values, active, .. } = feed.latest().reading else { panic!("no sample") };
    assert_eq!((values.values(), active), (&[][..], Some(true)));
    assert!(feed.latest().failure.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_is_told_while_a_question_is_open_is_newer_than_its_answer() {
    let stage = Stage::new();
    let (script, tell) = Script::pushing(Act::SayAfter(SECOND * 2, 7.0));
    let feed = stage.one("x", want(&script, "q", SECOND * 60));
    sleep(SECOND).await;
    tell.send(Ok(true)).unwrap();
    sleep(SECOND * 2).await;
    assert_eq!((active(&feed), value(&feed.latest())), (Some(true), Some(7.0)));
}

#[tokio::test(start_paused = true)]
async fn a_broken_stream_is_opened_again_after_a_pause() {
    let stage = Stage::new();
    let (script, tell) = Script::pushing(Act::Say(7.0));
    let feed = stage.one("x", want(&script, "q", SECOND * 3600));
    sleep(SECOND).await;
    tell.send(Err(dead())).unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(tell.receiver_count(), 0);
    sleep(SECOND * 2).await;
    assert_eq!(tell.receiver_count(), 1);
    tell.send(Ok(true)).unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(active(&feed), Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_last_asker_and_is_opened_anew_with_new_credentials() {
    let stage = Stage::new();
    let (script, tell) = Script::pushing(Act::Say(7.0));
    let wants = |version| with_secret(want(&script, "q", SECOND * 3600), version);
    stage.one("x", wants("1"));
    sleep(SECOND).await;
    stage.one("x", wants("2"));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(tell.receiver_count(), 1);
    stage.sampling.unsubscribe(&"x".into());
    sleep(Duration::from_millis(1)).await;
    assert_eq!(tell.receiver_count(), 0);
}
