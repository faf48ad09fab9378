use super::script::{Act, dead};
use super::*;
use crate::metric_sources::{Reach, in_full};

#[tokio::test(start_paused = true)]
async fn the_same_question_is_asked_once_for_all_namespaces() {
    let (stage, first, second) = (Stage::new(), Script::saying(7.0), Script::saying(8.0));
    let a = stage.one("a", want(&first, "q", SECOND));
    let b = stage.one("b", Want { subject: subject("other", "api"), ..want(&second, "q", SECOND) });
    sleep(SECOND * 10).await;
    assert_eq!((value(&a.latest()), value(&b.latest())), (Some(7.0), Some(7.0)));
    assert_eq!((stage.sampling.questions(), second.times().len()), (1, 0));
    assert_eq!(stage.times("a"), stage.times("b"));
    assert_eq!(stage.times("a"), first.times().len());
}

#[tokio::test(start_paused = true)]
async fn questions_differ_by_source_query_secret_and_subject() {
    let (stage, script) = (Stage::new(), Script::saying(1.0));
    let mut own = Script::new("a", Act::Say(1.0));
    own.reach = Reach::Scaler;
    let mut of_target = Script::new("a", Act::Say(1.0));
    of_target.reach = Reach::Target;
    let (own, of_target) = (Arc::new(own), Arc::new(of_target));
    let elsewhere = |want: Want| Want { subject: subject("other", "web"), ..want };
    let sibling = |want: Want| Want { subject: subject("shop", "web2"), ..want };
    let asked = |name: &str, wants: Vec<Want>| {
        let before = stage.sampling.questions();
        stage.subscribe(name, wants);
        stage.sampling.questions() - before
    };
    let plain = || want(&script, "q", SECOND);
    assert_eq!(asked("1", vec![plain(), want(&script, "q2", SECOND)]), 2);
    assert_eq!(asked("2", vec![Want { type_: SourceType::Http, ..plain() }]), 1);
    assert_eq!(asked("3", vec![with_secret(plain(), "1"), elsewhere(with_secret(plain(), "1"))]), 2);
    assert_eq!(asked("4", vec![sibling(with_secret(plain(), "1"))]), 0);
    let mine = || want(&own, "own", SECOND);
    assert_eq!(asked("5", vec![mine(), sibling(mine()), elsewhere(mine())]), 3);
    let targets = || want(&of_target, "target", SECOND);
    assert_eq!(asked("6", vec![targets(), sibling(targets()), elsewhere(targets())]), 2);
}

#[tokio::test(start_paused = true)]
async fn a_bare_name_is_another_server_in_each_namespace() {
    let (stage, script) = (Stage::new(), Script::saying(1.0));
    let asked = |namespace: &str, address: &str| {
        let config = SourceConfig { address: Some(address.to_owned()), ..SourceConfig::default() };
        let config = in_full(config, namespace);
        let subject = subject(namespace, address);
        let before = stage.sampling.questions();
        stage.one(&format!("{namespace}/{address}"), Want { config, subject, ..want(&script, "q", SECOND) });
        stage.sampling.questions() - before
    };
    assert_eq!(asked("shop", "redis:6379"), 1);
    assert_eq!(asked("other", "redis:6379"), 1, "its own Service");
    assert_eq!(asked("other", "redis.shop.svc:6379"), 0, "the one of shop");
    assert_eq!(asked("shop", "redis.jobs:6379"), 1);
    assert_eq!(asked("other", "redis.jobs:6379"), 0);
}

#[tokio::test(start_paused = true)]
async fn feeds_are_in_the_order_of_the_wants_which_may_repeat() {
    let (stage, one, two) = (Stage::new(), Script::saying(1.0), Script::saying(2.0));
    let feeds = stage.subscribe(
        "x",
        vec![want(&two, "2", SECOND), want(&one, "1", SECOND * 9), want(&two, "2", SECOND * 2)],
    );
    sleep(SECOND * 20).await;
    let values: Vec<_> = feeds.iter().map(|feed| value(&feed.latest())).collect();
    assert_eq!(values, [Some(2.0), Some(1.0), Some(2.0)]);
    assert!((20..=21).contains(&two.times().len()));
    assert_eq!(stage.times("x"), one.times().len() + two.times().len());
}

#[tokio::test(start_paused = true)]
async fn saying_the_same_again_changes_nothing() {
    let (stage, script) = (Stage::new(), Script::saying(1.0));
    let same = || vec![want(&script, "q", SECOND), with_secret(want(&script, "s", SECOND), "1")];
    let feeds = stage.subscribe("x", same());
    for _ in 0..1000 {
        stage.subscribe("x", same());
        sleep(Duration::from_millis(10)).await;
    }
    assert!((20..=22).contains(&script.times().len()), "{}", script.times().len());
    assert!(feeds[0].latest().attempts >= 10);
}

#[tokio::test(start_paused = true)]
async fn a_failure_leaves_the_last_answer_and_says_why() {
    let (stage, script) = (Stage::new(), Script::saying(7.0));
    let feed = stage.one("x", want(&script, "q", SECOND));
    sleep(SECOND).await;
    script.now(Act::Hang);
    sleep(SECOND * 6).await;
    let latest = feed.latest();
    let failure = latest.failure.clone().unwrap();
    assert_eq!(failure.to_string(), "a did not answer within 3 s");
    assert_eq!(value(&latest), Some(7.0));
    script.now(Act::Say(8.0));
    sleep(SECOND * 4).await;
    assert_eq!((value(&feed.latest()), feed.latest().failure), (Some(8.0), None));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_once_nobody_wants_it() {
    let (stage, script) = (Stage::new(), Script::saying(1.0));
    stage.one("x", want(&script, "q", SECOND));
    stage.one("y", want(&script, "q", SECOND));
    stage.one("z", want(&script, "z", SECOND));
    sleep(SECOND * 3).await;
    stage.subscribe("z", vec![]);
    stage.sampling.unsubscribe(&"x".into());
    stage.sampling.unsubscribe(&"x".into());
    assert_eq!(stage.sampling.questions(), 1);
    let told = stage.times("x");
    sleep(SECOND * 3).await;
    assert_eq!(stage.times("x"), told);
    stage.sampling.clear();
    assert_eq!(stage.sampling.questions(), 0);
    let (asked, told) = (script.times().len(), stage.times("y"));
    sleep(SECOND * 10).await;
    assert_eq!((script.times().len(), stage.times("y")), (asked, told));
    let again = stage.one("y", want(&script, "q", SECOND));
    sleep(SECOND).await;
    assert_eq!(value(&again.latest()), Some(1.0));
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_takes_everything_with_it() {
    let (stage, script) = (Stage::new(), Script::saying(1.0));
    let feed = stage.one("x", want(&script, "q", SECOND));
    sleep(SECOND).await;
    drop(stage);
    let asked = script.times().len();
    sleep(SECOND * 10).await;
    assert_eq!(script.times().len(), asked);
    assert_eq!(value(&feed.latest()), Some(1.0));
}

#[tokio::test(start_paused = true)]
async fn new_credentials_are_used_without_beginning_anew() {
    let (stage, script, other) = (Stage::new(), Script::saying(7.0), Script::saying(1.0));
    let wants = |version| vec![with_secret(want(&script, "q", SECOND), version), want(&other, "o", SECOND)];
    let feeds = stage.subscribe("x", wants("1"));
    sleep(SECOND * 5).await;
    let attempts = feeds[0].latest().attempts;
    let again = stage.subscribe("x", wants("2"));
    assert_eq!((value(&again[0].latest()), again[0].latest().attempts), (Some(7.0), attempts));
    sleep(SECOND * 5).await;
    let versions = script.versions();
    assert!((5..=6).contains(&versions["1"]) && (4..=6).contains(&versions["2"]), "{versions:?}");
    assert!((10..=11).contains(&other.times().len()));
    assert!(feeds[0].latest().attempts > attempts);
}

#[tokio::test(start_paused = true)]
async fn new_credentials_are_tried_at_once_where_the_old_ones_failed() {
    let (stage, script) = (Stage::new(), Script::saying(7.0));
    let refused = Failure::Refused { origin: "a".into(), problem: "the credentials are wrong".into() };
    script.now(Act::Fail(refused));
    let wants = |version| with_secret(want(&script, "q", SECOND * 3600), version);
    let feed = stage.one("x", wants("1"));
    sleep(SECOND).await;
    assert!(feed.latest().failure.is_some());
    script.now(Act::Say(7.0));
    stage.one("x", wants("2"));
    sleep(Duration::from_millis(1)).await;
    assert_eq!((value(&feed.latest()), feed.latest().failure), (Some(7.0), None));
}

#[tokio::test(start_paused = true)]
async fn a_query_with_a_shorter_interval_does_not_wait_for_the_longer_one() {
    let (stage, script) = (Stage::new(), Script::saying(7.0));
    script.now(Act::Fail(dead()));
    let feed = stage.one("x", want(&script, "q", SECOND * 3600));
    sleep(SECOND).await;
    script.now(Act::Say(7.0));
    stage.one("x", want(&script, "q", SECOND));
    sleep(SECOND * 2).await;
    assert_eq!(value(&feed.latest()), Some(7.0));
}
