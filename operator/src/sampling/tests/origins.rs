use super::script::{Act, dead};
use super::*;

fn many(stage: &Stage, script: &Arc<Script>, count: usize) -> Vec<Feed> {
    (0..count).map(|at| stage.one(&format!("x{at}"), want(script, &format!("q{at}"), SECOND))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_that_begin_together_are_asked_soon_and_few_at_once() {
    let stage = Stage::new();
    let script = Arc::new(Script::new("a", Act::SayAfter(Duration::from_millis(5), 1.0)));
    let feeds = many(&stage, &script, 1000);
    sleep(SECOND).await;
    assert!(feeds.iter().all(|feed| feed.latest().attempts >= 1));
    assert!(script.most_open() <= 64, "{}", script.most_open());
}

#[tokio::test(start_paused = true)]
async fn a_dead_origin_is_probed_by_one_and_the_others_say_why() {
    let stage = Stage::new();
    let script = Arc::new(Script::new("a", Act::Fail(dead())));
    let feeds = many(&stage, &script, 200);
    sleep(SECOND * 3).await;
    let before = script.times().len();
    sleep(SECOND * 60).await;
    let probes = script.times().len() - before;
    assert!((8..=20).contains(&probes), "{probes}");
    for feed in &feeds {
        assert!(feed.latest().attempts >= 60, "{}", feed.latest().attempts);
        assert_eq!(*feed.latest().failure.unwrap(), dead());
    }
    assert!(stage.times("x7") >= 60);
    script.now(Act::Say(1.0));
    sleep(SECOND * 7).await;
    assert!(feeds.iter().all(|feed| feed.latest().failure.is_none()));
}

#[tokio::test(start_paused = true)]
async fn refusals_are_no_sign_of_death() {
    let stage = Stage::new();
    let refused = Failure::Refused { origin: "a".into(), problem: "parse error".into() };
    let script = Arc::new(Script::new("a", Act::Fail(refused)));
    many(&stage, &script, 10);
    sleep(SECOND * 30).await;
    assert!(script.times().len() >= 300, "{}", script.times().len());
}

#[tokio::test(start_paused = true)]
async fn dead_slow_and_hanging_origins_do_not_delay_others() {
    let stage = Stage::new();
    let acts = [Act::Hang, Act::Fail(dead()), Act::SayAfter(Duration::from_millis(2900), 1.0)];
    let mut others = vec![];
    for at in 0..12 {
        let script = Arc::new(Script::new(&format!("bad{at}"), acts[at % acts.len()].clone()));
        for question in 0..100 {
            let want = want(&script, &format!("bad{at}-{question}"), SECOND);
            others.push(stage.one(&format!("bad{at}-{question}"), want));
        }
    }
    let good = Arc::new(Script::new("good", Act::Say(1.0)));
    let feed = stage.one("good", want(&good, "good", SECOND));
    sleep(SECOND * 60).await;
    let times = good.times();
    assert!((60..=61).contains(&times.len()), "{times:?}");
    for pair in times[1..].windows(2) {
        assert!((pair[1] - pair[0]).abs_diff(SECOND) < Duration::from_millis(5), "{times:?}");
    }
    assert_eq!(value(&feed.latest()), Some(1.0));
}

#[tokio::test(start_paused = true)]
async fn queries_that_take_too_long_do_not_silence_others_at_the_same_server() {
    let stage = Stage::new();
    let heavy = Arc::new(Script::new("a", Act::Hang));
    many(&stage, &heavy, 100);
    let light = Arc::new(Script::new("a", Act::Say(1.0)));
    let feed = stage.one("light", want(&light, "light", SECOND * 15));
    sleep(SECOND * 60).await;
    let asked = light.times().len();
    sleep(SECOND * 150).await;
    assert_eq!((feed.latest().failure, light.times().len() - asked), (None, 10));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_cancelled_gives_way_to_the_next() {
    let stage = Stage::new();
    let script = Arc::new(Script::new("a", Act::Fail(dead())));
    many(&stage, &script, 6);
    sleep(SECOND * 3).await;
    script.now(Act::Hang);
    sleep(SECOND * 5).await;
    for at in 0..5 {
        stage.sampling.unsubscribe(&format!("x{at}").as_str().into());
    }
    script.now(Act::Say(1.0));
    let last = stage.one("x5", want(&script, "q5", SECOND));
    sleep(SECOND * 12).await;
    assert_eq!(last.latest().failure, None);
}
